/// Collects what masking replaces in one command's answer, in chunks that a sink seals.
///
/// Every value that a mask count counts passes here once, with the rule that took it and the place where it stood, so
/// that counts and originals agree. A value is appended to one reusable buffer: nothing is allocated for a cell.
///
/// Belongs to the event loop of its command. After the sink has failed nothing more is collected, and `failure` says
/// why: what masks must not go on then.
public final class OriginalsTap {
    /// Bytes of a chunk: what a crash can lose of a running command, and what is sealed in one go.
    static let chunkSize = 256 << 10
    /// Longer values are collected in pieces of this size.
    private static let pieceSize = 64 << 10
    /// Fields of one chunk, and the bytes of their names.
    private static let mostFields = 1024
    private static let mostNameBytes = 64 << 10

    private let sink: any OriginalsSink
    /// What changes with every value. It stands behind a pointer because each use of a variable of a class is checked for
    /// exclusive access, which would cost more than all that is done here; no reference to it leaves this class.
    private let state: UnsafeMutablePointer<State>

    private struct State {
        var records = RecordBuffer()
        var fields: [(field: OriginalsField, values: Int)] = []
        var slots: [OriginalsField: UInt16] = [:]
        var nameBytes = 0
        /// The value that comes in parts.
        var open: (field: OriginalsField, row: UInt64)?
        var generation = 0
        var values: UInt64 = 0
        var failure: OriginalsFailure?
    }

    public init(sink: any OriginalsSink) {
        self.sink = sink
        state = .allocate(capacity: 1)
        state.initialize(to: State())
    }

    deinit {
        state.pointee.records.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Changes with each chunk, as the numbers of fields do.
    var generation: Int { state.pointee.generation }
    /// Values collected so far.
    var values: UInt64 { state.pointee.values }
    /// Why nothing is collected any more.
    public var failure: OriginalsFailure? { state.pointee.failure }

    // MARK: Whole values

    func keep(_ value: UnsafeRawBufferPointer, as field: OriginalsField, row: UInt64) {
        guard value.count <= Self.pieceSize else {
            begin(field, row: row)
            return append(value, isLast: true)
        }
        guard makeRoom(for: value.count) else { return }
        write(value, slot: slot(of: field), row: row, isWhole: true)
    }

    /// The same for a cell of a table, whose fields are known beforehand.
    @inline(__always)
    func keep(
        _ value: UnsafeRawBufferPointer, in columns: OriginalsColumns, column: Int, rule: Int, row: UInt64
    ) {
        guard value.count <= Self.pieceSize else {
            return keep(value, as: columns.field(column: column, rule: rule), row: row)
        }
        guard makeRoom(for: value.count) else { return }
        let slot =
            columns.slot(column: column, rule: rule, in: generation)
            ?? newSlot(in: columns, column: column, rule: rule)
        write(value, slot: slot, row: row, isWhole: true)
    }

    private func newSlot(in columns: OriginalsColumns, column: Int, rule: Int) -> UInt16 {
        let slot = slot(of: columns.field(column: column, rule: rule))
        columns.set(slot, column: column, rule: rule, in: generation)
        return slot
    }

    // MARK: Values in parts

    func begin(_ field: OriginalsField, row: UInt64) {
        end()
        state.pointee.open = (field, row)
    }

    func append(_ part: UnsafeRawBufferPointer, isLast: Bool) {
        guard let open = state.pointee.open else { return }
        if isLast { state.pointee.open = nil }
        var start = 0
        repeat {
            let end = min(part.count, start + Self.pieceSize)
            guard end > start || isLast, makeRoom(for: end - start) else { return }
            write(
                UnsafeRawBufferPointer(rebasing: part[start..<end]), slot: slot(of: open.field), row: open.row,
                isWhole: isLast && end == part.count)
            start = end
        } while start < part.count
    }

    /// Ends a value that was cut off.
    private func end() { append(UnsafeRawBufferPointer(start: nil, count: 0), isLast: true) }

    // MARK: Chunks

    /// Has all that is left sealed. A value that was cut off is whole with this: it was counted when it began.
    ///
    /// - Throws: also what a chunk before met.
    public func finish() throws(OriginalsFailure) {
        end()
        try flush()
    }

    /// Has what is collected sealed now.
    ///
    /// - Throws: also what a chunk before met.
    public func flush() throws(OriginalsFailure) {
        if failure == nil, state.pointee.records.count > 0 { seal() }
        if let failure { throw failure }
    }

    private func seal() {
        do throws(OriginalsFailure) {
            try sink.seal(OriginalsChunk(bytes: state.pointee.records.bytes, fields: state.pointee.fields))
        } catch {
            state.pointee.failure = error
        }
        state.pointee.records.removeAll()
        state.pointee.fields.removeAll(keepingCapacity: true)
        state.pointee.slots.removeAll(keepingCapacity: true)
        state.pointee.nameBytes = 0
        state.pointee.generation &+= 1
    }

    /// - Returns: Whether there is room; not once the sink has failed.
    @inline(__always)
    private func makeRoom(for count: Int) -> Bool {
        if state.pointee.records.count + OriginalsChunk.recordHead + count > Self.chunkSize
            || state.pointee.fields.count >= Self.mostFields || state.pointee.nameBytes > Self.mostNameBytes
        {
            seal()
        }
        return state.pointee.failure == nil
    }

    private func slot(of field: OriginalsField) -> UInt16 {
        if let known = state.pointee.slots[field] { return known }
        let slot = UInt16(state.pointee.fields.count)
        state.pointee.fields.append((field, 0))
        state.pointee.slots[field] = slot
        state.pointee.nameBytes += field.name.utf8.count
        return slot
    }

    @inline(__always)
    private func write(_ value: UnsafeRawBufferPointer, slot: UInt16, row: UInt64, isWhole: Bool) {
        state.pointee.records.append(value, slot: slot, row: row, isWhole: isWhole)
        guard isWhole else { return }
        state.pointee.fields[Int(slot)].values += 1
        state.pointee.values += 1
    }
}

/// The records of a chunk: memory that grows up to a chunk's size and is used again.
private struct RecordBuffer {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 8)
    private(set) var count = 0

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<count]) }

    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ value: UnsafeRawBufferPointer, slot: UInt16, row: UInt64, isWhole: Bool) {
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
    }

    private mutating func grow(to size: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, memory.count * 4), alignment: 8)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }

    func deallocate() { memory.deallocate() }
}

/// Seals chunks.
public protocol OriginalsSink: AnyObject {
    /// Makes sure that the chunk can be opened later, by who may, or throws.
    func seal(_ chunk: OriginalsChunk) throws(OriginalsFailure)
}

/// Why originals cannot be kept. The reason holds nothing of them.
public struct OriginalsFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let reason: String

    public init(reason: String) { self.reason = reason }

    public var description: String { "masked values cannot be sealed for the auditors: \(reason)" }
}
