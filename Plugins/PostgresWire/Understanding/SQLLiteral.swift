/// How far a literal reaches, by PostgreSQL's lexical rules (section 4.1.2, "Constants").
enum SQLLiteral {
    /// - Parameter start: Where the parser says that the literal begins; its sign counts.
    static func range(from start: Int, in text: [UInt8]) -> Range<Int> {
        var index = start
        while index < text.count, text[index] == UInt8(ascii: "-") || isSpace(text[index]) { index += 1 }
        guard index < text.count else { return min(start, text.count)..<text.count }
        let end =
            switch text[index] {
            case UInt8(ascii: "$"): dollarQuoted(from: index, in: text)
            case UInt8(ascii: "'"): quoted(from: index, in: text, hasEscapes: false)
            default: prefixedOrNumber(from: index, in: text)
            }
        return start..<max(end, start + 1)
    }

    private static func prefixedOrNumber(from start: Int, in text: [UInt8]) -> Int {
        let quote = start + (text[start] | 0x20 == UInt8(ascii: "u") ? 2 : 1)
        if quote < text.count, text[quote] == UInt8(ascii: "'") {
            return quoted(from: quote, in: text, hasEscapes: text[start] | 0x20 == UInt8(ascii: "e"))
        }
        var end = start
        while end < text.count {
            let isExponentSign =
                (text[end] == UInt8(ascii: "-") || text[end] == UInt8(ascii: "+")) && end > start
                && text[end - 1] | 0x20 == UInt8(ascii: "e")
            guard isExponentSign || text[end] == UInt8(ascii: ".") || isNameByte(text[end]) else { break }
            end += 1
        }
        return end
    }

    /// - Parameter start: Of its first quote.
    private static func quoted(from start: Int, in text: [UInt8], hasEscapes: Bool) -> Int {
        var index = start + 1
        while index < text.count {
            if hasEscapes, text[index] == UInt8(ascii: "\\") {
                index += 2
                continue
            }
            guard text[index] == UInt8(ascii: "'") else {
                index += 1
                continue
            }
            index += 1
            if index < text.count, text[index] == UInt8(ascii: "'") {
                index += 1
                continue
            }
            // Strings with a line's end between them are one.
            var next = index
            while next < text.count, isSpace(text[next]) { next += 1 }
            guard next < text.count, text[next] == UInt8(ascii: "'"),
                text[index..<next].contains(where: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") })
            else { return index }
            index = next + 1
        }
        return text.count
    }

    private static func dollarQuoted(from start: Int, in text: [UInt8]) -> Int {
        guard let tagEnd = text[(start + 1)...].firstIndex(of: UInt8(ascii: "$")) else { return text.count }
        let delimiter = text[start...tagEnd]
        var index = tagEnd + 1
        while let next = text[index...].firstIndex(of: UInt8(ascii: "$")) {
            if text[next...].starts(with: delimiter) { return next + delimiter.count }
            index = next + 1
        }
        return text.count
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10 || byte == UInt8(ascii: "_")
    }
}
