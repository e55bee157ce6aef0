/// Collects what masking replaces in one command's answer, in chunks that a sink seals.
///
/// Every value that a mask count counts passes here once, with the rule that took it and the place where it stood, so
/// that counts and originals agree. A value is appended to one reusable buffer: nothing is allocated for a cell.
///
/// Belongs to the event loop of its command. After the sink has failed nothing more is collected, and `failure` says
/// why: what masks must not go on then.
public final class OriginalsTap {
    /// Longer values are collected in pieces of this size.
    static let pieceSize = 64 << 10

    private let sink: any OriginalsSink
    /// What changes with every value. It stands behind a pointer because each use of a variable of a class is checked for
    /// exclusive access, which would cost more than all that is done here.
    let state: UnsafeMutablePointer<CollectedOriginals>

    public init(sink: any OriginalsSink) {
        self.sink = sink
        state = .allocate(capacity: 1)
        state.initialize(to: CollectedOriginals())
    }

    deinit {
        state.pointee.deallocate()
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
        state.pointee.write(value, slot: state.pointee.slot(of: field), row: row, isWhole: true)
    }

    /// The same for a cell of a table, whose fields are known beforehand: what `OriginalsPen` cannot write.
    func keep(
        _ value: UnsafeRawBufferPointer, in columns: OriginalsColumns, column: Int, rule: Int, row: UInt64
    ) {
        let field = columns.field(column: column, rule: rule)
        guard value.count <= Self.pieceSize else { return keep(value, as: field, row: row) }
        guard makeRoom(for: value.count) else { return }
        let slot = state.pointee.slot(of: field)
        columns.slots.set(slot, column: column, rule: rule, in: generation)
        state.pointee.write(value, slot: slot, row: row, isWhole: true)
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
            state.pointee.write(
                UnsafeRawBufferPointer(rebasing: part[start..<end]), slot: state.pointee.slot(of: open.field),
                row: open.row, isWhole: isLast && end == part.count)
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
        if failure == nil, !state.pointee.isEmpty { seal() }
        if let failure { throw failure }
    }

    private func seal() {
        do throws(OriginalsFailure) {
            try sink.seal(state.pointee.chunk)
        } catch {
            state.pointee.failure = error
        }
        state.pointee.removeAll()
    }

    /// - Returns: Whether there is room; not once the sink has failed.
    @inline(__always)
    private func makeRoom(for count: Int) -> Bool {
        if !state.pointee.hasRoom(for: count) { seal() }
        return state.pointee.failure == nil
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
