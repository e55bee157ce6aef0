import NIOCore

/// The text of an answer as its caller saw it, masked: what a replay of the session shows. Rows are lines, their values
/// apart by tabs.
final class AnswerRecording {
    /// Bytes that are kept of one answer.
    static let limit = 65_536

    private var columns: [FieldDescription] = []
    private var text: [UInt8] = []
    private(set) var isTruncated = false

    /// The rows that follow have these columns.
    func describe(_ columns: [FieldDescription]) {
        self.columns = columns
        append(line: columns.map { Array($0.name.utf8) })
    }

    /// - Parameter messages: Whole DataRow messages, as they go to the caller.
    func append(rows messages: UnsafeRawBufferPointer) {
        var index = 0
        while !isTruncated, index + 7 <= messages.count {
            let end =
                index + 1 + Int(Int32(bigEndian: messages.loadUnaligned(fromByteOffset: index + 1, as: Int32.self)))
            guard end <= messages.count, let values = values(messages, from: index + 7, to: end) else { return }
            append(line: values)
            index = end
        }
    }

    /// - Parameter data: Of a COPY, as it goes to the caller.
    func append(copied data: UnsafeRawBufferPointer) {
        guard !isTruncated else { return }
        text.append(contentsOf: data.prefix(Self.limit - text.count))
        isTruncated = data.count > Self.limit - text.count
    }

    /// What was recorded; bytes that are no UTF-8 are shown as what stands for them.
    var body: String { String(decoding: text, as: UTF8.self) }

    private func values(_ row: UnsafeRawBufferPointer, from start: Int, to end: Int) -> [[UInt8]]? {
        var values: [[UInt8]] = []
        var index = start
        while index < end {
            guard index + 4 <= end else { return nil }
            let length = Int(Int32(bigEndian: row.loadUnaligned(fromByteOffset: index, as: Int32.self)))
            index += 4
            guard length >= 0 else {
                values.append(Array("NULL".utf8))
                continue
            }
            guard index + length <= end else { return nil }
            values.append(shown(UnsafeRawBufferPointer(rebasing: row[index..<(index + length)]), column: values.count))
            index += length
        }
        return values
    }

    private func shown(_ value: UnsafeRawBufferPointer, column: Int) -> [UInt8] {
        guard column < columns.count, columns[column].format == 1 else { return Array(value) }
        var bytes = ByteBuffer()
        bytes.writeBytes(value)
        if let text = BinaryValue.text(of: bytes, type: columns[column].typeOID) { return Array(text.utf8) }
        return Array("(\(value.count) bytes)".utf8)
    }

    private func append(line values: [[UInt8]]) {
        guard !isTruncated else { return }
        let line = Array(values.joined(separator: [UInt8(ascii: "\t")]))
        isTruncated = text.count + line.count + 1 > Self.limit
        text.append(contentsOf: line.prefix(max(0, Self.limit - text.count - 1)))
        text.append(UInt8(ascii: "\n"))
    }
}
