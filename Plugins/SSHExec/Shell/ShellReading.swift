/// Finds out what parsed commands mean: which of them run others, and which run what cannot be known.
struct ShellReading {
    /// Where a command stands.
    struct Place {
        var wrappers: [String] = []
        var depth = 0
        /// What a command's standard input is; `nil` where it is not of the text.
        var standardInput: ReadWord?
    }

    private(set) var script = ShellScript()
    /// Bytes that may still be read, so that texts in texts are read in linear time.
    private var budget = 4 * ShellReader.longestLine
    private var wordBudget = 150_000

    static let mostWrappers = 16

    mutating func note(_ reason: ShellOpacity) {
        if script.opacity.count < ShellParser.mostReasons, !script.opacity.contains(reason) {
            script.opacity.append(reason)
        }
    }

    /// Reads a text as a script.
    mutating func read(_ text: [UInt8], in place: Place) {
        guard place.depth < ShellParser.deepestNesting, place.wrappers.count < Self.mostWrappers, text.count <= budget
        else { return note(.nesting) }
        budget -= text.count
        var parser = ShellParser(text, depth: place.depth)
        parser.parse()
        for reason in parser.opacity { note(reason) }
        for command in parser.commands {
            guard script.commands.count < ShellParser.mostCommands else { return note(.length) }
            take(command, parser.hereDocuments, in: place)
        }
    }

    private mutating func take(_ command: ParsedCommand, _ hereDocuments: [HereDocument], in place: Place) {
        var inner = place
        inner.depth += 1
        inner.standardInput = nil
        inner.wrappers += command.prefixes
        for assignment in command.assignments { checkAssignment(assignment) }
        var files: [ShellRedirection] = []
        var inputs = 0
        for redirection in command.redirections {
            if redirection.isStandardInput, !redirection.isInherited { inputs += 1 }
            switch redirection.target {
            case .file(let kind, let word):
                files.append(ShellRedirection(kind: kind, file: word.word))
                noteBraces(word)
            case .hereDocument(let index):
                guard redirection.isStandardInput, !redirection.isInherited, hereDocuments.indices.contains(index)
                else { continue }
                inner.standardInput = hereDocuments[index].body
            case .hereString(let word):
                guard redirection.isStandardInput, !redirection.isInherited else { continue }
                inner.standardInput = word
            case .descriptor: break
            }
        }
        if inputs > 1 { inner.standardInput = nil }
        guard !command.words.isEmpty else {
            guard !files.isEmpty else { return }
            script.commands.append(
                SimpleCommand(name: ":", path: ":", redirections: files, wrappers: inner.wrappers))
            return
        }
        let assignments = command.assignments.map { ShellAssignment(name: $0.name, value: $0.value.word) }
        run(command.words[...], in: inner, assignments: assignments, redirections: files)
    }

    private mutating func noteBraces(_ word: ReadWord) {
        if word.traits.contains(.braces) { note(.dialect(word.sourceText)) }
    }

    // MARK: Assignments

    /// Variables that are set beside the text, and that all it runs gets.
    mutating func checkEnvironment(_ variables: [(name: String, value: String)]) {
        for (name, value) in variables {
            // What is no variable's name may be one to the host, who ends it at a zero byte or an `=`.
            let isName = !name.isEmpty && name.utf8.allSatisfy(ShellBytes.isNamePart)
            let bytes = Array(value.utf8)
            checkAssignment(ParsedAssignment(name: name, value: ReadWord(literal: bytes), isSubscripted: !isName))
            if bytes.contains(0) { note(.controlCharacter) }
        }
    }

    mutating func checkAssignment(_ assignment: ParsedAssignment) {
        if assignment.isSubscripted || ShellVariables.changesWhatRuns(assignment.name) {
            note(.variable(assignment.name))
        }
        if ShellBytes.holdsSubstitution(assignment.value.value) { note(.lateEvaluation(assignment.name)) }
    }

    /// A variable that a utility sets by its name.
    mutating func checkVariable(_ name: String) {
        if ShellVariables.changesWhatRuns(name) { note(.variable(name)) }
    }

    // MARK: Commands

    /// A command by its words, the first of which is its name.
    mutating func run(
        _ words: ArraySlice<ReadWord>, in place: Place, assignments: [ShellAssignment] = [],
        redirections: [ShellRedirection] = []
    ) {
        guard place.wrappers.count < Self.mostWrappers, place.depth < ShellParser.deepestNesting,
            words.count <= wordBudget
        else { return note(.nesting) }
        var words = words
        if let first = words.first, first.traits.contains(.braces) {
            note(.dialect(first.sourceText))
            guard let expanded = ShellBraces.expand(first) else { return note(.unknownCommandName(first.sourceText)) }
            words = expanded.filter { !$0.value.isEmpty || $0.traits.contains(.quoted) } + words.dropFirst()
        }
        // What expands to nothing leaves the next word as the name.
        var skipped = 0
        while let first = words.first, first.traits.contains(.splits), first.value.isEmpty, skipped < 8 {
            note(.unknownCommandName(first.sourceText))
            skipped += 1
            guard words.count > 1 else { break }
            words = words.dropFirst()
        }
        guard let first = words.first else { return }
        wordBudget -= words.count
        let name = Self.name(of: first)
        if !first.isKnown || name == nil { note(.unknownCommandName(first.sourceText)) }
        let path = first.isKnown ? first.exactText : first.sourceText
        let found = HostPath(first.value).bytes
        if ["/proc/", "/dev/"].contains(where: { found.starts(with: $0.utf8) }) { note(.unknownCommandName(path)) }
        let command = SimpleCommand(
            name: name ?? SimpleCommand.unknownName, path: path, isPathKnown: first.isKnown,
            arguments: words.dropFirst().map(\.word), assignments: assignments, redirections: redirections,
            wrappers: place.wrappers)
        script.commands.append(command)
        let transfer = TransferCommand(command)
        if let transfer, !transfer.isUnderstood { note(.transfer(command.name)) }
        // A server of rsync has no other side to start, so that its `-e` names no program.
        guard let name, transfer?.program != .rsync || transfer?.isUnderstood == false else { return }
        interpret(Invocation(name: name, arguments: words.dropFirst(), place: place))
    }

    /// The last part of the path, where it is known. Variables count as empty, as unset ones are: `r$x''m`.
    private static func name(of word: ReadWord) -> String? {
        if word.traits.contains(.glob) { return nil }
        var value = word.value[...]
        if word.traits.contains(.dialect), value.first == UInt8(ascii: "=") { value = value.dropFirst() }
        if value.last == UInt8(ascii: "\r") { value = value.dropLast() }
        let last = value.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? []
        let name = String(decoding: last, as: UTF8.self)
        return name.isEmpty || name == "." && value.count > 1 || name == ".." ? nil : name
    }
}

/// A command whose name is known.
struct Invocation {
    let name: String
    let arguments: ArraySlice<ReadWord>
    var place: ShellReading.Place

    /// Where a command stands that this one runs.
    var inside: ShellReading.Place {
        var inner = place
        inner.wrappers.append(name)
        inner.depth += 1
        return inner
    }

    /// The arguments as texts; `nil` for those not known.
    var texts: [String?] { arguments.map(\.knownText) }

    /// Whether an argument may be an option without its being seen.
    var hidesOptions: Bool { arguments.contains(where: \.mayBeOption) }

    func hasOption(_ options: String...) -> Bool {
        arguments.contains { argument in argument.knownText.map(options.contains) ?? false }
    }
}
