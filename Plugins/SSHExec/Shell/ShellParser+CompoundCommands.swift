extension ShellParser {
    /// XCU 2.9.4, after the reserved word that begins it.
    mutating func parseCompound(_ word: String) throws(ShellStop) {
        switch word {
        case "{": try parseList(endedBy: ["}"])
        case "if": try parseIf()
        case "while", "until":
            try parseList(endedBy: ["do"])
            try parseList(endedBy: ["done"])
        case "for", "select": try parseFor()
        case "case": try parseCase()
        case "function":
            note(.dialect("function"))
            skipBlanks()
            _ = try readWord()
            skipBlanks()
            if take(UInt8(ascii: "(")) {
                skipBlanks()
                guard take(UInt8(ascii: ")")) else { throw .syntax }
            }
            try parseFunctionBody()
        case "[[": try parseConditional()
        default: throw .syntax
        }
    }

    private mutating func parseIf() throws(ShellStop) {
        try parseList(endedBy: ["then"])
        while true {
            switch try parseList(endedBy: ["elif", "else", "fi"]) {
            case "elif": try parseList(endedBy: ["then"])
            case "else":
                try parseList(endedBy: ["fi"])
                return
            default: return
            }
        }
    }

    private mutating func parseFor() throws(ShellStop) {
        skipBlanks()
        if peek() == UInt8(ascii: "(") {
            // bash's `for ((…))`.
            note(.arithmetic)
            guard peekSecond() == UInt8(ascii: "(") else { throw .syntax }
            position += 1
            _ = peek()
            position += 1
            guard try readArithmetic() else { throw .syntax }
        } else {
            let name = try readWord()
            guard name.isBare, !name.value.isEmpty else { throw .syntax }
            if ShellVariables.changesWhatRuns(name.text) { note(.variable(name.text)) }
        }
        try skipNewlines()
        let start = position
        if try readWord().isBare(as: "in") {
            while true {
                skipBlanks()
                guard let byte = peek(), byte != UInt8(ascii: "\n"), byte != UInt8(ascii: ";") else { break }
                let before = position
                let item = try readWord()
                guard position > before else { throw .syntax }
                if ShellBytes.holdsSubstitution(item.value) { note(.lateEvaluation("for")) }
            }
        } else {
            position = start
        }
        skipBlanks()
        _ = take(UInt8(ascii: ";"))
        try skipNewlines()
        let word = try readWord()
        if word.isBare(as: "{") {
            try parseList(endedBy: ["}"])
        } else {
            guard word.isBare(as: "do") else { throw .syntax }
            try parseList(endedBy: ["done"])
        }
    }

    private mutating func parseCase() throws(ShellStop) {
        skipBlanks()
        _ = try readWord()
        try skipNewlines()
        guard try readWord().isBare(as: "in") else { throw .syntax }
        while true {
            try skipNewlines()
            let hasParenthesis = take(UInt8(ascii: "("))
            skipBlanks()
            var pattern = try readWord()
            if !hasParenthesis, pattern.isBare(as: "esac") { return }
            while true {
                guard !pattern.source.isEmpty else { throw .syntax }
                skipBlanks()
                guard take(UInt8(ascii: "|")) else { break }
                skipBlanks()
                pattern = try readWord()
            }
            guard take(UInt8(ascii: ")")) else { throw .syntax }
            switch try parseList(until: ["esac"]) {
            case .reservedWord: return
            case .caseBreak: continue
            case .endOfText, .closingParenthesis: throw .syntax
            }
        }
    }

    /// `[[ … ]]` of bash, ksh and zsh. dash takes it for a command, and its operators for those between commands.
    private mutating func parseConditional() throws(ShellStop) {
        var words = [ReadWord(literal: Array("[[".utf8))]
        let place = commands.count
        commands.append(ParsedCommand(words: words))
        while true {
            skipBlanks()
            guard let byte = peek() else { throw .syntax }
            guard Self.mayBeginWord(byte), byte != UInt8(ascii: "\n") else {
                note(.dialect("[["))
                position += 1
                continue
            }
            let word = try readWord()
            if word.isBare(as: "]]") { break }
            // Comparing numbers evaluates their texts as arithmetic.
            if ["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R"].contains(where: word.isBare(as:)) {
                note(.arithmetic)
            }
            words.append(word)
        }
        commands[place].words = words
    }
}

extension ReadWord {
    func isBare(as text: String) -> Bool { isBare && value.elementsEqual(text.utf8) }
}
