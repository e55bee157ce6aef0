/// Cuts a source into tokens and says what is not one.
struct Lexer {
    private let bytes: [UInt8]
    private var offset = 0
    private(set) var errors: [(offset: Int, message: String)] = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// All tokens, the last of them `.end`. What is no token is reported and passed over.
    static func tokens(of bytes: [UInt8]) -> (tokens: [Token], errors: [(offset: Int, message: String)]) {
        var lexer = Lexer(bytes: bytes)
        var tokens: [Token] = []
        tokens.reserveCapacity(bytes.count / 4 + 1)
        while let token = lexer.next() { tokens.append(token) }
        tokens.append(Token(kind: .end, range: SourceRange(start: bytes.count, end: bytes.count)))
        return (tokens, lexer.errors)
    }

    private mutating func next() -> Token? {
        while true {
            skipSpaceAndComments()
            guard offset < bytes.count else { return nil }
            let start = offset
            if let kind = scan() { return Token(kind: kind, range: SourceRange(start: start, end: offset)) }
        }
    }

    private func peek(_ distance: Int = 0) -> UInt8? {
        offset + distance < bytes.count ? bytes[offset + distance] : nil
    }

    private mutating func scan() -> Token.Kind? {
        let start = offset
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            scanIdentifier()
            return .identifier
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            while let digit = peek(), digit.isDecimalDigit { offset += 1 }
            return .number
        case UInt8(ascii: "\""): return scanString(from: start)
        case UInt8(ascii: "?"):
            if let next = peek(), next.isIdentifierStart {
                scanIdentifier()
                return .slot
            }
        case UInt8(ascii: "@"): return .at
        case UInt8(ascii: "."): return .dot
        case UInt8(ascii: ","): return .comma
        case UInt8(ascii: ";"): return .semicolon
        case UInt8(ascii: ":"): return take(":") ? .pathSeparator : .colon
        case UInt8(ascii: "("): return .leftParenthesis
        case UInt8(ascii: ")"): return .rightParenthesis
        case UInt8(ascii: "{"): return .leftBrace
        case UInt8(ascii: "}"): return .rightBrace
        case UInt8(ascii: "["): return .leftBracket
        case UInt8(ascii: "]"): return .rightBracket
        case UInt8(ascii: "="): return take("=") ? .equal : .assign
        case UInt8(ascii: "!"): return take("=") ? .notEqual : .not
        case UInt8(ascii: "<"): return take("=") ? .lessOrEqual : .less
        case UInt8(ascii: ">"): return take("=") ? .greaterOrEqual : .greater
        case UInt8(ascii: "|"): if take("|") { return .or }
        case UInt8(ascii: "&"): if take("&") { return .and }
        case UInt8(ascii: "+"): return .plus
        case UInt8(ascii: "-"): return .minus
        case UInt8(ascii: "*"): return .times
        case UInt8(ascii: "/"): return .divide
        case UInt8(ascii: "%"): return .remainder
        default: break
        }
        // A character outside ASCII is passed over whole, so that it is one error and not four.
        while let next = peek(), next & 0xc0 == 0x80, byte >= 0x80 { offset += 1 }
        let character = String(decoding: bytes[start..<offset], as: UTF8.self)
        errors.append((start, "unexpected character \(quoted(character))"))
        return nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = peek(), UInt32(byte) == character.value else { return false }
        offset += 1
        return true
    }

    private mutating func scanIdentifier() {
        while let next = peek(), next.isIdentifierStart || next.isDecimalDigit { offset += 1 }
    }

    private mutating func scanString(from start: Int) -> Token.Kind? {
        while let byte = peek() {
            offset += 1
            if byte == UInt8(ascii: "\"") { return .string }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = peek(), escaped != UInt8(ascii: "\n") else { break }
                offset += 1
            }
        }
        // Reading goes on after the line, so that one forgotten quote does not hide the rest of the file.
        errors.append((start, "unterminated string"))
        offset = start + 1
        while let byte = peek(), byte != UInt8(ascii: "\n") { offset += 1 }
        return nil
    }

    private mutating func skipSpaceAndComments() {
        while let byte = peek() {
            if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
                while let next = peek(), next != UInt8(ascii: "\n"), next != UInt8(ascii: "\r") { offset += 1 }
            } else if byte == 0x20 || (0x09...0x0d).contains(byte) {
                offset += 1
            } else if byte >= 0x80, let length = unicodeSpaceLength() {
                offset += length
            } else {
                return
            }
        }
    }

    /// The length of the White_Space character outside ASCII that stands here, if one does.
    private func unicodeSpaceLength() -> Int? {
        let head = bytes[offset..<min(offset + 4, bytes.count)]
        guard let scalar = String(decoding: head, as: UTF8.self).unicodeScalars.first,
            scalar.properties.isWhitespace
        else { return nil }
        return UTF8.width(scalar)
    }
}

extension UInt8 {
    var isDecimalDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    var isIdentifierStart: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
