/// Collects what masking replaces in one command's answer, in chunks that a sink seals.
///
/// Every value that a mask count counts passes here once, with the rule that took it and the place where it stood, so
/// that counts and originals agree. A value is appended to one reusable buffer: nothing is allocated for a cell.
///
/// Belongs to the event loop of its command. After the sink has failed nothing more is collected, and `failure` says
/// why: what masks must not go on then.
public final class OriginalsTap {
    /// Longer values are collected in pieces of this size.
    static let pieceSize = 32 << 10

    /// Bytes of the names of one chunk's fields.
    private static let mostNameBytes = 64 << 10

    private let sink: any OriginalsSink
    let buffer: UnsafeMutablePointer<OriginalsBuffer>
    /// The chunk's fields, and the number that each has there.
    private var fields: [OriginalsField] = []
    private var slots: [OriginalsField: UInt16] = [:]
    private var nameBytes = 0
    /// The value that comes in parts.
    private var open: (field: OriginalsField, row: UInt64)?
    /// Why nothing is collected any more.
    public private(set) var failure: OriginalsFailure?

    public init(sink: any OriginalsSink) {
        self.sink = sink
        buffer = .allocate(capacity: 1)
        buffer.initialize(to: OriginalsBuffer())
    }

    deinit {
        buffer.pointee.deallocate()
        buffer.deallocate()
    }

    /// Values collected so far.
    var values: UInt64 { buffer.pointee.values }

    // MARK: Whole values

    func keep(_ value: UnsafeRawBufferPointer, as field: OriginalsField, row: UInt64) {
        guard value.count <= Self.pieceSize else {
            begin(field, row: row)
            return append(value, isLast: true)
        }
        guard makeRoom(for: value.count) else { return }
        buffer.pointee.write(value, slot: slot(of: field), row: row, isWhole: true)
    }

    /// The same for a cell of a table, whose fields are known beforehand: what `OriginalsPen` cannot write.
    func keep(
        _ value: UnsafeRawBufferPointer, in columns: OriginalsColumns, column: Int, rule: Int, row: UInt64
    ) {
        let field = columns.field(column: column, rule: rule)
        guard value.count <= Self.pieceSize else { return keep(value, as: field, row: row) }
        guard makeRoom(for: value.count) else { return }
        let slot = slot(of: field)
        columns.slots.set(slot, column: column, rule: rule, in: buffer.pointee.generation)
        buffer.pointee.write(value, slot: slot, row: row, isWhole: true)
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
            buffer.pointee.write(
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
        if failure == nil, !buffer.pointee.isEmpty { seal() }
        if let failure { throw failure }
    }

    private func seal() {
        do throws(OriginalsFailure) {
            try sink.seal(
                OriginalsChunk(
                    bytes: buffer.pointee.bytes,
                    fields: fields.enumerated().map { ($0.element, buffer.pointee.values(of: $0.offset)) }))
        } catch {
            failure = error
        }
        buffer.pointee.removeAll()
        fields.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
        nameBytes = 0
    }

    /// - Returns: Whether there is room; not once the sink has failed.
    private func makeRoom(for count: Int) -> Bool {
        if !buffer.pointee.hasRoom(for: count) { seal() }
        return failure == nil
    }

    /// The number of a field, which gets one where it has none.
    private func slot(of field: OriginalsField) -> UInt16 {
        if let known = slots[field] { return known }
        let slot = UInt16(fields.count)
        fields.append(field)
        slots[field] = slot
        buffer.pointee.begin(slot: Int(slot))
        nameBytes += field.name.utf8.count
        buffer.pointee.takesMore = fields.count < OriginalsBuffer.mostFields && nameBytes <= Self.mostNameBytes
        return slot
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
