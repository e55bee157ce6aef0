extension ShellParser {
    static let parenthesis = UInt8(ascii: "(")
    private static let closingParenthesis = UInt8(ascii: ")")

    /// What a `$` begins (XCU 2.6).
    mutating func readDollar(into word: inout ReadWord, isQuoted: Bool) throws(ShellStop) {
        guard let next = peekSecond() else { return appendDollar(to: &word, isQuoted) }
        switch next {
        case Self.parenthesis:
            position += 1
            if peekSecond() == Self.parenthesis {
                try readArithmeticOrSubstitution(into: &word, isQuoted)
            } else {
                try readCommandSubstitution(into: &word, isQuoted)
            }
        case UInt8(ascii: "{"):
            markExpansion(&word, isQuoted)
            try enter()
            try readParameter(into: &word, isQuoted)
            leave()
        case UInt8(ascii: "'") where !isQuoted: try readDollarQuotes(into: &word)
        case UInt8(ascii: "\"") where !isQuoted:
            word.addTrait(.dialect)
            position += 1
        case _ where ShellBytes.isNameStart(next):
            markExpansion(&word, isQuoted)
            position += 1
            while let byte = peek(), ShellBytes.isNamePart(byte) { position += 1 }
        case UInt8(ascii: "#"), UInt8(ascii: "?"), UInt8(ascii: "$"), UInt8(ascii: "!"):
            // Numbers: they neither split nor hold options. zsh takes `$#name` for a length.
            word.addTrait(.expansion)
            position += 1
            _ = peek()
            position += 1
        case _
        where ShellBytes.isDigit(next) || next == UInt8(ascii: "@") || next == UInt8(ascii: "*")
            || next == UInt8(ascii: "-"):
            markExpansion(&word, isQuoted)
            position += 1
            _ = peek()
            position += 1
        case UInt8(ascii: "["), UInt8(ascii: "~"), UInt8(ascii: "="), UInt8(ascii: "^"), UInt8(ascii: "+"),
            UInt8(ascii: ":"):
            // Old arithmetic in bash, expansions in zsh, a dollar sign in others.
            if !isQuoted || next == UInt8(ascii: "[") || next == UInt8(ascii: "^") || next == UInt8(ascii: "=") {
                note(.dialect(String(decoding: [UInt8(ascii: "$"), next], as: UTF8.self)))
            }
            markExpansion(&word, isQuoted)
            position += 1
        default: appendDollar(to: &word, isQuoted)
        }
    }

    private mutating func appendDollar(to word: inout ReadWord, _ isQuoted: Bool) {
        word.append(UInt8(ascii: "$"), plain: !isQuoted)
        position += 1
    }

    private func markExpansion(_ word: inout ReadWord, _ isQuoted: Bool) {
        word.addTrait(.expansion)
        if !isQuoted { word.traits.insert(.splits) }
    }

    // MARK: Commands in words

    /// XCU 2.6.3, from the opening parenthesis on.
    private mutating func readCommandSubstitution(into word: inout ReadWord, _ isQuoted: Bool) throws(ShellStop) {
        markExpansion(&word, isQuoted)
        note(.commandSubstitution)
        try readParenthesised()
    }

    mutating func readProcessSubstitution(into word: inout ReadWord) throws(ShellStop) {
        word.addTrait(.expansion)
        _ = peek()
        position += 1
        _ = peek()
        try readParenthesised()
    }

    private mutating func readParenthesised() throws(ShellStop) {
        let outer = pendingHereDocuments
        pendingHereDocuments = []
        position += 1
        try enter()
        guard try parseList(until: []) == .closingParenthesis else { throw .syntax }
        leave()
        position += 1
        // Where the body of a here-document begins that has another line's end in it is not the same everywhere.
        if !outer.isEmpty || !pendingHereDocuments.isEmpty { note(.dialect("<<")) }
        pendingHereDocuments = outer + pendingHereDocuments
    }

    mutating func readBackquotes(into word: inout ReadWord, isQuoted: Bool) throws(ShellStop) {
        markExpansion(&word, isQuoted)
        note(.commandSubstitution)
        position += 1
        var content: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte == UInt8(ascii: "`") { return try readNested(content) }
            guard byte == UInt8(ascii: "\\"), position < bytes.count else {
                content.append(byte)
                continue
            }
            let escaped = bytes[position]
            position += 1
            let isEscape =
                escaped == UInt8(ascii: "`") || escaped == UInt8(ascii: "$") || escaped == UInt8(ascii: "\\")
                || isQuoted && escaped == UInt8(ascii: "\"")
            if !isEscape { content.append(byte) }
            content.append(escaped)
        }
        throw .syntax
    }

    private mutating func readNested(_ content: [UInt8]) throws(ShellStop) {
        try enter()
        var nested = ShellParser(content, depth: depth)
        nested.rereadings = rereadings
        nested.parse()
        adopt(nested)
        leave()
    }

    /// Takes over what another parser has found.
    mutating func adopt(_ nested: ShellParser) {
        let offset = hereDocuments.count
        hereDocuments += nested.hereDocuments
        for var command in nested.commands {
            for index in command.redirections.indices {
                if case .hereDocument(let number) = command.redirections[index].target {
                    command.redirections[index].target = .hereDocument(number + offset)
                }
            }
            commands.append(command)
        }
        for reason in nested.opacity { note(reason) }
        rereadings = nested.rereadings
    }

    // MARK: Arithmetic

    /// XCU 2.6.4. `$((` begins arithmetic, unless it has no `))`: then bash takes it for a subshell in a substitution.
    private mutating func readArithmeticOrSubstitution(into word: inout ReadWord, _ isQuoted: Bool) throws(ShellStop) {
        markExpansion(&word, isQuoted)
        let start = position
        let found = commands.count
        position += 1
        _ = peek()
        position += 1
        try enter()
        let isArithmetic = try readArithmetic()
        leave()
        guard !isArithmetic else { return }
        note(.dialect("$(("))
        guard rereadings > 0 else { throw .nesting }
        rereadings -= 1
        position = start
        commands.removeLast(commands.count - found)
        try readCommandSubstitution(into: &word, isQuoted)
    }

    /// To after the `))`; false if there is none where it should be.
    mutating func readArithmetic() throws(ShellStop) -> Bool {
        var parentheses = 0
        var ignored = ReadWord()
        var previous: UInt8 = 0
        while let byte = peek() {
            switch byte {
            case Self.parenthesis:
                parentheses += 1
                position += 1
            case Self.closingParenthesis:
                position += 1
                if parentheses == 0 { return take(Self.closingParenthesis) }
                parentheses -= 1
            case UInt8(ascii: "$"):
                note(.arithmetic)
                try readDollar(into: &ignored, isQuoted: true)
            case UInt8(ascii: "`"): try readBackquotes(into: &ignored, isQuoted: true)
            case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "\\"):
                note(.arithmetic)
                position += 1
            default:
                if ShellBytes.isNameStart(byte), !ShellBytes.isNamePart(previous) { note(.arithmetic) }
                position += 1
            }
            previous = byte
        }
        return false
    }
}
