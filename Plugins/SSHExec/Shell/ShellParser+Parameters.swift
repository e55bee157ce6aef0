extension ShellParser {
    /// XCU 2.6.2, from the `$` on. Forms that not every shell has are opaque.
    mutating func readParameter(into word: inout ReadWord, _ isQuoted: Bool) throws(ShellStop) {
        _ = peek()
        position += 1
        _ = peek()
        position += 1
        let start = position
        if take(UInt8(ascii: "}")) { throw .syntax }
        if peek() == UInt8(ascii: "#"), peekSecond() != UInt8(ascii: "}") { position += 1 }
        let name = readParameterName()
        if name == nil { noteParameter(start) }
        if peek() == UInt8(ascii: "[") { readSubscript(start) }
        switch peek() {
        case UInt8(ascii: "}"):
            position += 1
            return
        case UInt8(ascii: ":"):
            position += 1
            if let next = peek(), !"-=?+".utf8.contains(next) { return try readSubstring(start) }
        case UInt8(ascii: "-"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "+"), UInt8(ascii: "#"),
            UInt8(ascii: "%"):
            break
        case UInt8(ascii: "/"), UInt8(ascii: "^"), UInt8(ascii: ","): break
        // `@P` and such evaluate the value again.
        default: noteParameter(start)
        }
        if peek() == UInt8(ascii: "="), let name, ShellVariables.changesWhatRuns(name) { note(.variable(name)) }
        try readParameterWord(start, isQuoted)
    }

    private mutating func noteParameter(_ start: Int) {
        let end = min(bytes.count, start + 24)
        note(.dialect("${" + String(decoding: bytes[start..<max(start, end)], as: UTF8.self) + "…"))
    }

    private mutating func readParameterName() -> String? {
        guard let first = peek() else { return nil }
        var name: [UInt8] = []
        if ShellBytes.isNameStart(first) {
            while let byte = peek(), ShellBytes.isNamePart(byte) {
                name.append(byte)
                position += 1
            }
        } else if ShellBytes.isDigit(first) {
            while let byte = peek(), ShellBytes.isDigit(byte) {
                name.append(byte)
                position += 1
            }
        } else if "@*#?-$!".utf8.contains(first) {
            position += 1
            name = [first]
            // `${!name}` is another variable's value.
            if first == UInt8(ascii: "!"), peek() != UInt8(ascii: "}") { return nil }
        } else {
            return nil
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// Subscripts are arithmetic, but for `[@]`, `[*]` and numbers.
    private mutating func readSubscript(_ start: Int) {
        position += 1
        var length = 0
        while let byte = peek(), ShellBytes.isDigit(byte) || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "*") {
            position += 1
            length += 1
        }
        if length == 0 || !take(UInt8(ascii: "]")) { noteParameter(start) }
    }

    /// `${name:1:2}`: arithmetic.
    private mutating func readSubstring(_ start: Int) throws(ShellStop) {
        while let byte = peek(),
            ShellBytes.isDigit(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: " ")
                || byte == UInt8(ascii: "-")
        {
            position += 1
        }
        guard take(UInt8(ascii: "}")) else {
            noteParameter(start)
            return try readParameterWord(start, true)
        }
    }

    /// The word after the operator, to after the `}`. Which quotes count in it depends on the shell where the whole
    /// stands in quotes itself.
    private mutating func readParameterWord(_ start: Int, _ isQuoted: Bool) throws(ShellStop) {
        var ignored = ReadWord()
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "}"):
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                guard position < bytes.count else { throw .syntax }
                position += 1
            case UInt8(ascii: "'"):
                if isQuoted {
                    noteParameter(start)
                    position += 1
                } else {
                    position += 1
                    while position < bytes.count, bytes[position] != UInt8(ascii: "'") { position += 1 }
                    guard position < bytes.count else { throw .syntax }
                    position += 1
                }
            case UInt8(ascii: "\""):
                if isQuoted { noteParameter(start) }
                position += 1
                try readDoubleQuotes(into: &ignored)
            case UInt8(ascii: "`"): try readBackquotes(into: &ignored, isQuoted: isQuoted)
            case UInt8(ascii: "$"):
                if peekSecond() == UInt8(ascii: "'") { noteParameter(start) }
                try readDollar(into: &ignored, isQuoted: isQuoted)
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                if peekSecond() == UInt8(ascii: "("), !isQuoted {
                    noteParameter(start)
                    try readProcessSubstitution(into: &ignored)
                } else {
                    position += 1
                }
            case UInt8(ascii: "{"), UInt8(ascii: "("):
                noteParameter(start)
                position += 1
            default: position += 1
            }
        }
        throw .syntax
    }
}
