/// The chunk that a tap fills: records in memory that grows up to a chunk's size and is used again.
struct CollectedOriginals {
    /// Bytes of a chunk: what a crash can lose of a running command, and what is sealed in one go.
    private static let chunkSize = 256 << 10
    /// Fields of one chunk, and the bytes of their names.
    private static let mostFields = 1024
    private static let mostNameBytes = 64 << 10

    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 8)
    private var count = 0
    private var fields: [OriginalsField] = []
    /// How many values of each field end in the chunk.
    private let ends = UnsafeMutablePointer<Int>.allocate(capacity: mostFields)
    private var slots: [OriginalsField: UInt16] = [:]
    private var nameBytes = 0

    /// The value that comes in parts.
    var open: (field: OriginalsField, row: UInt64)?
    /// Changes with each chunk, as the numbers of fields do.
    private(set) var generation = 0
    /// Values collected so far, in all chunks.
    private(set) var values: UInt64 = 0
    var failure: OriginalsFailure?

    var isEmpty: Bool { count == 0 }

    /// What is collected; only there until the next change.
    var chunk: OriginalsChunk {
        OriginalsChunk(
            bytes: UnsafeRawBufferPointer(rebasing: memory[..<count]),
            fields: fields.enumerated().map { ($0.element, ends[$0.offset]) })
    }

    @inline(__always)
    func hasRoom(for valueBytes: Int) -> Bool {
        count + OriginalsChunk.recordHead + valueBytes <= Self.chunkSize && fields.count < Self.mostFields
            && nameBytes <= Self.mostNameBytes
    }

    /// The number of a field, which gets one where it has none.
    mutating func slot(of field: OriginalsField) -> UInt16 {
        if let known = slots[field] { return known }
        let slot = UInt16(fields.count)
        fields.append(field)
        ends[Int(slot)] = 0
        slots[field] = slot
        nameBytes += field.name.utf8.count
        return slot
    }

    /// Appends a record. There must be room for it.
    @inline(__always)
    mutating func write(_ value: UnsafeRawBufferPointer, slot: UInt16, row: UInt64, isWhole: Bool) {
        let end = count + OriginalsChunk.recordHead + value.count
        if end > memory.count { grow(to: end) }
        let length = UInt32(truncatingIfNeeded: value.count) | (isWhole ? 0 : OriginalsChunk.continues)
        memory.storeBytes(of: slot.bigEndian, toByteOffset: count, as: UInt16.self)
        memory.storeBytes(of: row.bigEndian, toByteOffset: count + 2, as: UInt64.self)
        memory.storeBytes(of: length.bigEndian, toByteOffset: count + 10, as: UInt32.self)
        if value.count > 0 {
            UnsafeMutableRawBufferPointer(rebasing: memory[(count + OriginalsChunk.recordHead)..<end])
                .copyMemory(from: value)
        }
        count = end
        guard isWhole else { return }
        ends[Int(slot)] += 1
        values += 1
    }

    private mutating func grow(to size: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, memory.count * 4), alignment: 8)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        memory.deallocate()
        memory = larger
    }

    /// Begins the next chunk.
    mutating func removeAll() {
        count = 0
        fields.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        nameBytes = 0
        generation &+= 1
    }

    func deallocate() {
        memory.deallocate()
        ends.deallocate()
    }
}
