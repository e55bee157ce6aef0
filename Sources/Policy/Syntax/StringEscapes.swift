/// One element of a `like` pattern.
enum PatternElement: Sendable, Hashable {
    case wildcard
    case character(Unicode.Scalar)
}

/// The escapes of Cedar's string literals: `\n \r \t \\ \0 \' \" \x7F \u{10FFFF}`, and `\*` in patterns.
struct StringEscapes {
    struct Failure: Error {
        /// From the first character after the opening quote.
        let offset: Int
        let message: String
    }

    private let bytes: ArraySlice<UInt8>
    private var offset: Int

    private init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        self.offset = bytes.startIndex
    }

    /// The text that the inner bytes of a literal stand for.
    static func text(of bytes: ArraySlice<UInt8>) throws(Failure) -> String {
        if !bytes.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 0x0d }) {
            return String(decoding: bytes, as: UTF8.self)
        }
        var reader = StringEscapes(bytes)
        var text = String.UnicodeScalarView()
        while let (scalar, _) = try reader.next(isPattern: false) { text.append(scalar) }
        return String(text)
    }

    /// The pattern that the inner bytes of a literal stand for. A star is a wildcard however it is written, other than
    /// as `\*`.
    static func pattern(of bytes: ArraySlice<UInt8>) throws(Failure) -> [PatternElement] {
        var reader = StringEscapes(bytes)
        var pattern: [PatternElement] = []
        while let (scalar, isLiteralStar) = try reader.next(isPattern: true) {
            pattern.append(scalar == "*" && !isLiteralStar ? .wildcard : .character(scalar))
        }
        return pattern
    }

    private mutating func next(isPattern: Bool) throws(Failure) -> (scalar: Unicode.Scalar, isLiteralStar: Bool)? {
        guard offset < bytes.endIndex else { return nil }
        let start = offset
        func failure(_ message: String) -> Failure { Failure(offset: start - bytes.startIndex, message: message) }
        guard bytes[offset] == UInt8(ascii: "\\") else {
            let head = bytes[offset..<min(offset + 4, bytes.endIndex)]
            let scalar = String(decoding: head, as: UTF8.self).unicodeScalars.first ?? "\u{fffd}"
            offset += UTF8.width(scalar)
            if scalar == "\r" { throw failure("a bare carriage return in a string; write \\r") }
            return (scalar, false)
        }
        offset += 1
        guard offset < bytes.endIndex else { throw failure("a lone backslash") }
        let kind = bytes[offset]
        offset += 1
        switch kind {
        case UInt8(ascii: "n"): return ("\n", false)
        case UInt8(ascii: "r"): return ("\r", false)
        case UInt8(ascii: "t"): return ("\t", false)
        case UInt8(ascii: "0"): return ("\0", false)
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return (Unicode.Scalar(kind), false)
        case UInt8(ascii: "*") where isPattern: return ("*", true)
        case UInt8(ascii: "x"):
            let digits = bytes[offset..<min(offset + 2, bytes.endIndex)]
            guard digits.count == 2, digits.allSatisfy(\.isHexadecimalDigit),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16), value < 0x80
            else { throw failure("\\x takes two hexadecimal digits up to 7F") }
            offset += 2
            return (Unicode.Scalar(value), false)
        case UInt8(ascii: "u"):
            guard let scalar = unicodeEscape() else {
                throw failure("\\u takes one to six hexadecimal digits of a Unicode scalar in braces, as \\u{e9}")
            }
            return (scalar, false)
        default:
            throw failure("unknown escape; known are \\n \\r \\t \\0 \\\\ \\' \\\" \\x41 \\u{e9}, and \\* in a pattern")
        }
    }

    /// Reads `{digits}`, with underscores between digits.
    private mutating func unicodeEscape() -> Unicode.Scalar? {
        guard offset < bytes.endIndex, bytes[offset] == UInt8(ascii: "{"),
            let close = bytes[offset...].firstIndex(of: UInt8(ascii: "}"))
        else { return nil }
        let body = bytes[(offset + 1)..<close]
        let digits = body.filter { $0 != UInt8(ascii: "_") }
        guard body.first != UInt8(ascii: "_"), (1...6).contains(digits.count),
            digits.allSatisfy(\.isHexadecimalDigit),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { return nil }
        offset = close + 1
        return Unicode.Scalar(value)
    }
}
