import NIOCore

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
    private var chunk = OriginalsChunk()
    private var slots: [OriginalsField: UInt16] = [:]
    private var nameBytes = 0
    /// The value that comes in parts.
    private var open: (field: OriginalsField, row: UInt64)?
    /// Changes with each chunk, as the numbers of fields do.
    private(set) var generation = 0
    /// Values collected so far.
    private(set) var values: UInt64 = 0
    /// Why nothing is collected any more.
    public private(set) var failure: OriginalsFailure?

    public init(sink: any OriginalsSink) { self.sink = sink }

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
        open = (field, row)
    }

    func append(_ part: UnsafeRawBufferPointer, isLast: Bool) {
        guard let open else { return }
        if isLast { self.open = nil }
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
        if failure == nil, chunk.bytes.readableBytes > 0 { seal() }
        if let failure { throw failure }
    }

    private func seal() {
        do throws(OriginalsFailure) {
            try sink.seal(chunk)
        } catch {
            failure = error
        }
        chunk.bytes.clear()
        chunk.fields.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        nameBytes = 0
        generation &+= 1
    }

    /// - Returns: Whether there is room; not once the sink has failed.
    @inline(__always)
    private func makeRoom(for count: Int) -> Bool {
        if chunk.bytes.readableBytes + OriginalsChunk.recordHead + count > Self.chunkSize
            || chunk.fields.count >= Self.mostFields || nameBytes > Self.mostNameBytes
        {
            seal()
        }
        return failure == nil
    }

    private func slot(of field: OriginalsField) -> UInt16 {
        if let known = slots[field] { return known }
        let slot = UInt16(chunk.fields.count)
        chunk.fields.append((field, 0))
        slots[field] = slot
        nameBytes += field.name.utf8.count
        return slot
    }

    @inline(__always)
    private func write(_ value: UnsafeRawBufferPointer, slot: UInt16, row: UInt64, isWhole: Bool) {
        let length = UInt32(truncatingIfNeeded: value.count) | (isWhole ? 0 : OriginalsChunk.continues)
        chunk.bytes.writeMultipleIntegers(slot, row, length)
        chunk.bytes.writeBytes(value)
        guard isWhole else { return }
        chunk.fields[Int(slot)].values += 1
        values += 1
    }
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
