extension ShellParser {
    /// One word (XCU 2.3), with quotes (XCU 2.2) removed and expansions (XCU 2.6) marked.
    mutating func readWord() throws(ShellStop) -> ReadWord {
        var word = ReadWord()
        _ = peek()
        let start = position
        var hasPlainBrace = false
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "|"), UInt8(ascii: "&"),
                UInt8(ascii: ";"), UInt8(ascii: "("), UInt8(ascii: ")"):
                return finish(word, start, hasPlainBrace)
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                guard peekSecond() == UInt8(ascii: "(") else { return finish(word, start, hasPlainBrace) }
                try readProcessSubstitution(into: &word)
            case UInt8(ascii: "'"): try readSingleQuotes(into: &word)
            case UInt8(ascii: "\""):
                position += 1
                word.traits.insert(.quoted)
                try readDoubleQuotes(into: &word)
            case UInt8(ascii: "\\"):
                word.traits.insert(.quoted)
                position += 1
                guard position < bytes.count else { throw .syntax }
                word.append(bytes[position], plain: false)
                position += 1
            case UInt8(ascii: "`"): try readBackquotes(into: &word, isQuoted: false)
            case UInt8(ascii: "$"): try readDollar(into: &word, isQuoted: false)
            default:
                hasPlainBrace = hasPlainBrace || byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}")
                appendPlain(byte, to: &word)
            }
        }
        return finish(word, start, hasPlainBrace)
    }

    private mutating func appendPlain(_ byte: UInt8, to word: inout ReadWord) {
        switch byte {
        case UInt8(ascii: "*"), UInt8(ascii: "?"): word.addTrait(.glob)
        // zsh expands `=name` to the path of `name`.
        case UInt8(ascii: "~"), UInt8(ascii: "="):
            if word.value.isEmpty, word.traits.isEmpty { word.addTrait(byte == UInt8(ascii: "~") ? .tilde : .dialect) }
        case 0..<0x20, 0x7F: note(.controlCharacter)
        default: break
        }
        word.append(byte, plain: true)
        position += 1
    }

    private mutating func finish(_ word: ReadWord, _ start: Int, _ hasPlainBrace: Bool) -> ReadWord {
        var word = word
        word.source = Array(bytes[start..<position])
        if hasPlainBrace {
            if ShellBraces.mayExpand(word) { word.traits.insert(.braces) }
            if !word.isBare(as: "}"), ShellBraces.closesMore(word) { note(.dialect(word.sourceText)) }
        }
        if hasBracketExpression(word) { word.traits.insert(.glob) }
        return word
    }

    /// XCU 2.13.1. `[` and `[[` alone are names of commands.
    private func hasBracketExpression(_ word: ReadWord) -> Bool {
        guard let opening = word.value.firstIndex(of: UInt8(ascii: "[")), word.value.count > 2 else { return false }
        for index in opening..<word.value.count where word.value[index] == UInt8(ascii: "[") && word.isPlain[index] {
            return true
        }
        return false
    }

    /// Whether a word is the number of a descriptor before a redirection (XCU 2.7).
    mutating func isDescriptor(_ word: ReadWord) -> Bool {
        guard let next = peek(), next == UInt8(ascii: "<") || next == UInt8(ascii: ">"), word.isBare,
            !word.value.isEmpty,
            position > 0, !ShellBytes.isBlank(bytes[position - 1])
        else { return false }
        return word.value.count < 10 && word.value.allSatisfy(ShellBytes.isDigit)
    }

    private mutating func readSingleQuotes(into word: inout ReadWord) throws(ShellStop) {
        word.traits.insert(.quoted)
        position += 1
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "'") { return }
            word.append(byte, plain: false)
        }
        throw .syntax
    }

    /// XCU 2.2.3, from after the opening quote to after the closing one.
    mutating func readDoubleQuotes(into word: inout ReadWord) throws(ShellStop) {
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") {
                position += 1
                return
            }
            try readQuoted(byte, into: &word, isHereDocument: false)
        }
        throw .syntax
    }

    /// One character, escape or expansion of double quotes or of a here-document, whose double quotes mean themselves.
    mutating func readQuoted(_ byte: UInt8, into word: inout ReadWord, isHereDocument: Bool) throws(ShellStop) {
        switch byte {
        case UInt8(ascii: "\\"):
            position += 1
            guard position < bytes.count else {
                word.append(byte, plain: false)
                return
            }
            let escaped = bytes[position]
            switch escaped {
            case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\\"): break
            case UInt8(ascii: "\"") where !isHereDocument: break
            default: word.append(byte, plain: false)
            }
            word.append(escaped, plain: false)
            position += 1
        case UInt8(ascii: "`"): try readBackquotes(into: &word, isQuoted: true)
        case UInt8(ascii: "$"): try readDollar(into: &word, isQuoted: true)
        default:
            word.append(byte, plain: false)
            position += 1
        }
    }

    /// bash's `$'…'`. Other shells take it for `$` and a single-quoted string, which `\'` ends elsewhere.
    mutating func readDollarQuotes(into word: inout ReadWord) throws(ShellStop) {
        word.addTrait(.dialect)
        word.traits.insert(.quoted)
        position += 2
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "'") {
                for byte in DollarQuotes.unescape(content) { word.append(byte, plain: false) }
                return
            }
            content.append(byte)
            if byte == UInt8(ascii: "\\"), position < bytes.count {
                if bytes[position] == UInt8(ascii: "'") { note(.dialect("$'…\\'…'")) }
                content.append(bytes[position])
                position += 1
            }
        }
        throw .syntax
    }
}
