/// Writes cells into a tap's chunk: plain pointers, so that a cell counts no references. Whoever has it holds the tap and
/// the columns, too.
struct OriginalsPen {
    private let buffer: UnsafeMutablePointer<OriginalsBuffer>
    private let columns: OriginalsColumns.Slots

    init(_ tap: OriginalsTap, _ columns: OriginalsColumns) {
        buffer = tap.buffer
        self.columns = columns.slots
    }

    /// - Returns: False where the tap has to do it: there is no room, the value is long, or its field has no number yet.
    @inline(__always)
    func write(_ value: UnsafeRawBufferPointer, column: Int, rule: Int, row: UInt64) -> Bool {
        guard value.count <= OriginalsTap.pieceSize, buffer.pointee.hasRoom(for: value.count),
            let slot = columns.slot(column: column, rule: rule, in: buffer.pointee.generation)
        else { return false }
        buffer.pointee.write(value, slot: slot, row: row, isWhole: true)
        return true
    }
}
