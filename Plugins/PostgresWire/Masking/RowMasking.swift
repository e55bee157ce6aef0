import Masking
import NIOCore

/// A column of a result, as masking sees it.
struct OutputColumn {
    /// What it is called, and which columns of tables it shows or is computed from.
    var names: CellNames
    var kind: ValueKind
    var format: ValueMasker.Format
}

/// How the columns of one result are treated under one plan.
struct ColumnMasking {
    private(set) var treatments: [ValueMasker.Treatment]
    let kinds: [ValueKind]
    let formats: [ValueMasker.Format]
    var masker: ValueMasker

    /// `nil` where nothing of the result can have to be masked.
    init?(_ plan: MaskingPlan, _ columns: [OutputColumn]) {
        guard let cells = CellMasker(plan: plan) else { return nil }
        kinds = columns.map(\.kind)
        formats = columns.map(\.format)
        treatments = columns.map { column in
            if let rule = cells.rule(for: column.names) { return .apply(rule) }
            guard cells.hasDetectors || cells.selectsInDocuments && column.kind.holdsDocuments,
                column.kind.canHoldDetected
            else { return .keep }
            return .scan(column.names.surroundings)
        }
        guard treatments.contains(where: { if case .keep = $0 { false } else { true } }) else { return nil }
        masker = ValueMasker(cells: cells)
        guard cells.keepsOriginals else { return }
        masker.cells.describe(
            columns: columns.enumerated().map { index, column in
                OriginalsColumns.Column(
                    name: column.names.forOriginals ?? "column \(index + 1)",
                    encoding: column.format == .text ? .text : column.kind.originalsEncoding)
            })
    }

    var counts: [MaskCount] { masker.cells.counts }
}

extension CellNames {
    /// Where the values come from, if that is one column; else what the statement calls it.
    fileprivate var forOriginals: String? {
        if origins.count == 1, let origin = origins.first, let schema = origin.schema, let table = origin.table,
            let column = origin.column
        {
            return "\(schema).\(table).\(column)"
        }
        return result
    }
}

extension ValueKind {
    /// Of binary values; of an array, its elements, which are masked one by one.
    fileprivate var originalsEncoding: OriginalsEncoding {
        switch self {
        case .text, .json: .text
        case .integer: .integer
        case .float: .float
        case .array(let element): element.originalsEncoding
        case .numeric, .bytea, .plain, .other: .bytes
        }
    }

    fileprivate var holdsDocuments: Bool {
        switch self {
        case .json: true
        case .array(let element): element.holdsDocuments
        default: false
        }
    }

    fileprivate var canHoldDetected: Bool {
        switch self {
        case .plain: false
        case .array(let element): element.canHoldDetected
        default: true
        }
    }
}

/// Masks the rows of one result.
final class RowMasking {
    private var masker: RowMasker

    init(_ columns: ColumnMasking) { masker = RowMasker(columns: columns) }

    var counts: [MaskCount] { masker.columns.counts }
    /// Why what is masked cannot be kept any more.
    var originalsFailure: OriginalsFailure? { masker.columns.masker.cells.originalsFailure }

    /// What was made of the messages of a run.
    struct Run {
        var rows = 0
        /// Bytes of `bytes` that are done.
        var consumed = 0
    }

    /// Masks the whole DataRow messages at the start of `bytes`, and appends what stands for them to `output`.
    ///
    /// - Parameter limit: The most rows.
    /// - Throws: `ProtocolViolation` for a row that does not have its columns.
    func mask(
        _ bytes: UnsafeRawBufferPointer, limit: Int, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Run {
        try masker.mask(bytes, limit: limit, into: &output)
    }

    /// Appends the whole DataRow messages at the start of `bytes` to `output` as they are.
    static func copy(
        _ bytes: UnsafeRawBufferPointer, limit: Int, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Run {
        var run = Run()
        while run.rows < limit, let end = try wholeRow(bytes, from: run.consumed) {
            run.consumed = end
            run.rows += 1
        }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<run.consumed]))
        return run
    }

    /// Where the DataRow message that starts here ends; `nil` if there is none, or not all of it.
    fileprivate static func wholeRow(
        _ bytes: UnsafeRawBufferPointer, from start: Int
    ) throws(ProtocolViolation) -> Int? {
        guard start + Frame.headerLength <= bytes.count, bytes[start] == MessageCode.dataRow else { return nil }
        let length = Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 1, as: Int32.self)))
        guard length >= 6 else { throw ProtocolViolation("DataRow: it ends too early") }
        let end = start + 1 + length
        return end <= bytes.count ? end : nil
    }
}

/// What masks is a value: within a class each use of a variable would be checked for exclusive access, cell by cell.
private struct RowMasker {
    var columns: ColumnMasking
    /// What stands for one value.
    private var scratch = ByteBuffer()

    init(columns: ColumnMasking) { self.columns = columns }

    mutating func mask(
        _ bytes: UnsafeRawBufferPointer, limit: Int, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> RowMasking.Run {
        var run = RowMasking.Run()
        while run.rows < limit, let end = try RowMasking.wholeRow(bytes, from: run.consumed) {
            try maskRow(UnsafeRawBufferPointer(rebasing: bytes[run.consumed..<end]), into: &output)
            run.consumed = end
            run.rows += 1
        }
        return run
    }

    /// - Parameter row: One whole message.
    private mutating func maskRow(_ row: UnsafeRawBufferPointer, into output: inout ByteBuffer)
        throws(ProtocolViolation)
    {
        let count = Int(UInt16(bigEndian: row.loadUnaligned(fromByteOffset: 5, as: UInt16.self)))
        guard count == columns.treatments.count else {
            throw ProtocolViolation("DataRow: \(count) columns where \(columns.treatments.count) were described")
        }
        columns.masker.cells.row &+= 1
        let start = output.writerIndex
        // What is untouched is copied in runs.
        var runStart = 0
        var index = 7
        for column in 0..<count {
            guard index + 4 <= row.count else { throw ProtocolViolation("DataRow: it ends too early") }
            let length = Int(Int32(bigEndian: row.loadUnaligned(fromByteOffset: index, as: Int32.self)))
            guard length >= -1, index + 4 + max(0, length) <= row.count else {
                throw ProtocolViolation("DataRow: it ends too early")
            }
            let valueStart = index + 4
            index = valueStart + max(0, length)
            if length < 0 { continue }
            let treatment = columns.treatments[column]
            if case .keep = treatment { continue }
            scratch.clear(minimumCapacity: 64)
            columns.masker.cells.column = column
            let outcome = columns.masker.mask(
                UnsafeRawBufferPointer(rebasing: row[valueStart..<index]), columns.kinds[column],
                columns.formats[column], treatment, into: &scratch)
            if case .untouched = outcome { continue }
            output.writeBytes(UnsafeRawBufferPointer(rebasing: row[runStart..<(valueStart - 4)]))
            if case .null = outcome {
                output.writeInteger(Int32(-1))
            } else {
                output.writeInteger(Int32(scratch.readableBytes))
                output.writeImmutableBuffer(scratch)
            }
            runStart = index
        }
        guard index == row.count else { throw ProtocolViolation("DataRow: \(row.count - index) bytes too many") }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: row[runStart...]))
        output.setInteger(Int32(output.writerIndex - start - 1), at: start + 1)
    }
}
