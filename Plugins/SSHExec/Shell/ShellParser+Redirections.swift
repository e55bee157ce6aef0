extension ShellParser {
    /// XCU 2.7, with `&>`, `&>>`, `>&file` and `<<<` of bash.
    mutating func readRedirection(descriptor: Int?) throws(ShellStop) -> ParsedRedirection {
        let isBoth = take(UInt8(ascii: "&"))
        let isInput = take(UInt8(ascii: "<"))
        if !isInput {
            position += 1
            noteForcedOverwriting()
        }
        func redirection(_ target: ParsedRedirection.Target) -> ParsedRedirection {
            ParsedRedirection(target: target, descriptor: descriptor, isInput: isInput)
        }
        switch peek() {
        case UInt8(ascii: "<") where isInput:
            position += 1
            if take(UInt8(ascii: "<")) { return redirection(.hereString(try readTarget())) }
            return redirection(.hereDocument(try readHereDocumentStart()))
        case UInt8(ascii: ">") where isInput:
            position += 1
            return redirection(.file(.readWrite, try readTarget()))
        case UInt8(ascii: ">"):
            position += 1
            return redirection(.file(.append, try readTarget()))
        case UInt8(ascii: "|") where !isInput && !isBoth:
            position += 1
            return redirection(.file(.write, try readTarget()))
        case UInt8(ascii: "&") where !isBoth:
            position += 1
            let target = try readTarget()
            if target.isKnown, Self.isDescriptorText(target.value) { return redirection(.descriptor) }
            return redirection(.file(isInput ? .read : .write, target))
        default:
            return redirection(.file(isInput ? .read : .write, try readTarget()))
        }
    }

    /// zsh's `>!`, `>>!` and `>&!` are operators, and the next word is the file; others take `!` for the file.
    private mutating func noteForcedOverwriting() {
        let start = position
        defer { position = start }
        while let byte = peek(), byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&") { position += 1 }
        if peek() == UInt8(ascii: "!") { note(.dialect(">!")) }
    }

    /// A number, `-`, or a number to be moved: `3-`.
    private static func isDescriptorText(_ text: [UInt8]) -> Bool {
        guard let last = text.last else { return false }
        return text.dropLast().allSatisfy(ShellBytes.isDigit) && (last == UInt8(ascii: "-") || ShellBytes.isDigit(last))
    }

    private mutating func readTarget() throws(ShellStop) -> ReadWord {
        skipBlanks()
        _ = peek()
        let start = position
        let word = try readWord()
        guard position > start else { throw .syntax }
        return word
    }

    // MARK: Here-documents

    private mutating func readHereDocumentStart() throws(ShellStop) -> Int {
        let stripsTabs = take(UInt8(ascii: "-"))
        let delimiter = try readTarget()
        // POSIX takes the delimiter as it stands, shells differ in what they make of expansions and of `$'…'`.
        if !delimiter.traits.isDisjoint(with: [.expansion, .dialect])
            || delimiter.source.contains(UInt8(ascii: "$")) || delimiter.value.contains(UInt8(ascii: "\n"))
        {
            note(.dialect("<<" + delimiter.sourceText))
        }
        hereDocuments.append(
            HereDocument(
                delimiter: delimiter.value, isQuoted: delimiter.traits.contains(.quoted), stripsTabs: stripsTabs))
        pendingHereDocuments.append(hereDocuments.count - 1)
        return hereDocuments.count - 1
    }

    /// XCU 2.7.4: the bodies begin after the newline that has just been read.
    mutating func readHereDocuments() throws(ShellStop) {
        let pending = pendingHereDocuments
        pendingHereDocuments = []
        for index in pending { try readHereDocument(index) }
    }

    private mutating func readHereDocument(_ index: Int) throws(ShellStop) {
        let document = hereDocuments[index]
        var body: [UInt8] = []
        while true {
            guard position < bytes.count else { throw .syntax }
            var start = position
            let end = bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            position = min(end + 1, bytes.count)
            if document.stripsTabs { while start < end, bytes[start] == UInt8(ascii: "\t") { start += 1 } }
            let line = bytes[start..<end]
            if line.elementsEqual(document.delimiter) { break }
            // Whether a continued line can hold the delimiter depends on the shell.
            if !document.isQuoted, line.last == UInt8(ascii: "\\") { note(.dialect("<<")) }
            body += line
            body.append(UInt8(ascii: "\n"))
        }
        if document.isQuoted {
            hereDocuments[index].body = ReadWord(literal: body)
            return
        }
        try enter()
        var nested = ShellParser(body, depth: depth)
        nested.rereadings = rereadings
        let read = nested.parseHereDocumentBody()
        adopt(nested)
        hereDocuments[index].body = read
        leave()
    }

    /// The whole text as what an unquoted delimiter's here-document holds.
    private mutating func parseHereDocumentBody() -> ReadWord {
        var word = ReadWord()
        do throws(ShellStop) {
            while let byte = peek() { try readQuoted(byte, into: &word, isHereDocument: true) }
        } catch {
            note(Self.opacity(error))
        }
        word.source = bytes
        return word
    }
}
