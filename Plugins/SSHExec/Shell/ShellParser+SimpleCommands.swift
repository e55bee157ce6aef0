extension ShellParser {
    /// XCU 2.9.1, or a function definition (XCU 2.9.5).
    ///
    /// - Parameter first: Its first word, where that has been read already.
    mutating func parseSimpleCommand(from first: ReadWord? = nil, prefixes: [String] = []) throws(ShellStop) {
        // Commands in its words come after it.
        let place = commands.count
        var command = ParsedCommand(prefixes: prefixes)
        commands.append(command)
        var isAfterAmpersand = false
        var next = first
        while true {
            if let word = next {
                next = nil
                if isDescriptor(word), let descriptor = Int(word.text) {
                    command.redirections.append(try readRedirection(descriptor: descriptor))
                    continue
                }
                // dash takes `&>` for `&` and `>`: what follows is a command of its own there.
                if isAfterAmpersand { note(.dialect("&>")) }
                if try parseFunction(named: word, in: command) {
                    commands.remove(at: place)
                    return
                }
                try add(word, to: &command)
                continue
            }
            skipBlanksAndComment()
            guard let byte = peek() else { break }
            if byte == UInt8(ascii: "&"), peekSecond() == UInt8(ascii: ">") {
                command.redirections.append(try readRedirection(descriptor: nil))
                isAfterAmpersand = true
            } else if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">"), peekSecond() != Self.parenthesis {
                command.redirections.append(try readRedirection(descriptor: nil))
            } else if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || Self.mayBeginWord(byte),
                byte != UInt8(ascii: "\n")
            {
                next = try readWord()
            } else if byte == Self.parenthesis {
                throw .syntax
            } else {
                break
            }
        }
        commands[place] = command
    }

    private mutating func add(_ word: ReadWord, to command: inout ParsedCommand) throws(ShellStop) {
        if command.words.isEmpty, let found = word.assignment {
            var value = word.dropping(found.valueStart)
            if value.value.isEmpty, peek() == Self.parenthesis { value = try readArray() }
            command.assignments.append(
                ParsedAssignment(name: found.name, value: value, isSubscripted: found.isSubscripted))
            return
        }
        if command.words.isEmpty {
            let text = word.value
            // zsh sets positional parameters so.
            if let first = text.first, ShellBytes.isDigit(first), text.contains(UInt8(ascii: "=")) {
                note(.dialect(word.sourceText))
            }
            // Whether a reserved word counts after these depends on the shell.
            let isLate = !command.assignments.isEmpty || !command.redirections.isEmpty
            if isLate, word.isBare, Self.opening.contains(word.text) { note(.dialect(word.text)) }
        }
        // `{name}>file` is a redirection in bash and ksh.
        if word.value.first == UInt8(ascii: "{"), word.value.last == UInt8(ascii: "}"), word.value.count > 2,
            let byte = peek(), byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")
        {
            note(.dialect(word.sourceText + ">"))
            return
        }
        if word.isBare(as: "}") { note(.dialect("}")) }
        command.words.append(word)
    }

    /// The values of `name=(…)`.
    private mutating func readArray() throws(ShellStop) -> ReadWord {
        let start = position
        position += 1
        var array = ReadWord()
        array.addTrait(.expansion)
        while true {
            try skipNewlines()
            guard let byte = peek() else { throw .syntax }
            if byte == UInt8(ascii: ")") {
                position += 1
                array.source = Array(bytes[start..<position])
                return array
            }
            guard Self.mayBeginWord(byte) || (byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">")) else {
                throw .syntax
            }
            let before = position
            let word = try readWord()
            guard position > before else { throw .syntax }
            array.value += word.value
            array.isPlain += word.isPlain
        }
    }

    /// `name()` and its body, whose commands are found whether it is called or not.
    private mutating func parseFunction(named word: ReadWord, in command: ParsedCommand) throws(ShellStop) -> Bool {
        guard command.words.isEmpty, command.assignments.isEmpty, command.redirections.isEmpty else { return false }
        let start = position
        skipBlanks()
        guard peek() == Self.parenthesis else {
            position = start
            return false
        }
        // An array.
        if word.assignment != nil, start == position { return false }
        position += 1
        skipBlanks()
        guard take(UInt8(ascii: ")")) else { throw .syntax }
        if !word.isBare { note(.unknownCommandName(word.sourceText)) }
        try parseFunctionBody()
        return true
    }

    mutating func parseFunctionBody() throws(ShellStop) {
        try skipNewlines()
        try enter()
        let before = position
        _ = try parseCommand(until: [])
        guard position > before else { throw .syntax }
        leave()
    }
}
