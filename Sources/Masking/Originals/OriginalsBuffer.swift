/// The records of the chunk that a tap fills, in memory that grows up to a chunk's size and is used again.
///
/// It is trivial and used through a pointer, so that a cell neither counts references nor has its access checked: either
/// would cost more than all that is done here.
struct OriginalsBuffer {
    /// Bytes of a chunk: what a crash can lose of a running command, and what is sealed in one go. More would not stay in
    /// the processor's cache until it is sealed.
    private static let chunkSize = 64 << 10
    /// Fields of one chunk.
    static let mostFields = 1024

    private var room = 2048
    private var memory = UnsafeMutableRawPointer.allocate(byteCount: 2048, alignment: 8)
    private var count = 0
    /// How many values of each field end in the chunk.
    private let ends = UnsafeMutablePointer<Int>.allocate(capacity: mostFields)

    /// Changes with each chunk, as the numbers of fields do.
    private(set) var generation = 0
    /// Values collected so far, in all chunks.
    private(set) var values: UInt64 = 0
    /// Not once the chunk has all the fields that it may have.
    var takesMore = true

    var isEmpty: Bool { count == 0 }

    /// What is collected; only there until the next change.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    func values(of slot: Int) -> Int { ends[slot] }

    @inline(__always)
    func hasRoom(for valueBytes: Int) -> Bool {
        takesMore && count + OriginalsRecord.longestHead + valueBytes <= Self.chunkSize
    }

    /// Begins to count the values of a field.
    func begin(slot: Int) { ends[slot] = 0 }

    /// Appends a record. There must be room for it.
    @inline(__always)
    mutating func write(_ value: UnsafeRawBufferPointer, slot: UInt16, row: UInt64, isWhole: Bool) {
        let most = count + OriginalsRecord.longestHead + value.count
        if most > room { grow(to: most) }
        count = OriginalsRecord.write(value, field: slot, row: row, continues: !isWhole, at: memory + count) - memory
        guard isWhole else { return }
        ends[Int(slot)] += 1
        values += 1
    }

    @inline(never)
    private mutating func grow(to size: Int) {
        room = max(size, room * 4)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: room, alignment: 8)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }

    /// Begins the next chunk.
    mutating func removeAll() {
        count = 0
        takesMore = true
        generation &+= 1
    }

    func deallocate() {
        memory.deallocate()
        ends.deallocate()
    }
}
