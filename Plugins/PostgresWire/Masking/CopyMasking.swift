import Masking
import NIOCore

/// Masks what COPY TO STDOUT gives (PostgreSQL documentation, COPY, "File Formats"). Rows may be cut anywhere.
final class CopyMasking {
    private var rows: any CopiedRows
    /// What has come of a row that is not whole.
    private var pending = ByteBuffer()
    private var columns: ColumnMasking

    /// The longest row.
    private static let longestRow = 64 << 20

    /// - Throws: `ProtocolViolation` for rows that cannot be read.
    init(_ columns: ColumnMasking, _ options: CopyOptions) throws(ProtocolViolation) {
        self.columns = columns
        self.columns.masker.cells.row = 1
        if let unknown = options.unknown {
            throw ProtocolViolation("copied data with the option \(unknown), which cannot be masked")
        }
        for mark in [options.delimiter, options.quote, options.escape]
        where mark?.utf8.contains(where: { $0 == 10 || $0 == 13 }) == true {
            throw ProtocolViolation("copied data whose marks are ends of lines, which cannot be masked")
        }
        switch options.format {
        case .text: rows = TextRows(options)
        case .csv: rows = CSVRows(options)
        case .binary: rows = BinaryRows()
        }
    }

    var counts: [MaskCount] { columns.counts }
    /// Why what is masked cannot be kept any more.
    var originalsFailure: OriginalsFailure? { columns.masker.cells.originalsFailure }

    /// Appends what stands for the whole rows in `payload`, and keeps the rest.
    func mask(_ payload: ByteBuffer, into output: inout ByteBuffer) throws(ProtocolViolation) {
        pending.writeImmutableBuffer(payload)
        guard pending.readableBytes <= Self.longestRow else {
            throw ProtocolViolation("a copied row of more than \(Self.longestRow) bytes")
        }
        let consumed: Result<Int, ProtocolViolation> = pending.withUnsafeReadableBytes { bytes in
            Result { () throws(ProtocolViolation) in try rows.mask(bytes, &columns, into: &output) }
        }
        pending.moveReaderIndex(forwardBy: try consumed.get())
        pending.discardReadBytes()
    }

    /// - Throws: `ProtocolViolation` where the data ends amid a row.
    func finish() throws(ProtocolViolation) {
        guard pending.readableBytes == 0 else { throw ProtocolViolation("copied data that ends amid a row") }
    }
}

/// The rows of one format.
protocol CopiedRows {
    /// Masks the whole rows at the start of `bytes`.
    ///
    /// - Returns: The bytes of these rows.
    mutating func mask(
        _ bytes: UnsafeRawBufferPointer, _ columns: inout ColumnMasking, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Int
}

extension ColumnMasking {
    /// Masks one value.
    mutating func mask(
        _ column: Int, _ value: UnsafeRawBufferPointer, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> ValueMasker.Outcome {
        guard column < treatments.count else { throw .columnCount(treatments.count) }
        if case .keep = treatments[column] { return .untouched }
        masker.cells.column = column
        return masker.mask(value, kinds[column], formats[column], treatments[column], into: &output)
    }

    /// Ends a row that has so many columns.
    mutating func endRow(_ count: Int) throws(ProtocolViolation) {
        guard count == treatments.count else { throw .columnCount(treatments.count) }
        masker.cells.row &+= 1
    }
}

extension ProtocolViolation {
    fileprivate static func columnCount(_ count: Int) -> ProtocolViolation {
        ProtocolViolation("a copied row that does not have its \(count) columns")
    }
}

/// `FORMAT text`.
private struct TextRows: CopiedRows {
    private let delimiter: UInt8
    private let null: [UInt8]
    private var content: [UInt8] = []
    private var standIn = ByteBuffer()

    init(_ options: CopyOptions) {
        delimiter = options.delimiter?.utf8.first ?? UInt8(ascii: "\t")
        null = Array((options.null ?? "\\N").utf8)
    }

    mutating func mask(
        _ bytes: UnsafeRawBufferPointer, _ columns: inout ColumnMasking, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Int {
        // A line feed of a value is written as two characters, so that this one ends a row.
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return 0 }
        var (index, fieldStart, runStart, column) = (0, 0, 0, 0)
        while index <= end {
            // NULL stands there as it was asked for, which may be a lone backslash.
            if index == fieldStart, isNull(bytes, at: index) { index += null.count }
            let byte = bytes[index]
            if byte == UInt8(ascii: "\\") {
                guard bytes[index + 1] != UInt8(ascii: "\n") else {
                    throw ProtocolViolation("a copied row with a backslash before its end")
                }
                index += 2
                continue
            }
            guard byte == delimiter || byte == UInt8(ascii: "\n") else {
                index += 1
                continue
            }
            let raw = UnsafeRawBufferPointer(rebasing: bytes[fieldStart..<index])
            if !raw.elementsEqual(null) {
                standIn.clear(minimumCapacity: 64)
                let outcome = try mask(raw, column, &columns)
                if outcome != .untouched {
                    output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[runStart..<fieldStart]))
                    if outcome == .null { output.writeBytes(null) } else { writeEscaped(&output) }
                    runStart = index
                }
            }
            column += 1
            index += 1
            fieldStart = index
            if byte == UInt8(ascii: "\n") {
                try columns.endRow(column)
                column = 0
            }
        }
        output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[runStart...end]))
        return end + 1
    }

    /// Whether a whole field is what stands for NULL; the bytes have a line feed at their end.
    private func isNull(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
        guard start + null.count < bytes.count, bytes[start...].starts(with: null) else { return false }
        let next = bytes[start + null.count]
        return next == delimiter || next == UInt8(ascii: "\n")
    }

    private mutating func mask(
        _ raw: UnsafeRawBufferPointer, _ column: Int, _ columns: inout ColumnMasking
    ) throws(ProtocolViolation) -> ValueMasker.Outcome {
        guard raw.contains(UInt8(ascii: "\\")) else { return try columns.mask(column, raw, into: &standIn) }
        content.removeAll(keepingCapacity: true)
        var index = 0
        while index < raw.count {
            var byte = raw[index]
            if byte == UInt8(ascii: "\\"), index + 1 < raw.count {
                index += 1
                byte = Self.unescaped[raw[index]] ?? raw[index]
            }
            content.append(byte)
            index += 1
        }
        let whole = content
        let result: Result<ValueMasker.Outcome, ProtocolViolation> = whole.withUnsafeBytes { bytes in
            Result { () throws(ProtocolViolation) in try columns.mask(column, bytes, into: &standIn) }
        }
        return try result.get()
    }

    private static let unescaped: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
    ]
    private static let escaped = Dictionary(uniqueKeysWithValues: unescaped.map { ($0.value, $0.key) })

    private func writeEscaped(_ output: inout ByteBuffer) {
        for byte in standIn.readableBytesView {
            if let letter = Self.escaped[byte] {
                output.writeInteger(UInt8(ascii: "\\"))
                output.writeInteger(letter)
            } else {
                if byte == UInt8(ascii: "\\") || byte == delimiter { output.writeInteger(UInt8(ascii: "\\")) }
                output.writeInteger(byte)
            }
        }
    }
}

/// `FORMAT csv`.
private struct CSVRows: CopiedRows {
    private let delimiter: UInt8
    private let quote: UInt8
    private let escape: UInt8
    private let null: [UInt8]
    private var isHeader: Bool
    private var content: [UInt8] = []
    private var standIn = ByteBuffer()

    init(_ options: CopyOptions) {
        delimiter = options.delimiter?.utf8.first ?? UInt8(ascii: ",")
        quote = options.quote?.utf8.first ?? UInt8(ascii: "\"")
        escape = options.escape?.utf8.first ?? quote
        null = Array((options.null ?? "").utf8)
        isHeader = options.hasHeader
    }

    mutating func mask(
        _ bytes: UnsafeRawBufferPointer, _ columns: inout ColumnMasking, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Int {
        var rowEnd = 0
        while let row = Self.row(bytes, from: rowEnd, quote, escape) {
            let line = UnsafeRawBufferPointer(rebasing: bytes[rowEnd..<row])
            if isHeader {
                isHeader = false
                output.writeBytes(line)
            } else {
                try maskRow(line, &columns, &output)
            }
            rowEnd = row
        }
        return rowEnd
    }

    /// Where the row ends, behind its line feed; `nil` where it has not ended.
    private static func row(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ quote: UInt8, _ escape: UInt8
    ) -> Int? {
        var isQuoted = false
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isQuoted, byte == escape, index + 1 < bytes.count,
                bytes[index + 1] == quote || bytes[index + 1] == escape
            {
                index += 2
                continue
            }
            if byte == quote { isQuoted.toggle() }
            index += 1
            if byte == UInt8(ascii: "\n"), !isQuoted { return index }
        }
        return nil
    }

    private mutating func maskRow(
        _ row: UnsafeRawBufferPointer, _ columns: inout ColumnMasking, _ output: inout ByteBuffer
    ) throws(ProtocolViolation) {
        var (index, runStart, column) = (0, 0, 0)
        while index < row.count {
            let fieldStart = index
            content.removeAll(keepingCapacity: true)
            var isQuoted = false
            var hasQuotes = false
            field: while index < row.count {
                let byte = row[index]
                if isQuoted, byte == escape, index + 1 < row.count,
                    row[index + 1] == quote || row[index + 1] == escape
                {
                    content.append(row[index + 1])
                    index += 2
                    continue
                }
                if byte == quote {
                    isQuoted.toggle()
                    hasQuotes = true
                } else if !isQuoted, byte == delimiter || byte == UInt8(ascii: "\n") {
                    break field
                } else {
                    content.append(byte)
                }
                index += 1
            }
            if hasQuotes || content != null {
                standIn.clear(minimumCapacity: 64)
                let whole = content
                let result: Result<ValueMasker.Outcome, ProtocolViolation> = whole.withUnsafeBytes { bytes in
                    Result { () throws(ProtocolViolation) in try columns.mask(column, bytes, into: &standIn) }
                }
                let outcome = try result.get()
                if outcome != .untouched {
                    output.writeBytes(UnsafeRawBufferPointer(rebasing: row[runStart..<fieldStart]))
                    if outcome == .null { output.writeBytes(null) } else { writeQuoted(&output) }
                    runStart = index
                }
            }
            column += 1
            index += 1
        }
        try columns.endRow(column)
        output.writeBytes(UnsafeRawBufferPointer(rebasing: row[runStart...]))
    }

    private func writeQuoted(_ output: inout ByteBuffer) {
        output.writeInteger(quote)
        for byte in standIn.readableBytesView {
            if byte == quote || byte == escape { output.writeInteger(escape) }
            output.writeInteger(byte)
        }
        output.writeInteger(quote)
    }
}

/// `FORMAT binary`.
private struct BinaryRows: CopiedRows {
    private static let signature = Array("PGCOPY\n".utf8) + [0xff, 0x0d, 0x0a, 0x00]
    private var hasHeader = false
    private var standIn = ByteBuffer()

    mutating func mask(
        _ bytes: UnsafeRawBufferPointer, _ columns: inout ColumnMasking, into output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Int {
        var done = 0
        if !hasHeader {
            guard bytes.count >= 19 else { return 0 }
            guard bytes.starts(with: Self.signature) else { throw ProtocolViolation("no binary copied data") }
            let end = 19 + Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 15, as: UInt32.self)))
            guard end <= bytes.count else { return 0 }
            output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
            hasHeader = true
            done = end
        }
        while let count = try Self.count(bytes, from: done, columns.kinds.count) {
            done = try maskRow(bytes, from: done, count, &columns, &output)
        }
        return done
    }

    private static func int32(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Int {
        Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: index, as: Int32.self)))
    }

    /// The columns of a row that is there in whole, -1 for the trailer; `nil` where it is not.
    private static func count(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ wanted: Int
    ) throws(ProtocolViolation) -> Int? {
        guard start + 2 <= bytes.count else { return nil }
        let count = Int(Int16(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int16.self)))
        if count == -1 { return count }
        guard count == wanted else { throw .columnCount(wanted) }
        var index = start + 2
        for _ in 0..<count {
            guard index + 4 <= bytes.count else { return nil }
            let length = int32(bytes, index)
            guard length >= -1 else { throw ProtocolViolation("a copied value of \(length) bytes") }
            index += 4 + max(0, length)
        }
        return index <= bytes.count ? count : nil
    }

    /// - Returns: Where the row ends.
    private mutating func maskRow(
        _ bytes: UnsafeRawBufferPointer, from start: Int, _ count: Int, _ columns: inout ColumnMasking,
        _ output: inout ByteBuffer
    ) throws(ProtocolViolation) -> Int {
        output.writeInteger(Int16(count))
        var index = start + 2
        for column in 0..<max(0, count) {
            let length = Self.int32(bytes, index)
            let end = index + 4 + max(0, length)
            standIn.clear(minimumCapacity: 64)
            let value = UnsafeRawBufferPointer(rebasing: bytes[(index + 4)..<end])
            switch length < 0 ? .untouched : try columns.mask(column, value, into: &standIn) {
            case .untouched: output.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[index..<end]))
            case .null: output.writeInteger(Int32(-1))
            case .written:
                output.writeInteger(Int32(standIn.readableBytes))
                output.writeImmutableBuffer(standIn)
            }
            index = end
        }
        if count >= 0 { try columns.endRow(count) }
        return index
    }
}
