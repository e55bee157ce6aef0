/// Cuts a command line into words and operators (POSIX, XCU 2.3), and takes the quotes off (2.2).
///
/// What a word expands to when it runs is not found out: such a word is unknown. What this does not read at all, such as
/// here-documents and compound commands, is opaque.
struct ShellLexer {
    enum Token: Equatable {
        case word(ShellWord, isPlain: Bool)
        /// Between two simple commands.
        case separator
        case redirection(ShellRedirection.Kind)
        /// One that opens no file: `2>&1`.
        case duplication
    }

    private let bytes: [UInt8]
    private var position = 0
    private(set) var opacity: [ShellOpacity] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    private func peek(_ offset: Int) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    private mutating func note(_ reason: ShellOpacity) {
        if !opacity.contains(reason) { opacity.append(reason) }
    }

    mutating func nextToken() -> Token? {
        skipBlanks()
        guard let byte = next else { return nil }
        switch byte {
        case UInt8(ascii: "#"):
            // Up to the end of the line; zsh reads it as a word when it is not told otherwise.
            note(.dialect("#"))
            while let byte = next, byte != UInt8(ascii: "\n") {
                _ = byte
                position += 1
            }
            return nextToken()
        case UInt8(ascii: ";"), UInt8(ascii: "\n"), UInt8(ascii: "|"), UInt8(ascii: "&"):
            return separator()
        case UInt8(ascii: "<"), UInt8(ascii: ">"): return redirection()
        case UInt8(ascii: "("), UInt8(ascii: ")"):
            note(.dialect("parentheses"))
            position += 1
            return .separator
        default: return word()
        }
    }

    private mutating func skipBlanks() {
        while let byte = next {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                position += 1
            } else if byte == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "\n") {
                position += 2
            } else {
                return
            }
        }
    }

    private mutating func separator() -> Token {
        let byte = bytes[position]
        position += 1
        if byte == UInt8(ascii: "&"), next == UInt8(ascii: ">") {
            // `&>`: a redirection to some shells, and the end of a command to others.
            note(.dialect("&>"))
        } else if byte == UInt8(ascii: "|"), next == UInt8(ascii: "&") {
            note(.dialect("|&"))
            position += 1
        } else if next == byte, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: ";") { note(.syntax) }
            position += 1
        }
        return .separator
    }

    private mutating func redirection() -> Token {
        let isInput = bytes[position] == UInt8(ascii: "<")
        position += 1
        switch next {
        case UInt8(ascii: "<") where isInput:
            note(.dialect("here-document"))
            position += 1
            return .duplication
        case UInt8(ascii: ">") where !isInput:
            position += 1
            return .redirection(.append)
        case UInt8(ascii: ">"):
            position += 1
            return .redirection(.readWrite)
        case UInt8(ascii: "|") where !isInput:
            position += 1
            return .redirection(.write)
        case UInt8(ascii: "&"):
            position += 1
            return duplicated(isInput)
        case UInt8(ascii: "("):
            note(.commandSubstitution)
            return .duplication
        default: return .redirection(isInput ? .read : .write)
        }
    }

    /// After `>&`: a number or `-`; anything else is a file to some shells.
    private mutating func duplicated(_ isInput: Bool) -> Token {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") { position += 1 }
        if position > start { return .duplication }
        note(.dialect(">&"))
        return .redirection(isInput ? .read : .write)
    }

    private mutating func word() -> Token {
        let start = position
        var text: [UInt8] = []
        var isKnown = true
        var isPlain = true
        loop: while let byte = next {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "|"),
                UInt8(ascii: "&"), UInt8(ascii: "("), UInt8(ascii: ")"):
                break loop
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                // A number right before it names the descriptor.
                if position > start, bytes[start..<position].allSatisfy({ (0x30...0x39).contains($0) }) {
                    return redirection()
                }
                break loop
            case UInt8(ascii: "'"):
                isPlain = false
                position += 1
                while let quoted = next, quoted != UInt8(ascii: "'") {
                    text.append(quoted)
                    position += 1
                }
                if next == nil { note(.syntax) }
                position += 1
            case UInt8(ascii: "\""):
                isPlain = false
                if !doubleQuoted(&text) { isKnown = false }
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 1
                guard let escaped = next else {
                    note(.syntax)
                    break loop
                }
                position += 1
                if escaped != UInt8(ascii: "\n") { text.append(escaped) }
            case UInt8(ascii: "$"), UInt8(ascii: "`"):
                isPlain = false
                isKnown = false
                expansion(byte)
                position += 1
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "~"),
                UInt8(ascii: "^"):
                isPlain = false
                isKnown = false
                text.append(byte)
                position += 1
            default:
                text.append(byte)
                position += 1
            }
        }
        let source = String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self)
        // They are words of the grammar, or a command's name, and match no file.
        if ["[", "[[", "{", "!"].contains(source) {
            return .word(ShellWord(text: source, isKnown: true), isPlain: true)
        }
        let shown = isKnown ? String(decoding: text, as: UTF8.self) : source
        return .word(ShellWord(text: shown, isKnown: isKnown), isPlain: isPlain)
    }

    /// - Returns: Whether the text between the quotes is known.
    private mutating func doubleQuoted(_ text: inout [UInt8]) -> Bool {
        var isKnown = true
        position += 1
        while let byte = next, byte != UInt8(ascii: "\"") {
            position += 1
            switch byte {
            case UInt8(ascii: "$"), UInt8(ascii: "`"):
                isKnown = false
                position -= 1
                expansion(byte)
                position += 1
            case UInt8(ascii: "\\"):
                guard let escaped = next else { break }
                switch escaped {
                case UInt8(ascii: "\n"): position += 1
                case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
                    text.append(escaped)
                    position += 1
                default: text.append(byte)
                }
            default: text.append(byte)
            }
        }
        if next == nil { note(.syntax) }
        position += 1
        return isKnown
    }

    /// At a `$` or a backtick. A variable as such only makes its word unknown; everything that runs something is opaque.
    private mutating func expansion(_ byte: UInt8) {
        guard byte == UInt8(ascii: "$") else { return note(.commandSubstitution) }
        switch peek(1) {
        case UInt8(ascii: "("): note(.commandSubstitution)
        case UInt8(ascii: "{"): note(.variable("${"))
        case UInt8(ascii: "'"), UInt8(ascii: "\""): note(.dialect("$'"))
        case UInt8(ascii: "["): note(.arithmetic)
        default: break
        }
    }
}
