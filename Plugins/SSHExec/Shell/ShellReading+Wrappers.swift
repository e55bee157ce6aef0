extension ShellReading {
    /// Finds the command that a wrapper runs, behind its options and operands.
    mutating func runWrapper(_ invocation: Invocation, _ syntax: WrapperSyntax) {
        var scan = WrapperScan(name: invocation.name, words: Array(invocation.arguments), syntax: syntax)
        scan.run()
        for reason in scan.reasons { note(reason) }
        for assignment in scan.assignments { checkAssignment(assignment) }
        guard !scan.isIdle else { return }
        guard scan.index < scan.words.count else {
            if syntax.startsShell { note(.standardInput(invocation.name)) }
            if syntax.isUncertain { note(.uncertainWrapper(invocation.name)) }
            return
        }
        if syntax.isUncertain { note(.uncertainWrapper(invocation.name)) }
        run(scan.words[scan.index...], in: invocation.inside)
    }
}

/// Goes over a wrapper's arguments to where its command begins.
struct WrapperScan {
    let name: String
    var words: [ReadWord]
    let syntax: WrapperSyntax
    var index = 0
    var reasons: [ShellOpacity] = []
    var assignments: [ParsedAssignment] = []
    /// Whether an option says that nothing is to be run.
    var isIdle = false
    private var operands: Int
    private var areOptionsOver = false
    private var splits = 0

    init(name: String, words: [ReadWord], syntax: WrapperSyntax) {
        self.name = name
        self.words = words
        self.syntax = syntax
        operands = syntax.operands
    }

    mutating func run() {
        while index < words.count {
            let word = words[index]
            if let assignment = assignment(word) {
                // Only env takes them after `--`.
                if areOptionsOver, name != "env" { reasons.append(.option(name, word.text)) }
                assignments.append(assignment)
                index += 1
                continue
            }
            if word.traits.contains(.expansion), word.mayBeOption {
                reasons.append(.unknownArguments(name))
                index += 1
                if operands > 0 { operands -= 1 }
                continue
            }
            if !areOptionsOver, word.value.elementsEqual("--".utf8) {
                areOptionsOver = true
                index += 1
            } else if !areOptionsOver, word.value.first == UInt8(ascii: "-"), word.value.count > 1 {
                if !assignments.isEmpty { reasons.append(.option(name, word.sourceText)) }
                index += 1
                readOption(word)
            } else if name == "env", word.value.elementsEqual("-".utf8) {
                index += 1
            } else if operands > 0 {
                operands -= 1
                areOptionsOver = true
                index += 1
            } else {
                return
            }
        }
    }

    private func assignment(_ word: ReadWord) -> ParsedAssignment? {
        guard syntax.takesAssignments, word.isKnown || !word.traits.contains(.splits) else { return nil }
        if name == "time" {
            return word.assignment.map { ParsedAssignment(name: $0.name, value: word.dropping($0.valueStart)) }
        }
        let first = word.value.first
        guard let found = word.environmentAssignment, first != UInt8(ascii: "-") || areOptionsOver,
            name == "env" || first != UInt8(ascii: "/")
        else { return nil }
        return ParsedAssignment(name: found.name, value: word.dropping(found.valueStart))
    }

    private mutating func readOption(_ word: ReadWord) {
        let text = word.text
        if !word.isKnown { reasons.append(.unknownArguments(name)) }
        guard text.hasPrefix("--") else { return readCluster(word) }
        let parts = text.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let option = String(parts.first ?? "")
        if syntax.idle.contains(option) { isIdle = true }
        if syntax.hazards.contains(option) { reasons.append(.option(name, "--" + option)) }
        if name == "env", option == "split-string" {
            if parts.count > 1 { split(word.dropping(option.utf8.count + 3)) } else { splitNext() }
        } else if syntax.longValued.contains(option) {
            if parts.count == 1 { index += 1 }
        } else if !syntax.longFlags.contains(option), parts.count == 1 || syntax.operands > 0 {
            // One that is not known may take the next word.
            reasons.append(.option(name, "--" + option))
        }
    }

    private mutating func readCluster(_ word: ReadWord) {
        let letters = Array(word.value)
        for place in 1..<letters.count {
            let letter = Character(Unicode.Scalar(letters[place]))
            if syntax.idle.contains(String(letter)) { isIdle = true }
            if syntax.hazards.contains(String(letter)) { reasons.append(.option(name, "-\(letter)")) }
            if name == "env", letter == "S" {
                if place + 1 < letters.count { split(word.dropping(place + 1)) } else { splitNext() }
                return
            }
            if syntax.valued.contains(letter) {
                if place + 1 == letters.count { index += 1 }
                return
            }
            if syntax.attached.contains(letter) { return }
            guard syntax.flags.contains(letter) else {
                reasons.append(.option(name, "-\(letter)"))
                return
            }
        }
    }

    private mutating func splitNext() {
        guard index < words.count else { return }
        index += 1
        split(words[index - 1])
    }

    /// `env -S`: the string's words take the place of the option.
    private mutating func split(_ word: ReadWord) {
        splits += 1
        guard splits < 8 else { return reasons.append(.nesting) }
        // It has quotes, escapes and variables of its own.
        let special = Array("\\'\"$#".utf8)
        if !word.isKnown || word.value.contains(where: special.contains) { reasons.append(.option(name, "-S")) }
        let parts = word.value.split { $0 == UInt8(ascii: " ") || $0 >= 9 && $0 <= 13 }
        let split = parts.map { part in
            var read = ReadWord()
            for byte in part where !special.contains(byte) { read.append(byte, plain: true) }
            read.source = Array(part)
            return read
        }
        words.replaceSubrange(..<index, with: split)
        index = 0
    }
}
