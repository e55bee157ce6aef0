/// Turns UTF-8 offsets of one source into lines and columns.
struct LineTable: Sendable {
    let file: String
    private let bytes: [UInt8]
    private let lineStarts: [Int]

    init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        var starts = [0]
        for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
        lineStarts = starts
    }

    func position(of offset: Int) -> SourcePosition {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let line = bytes[lineStarts[low]..<min(offset, bytes.count)]
        return SourcePosition(file: file, line: low + 1, column: line.count { $0 & 0xc0 != 0x80 } + 1)
    }

    /// The text of `range`, with its white space folded, for messages.
    func snippet(of range: SourceRange) -> String {
        let text = String(decoding: bytes[range.start..<min(range.end, bytes.count)], as: UTF8.self)
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
