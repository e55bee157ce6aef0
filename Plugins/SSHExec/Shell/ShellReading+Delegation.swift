extension ShellReading {
    // MARK: Programs that run others among their operands

    mutating func runFind(_ invocation: Invocation) {
        let words = Array(invocation.arguments)
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            if word.mayBeOption { note(.unknownArguments("find")) }
            switch word.text {
            case "-delete": note(.deletion("find"))
            case "-exec", "-execdir", "-ok", "-okdir":
                var inner: [ReadWord] = []
                while index < words.count {
                    let next = words[index]
                    index += 1
                    if next.text == ";" || next.text == "+" && inner.last?.source == Array("{}".utf8) { break }
                    inner.append(Self.withFileName(next))
                }
                run(inner[...], in: invocation.inside)
            default: break
            }
        }
    }

    /// find puts names of files where `{}` stands.
    private static func withFileName(_ word: ReadWord) -> ReadWord {
        guard ShellBytes.contains(word.value, "{}") else { return word }
        var changed = word
        if word.value.starts(with: "{}".utf8) { changed = ReadWord(source: word.source) }
        changed.addTrait(.expansion)
        return changed
    }

    mutating func runParallel(_ invocation: Invocation) {
        note(.uncertainWrapper("parallel"))
        var scan = WrapperScan(
            name: "parallel", words: Array(invocation.arguments),
            syntax: WrapperSyntax(flags: "0kmqtuvX", valued: "IjnNLPsadlS", longValued: ["jobs", "max-args", "colsep"]))
        scan.run()
        let words = scan.words[min(scan.index, scan.words.count)...]
        readJoined(words.prefix { !$0.text.hasPrefix(":::") }, invocation)
    }

    mutating func runMultiCall(_ invocation: Invocation) {
        guard let first = invocation.arguments.first else { return }
        if first.value.first == UInt8(ascii: "-") {
            if !["--list", "--list-full", "--help", "--long"].contains(first.knownText) {
                note(.uncertainWrapper(invocation.name))
            }
            return
        }
        run(invocation.arguments, in: invocation.inside)
    }

    mutating func runCoreutils(_ invocation: Invocation) {
        note(.uncertainWrapper("coreutils"))
        guard let first = invocation.arguments.first else { return }
        var words = invocation.arguments
        for prefix in ["--coreutils-prog=", "--coreutils-prog-shebang="] where first.text.hasPrefix(prefix) {
            words = [first.dropping(prefix.utf8.count)] + words.dropFirst()
        }
        run(words, in: invocation.inside)
    }

    mutating func runNamespace(_ invocation: Invocation) {
        let words = Array(invocation.arguments)
        if invocation.hidesOptions { note(.unknownArguments("ip")) }
        if words.contains(where: { $0.text.hasPrefix("-b") }) { note(.option("ip", "-batch")) }
        // Its words may be abbreviated: `ip net e name rm`.
        guard
            let object = words.firstIndex(where: {
                ["n", "ne", "net", "netn", "netns", "v", "vr", "vrf"].contains($0.text)
            }),
            let exec = words[object...].firstIndex(where: { !$0.value.isEmpty && "exec".hasPrefix($0.text) })
        else { return }
        note(.uncertainWrapper("ip"))
        guard exec + 2 < words.count else { return }
        run(words[(exec + 2)...], in: invocation.inside)
    }

    // MARK: Built-in utilities

    /// Those that evaluate arguments as variables or arithmetic.
    private static let evaluating: Set<String> = [
        "test", "[", "[[", "printf", "read", "unset", "declare", "typeset", "local", "export", "readonly", "integer",
        "float",
        "let", "exit", "return", "shift", "break", "continue", "ulimit", "wait", "getopts", "mapfile", "readarray",
        "print",
    ]

    mutating func checkBuiltin(_ invocation: Invocation) {
        let name = invocation.name
        if Self.evaluating.contains(name),
            invocation.arguments.contains(where: {
                ShellBytes.holdsSubstitution($0.value) && $0.value.contains(UInt8(ascii: "["))
            })
        {
            note(.lateEvaluation(name))
        }
        switch name {
        case "export", "readonly", "declare", "typeset", "local", "integer", "float": checkDeclarations(invocation)
        case "read", "getopts", "mapfile", "readarray", "unset":
            if invocation.arguments.contains(where: { !$0.isKnown }) { note(.unknownArguments(name)) }
            if name.hasSuffix("file") || name.hasSuffix("array"),
                invocation.texts.contains(where: { $0?.hasPrefix("-C") ?? true })
            {
                note(.option(name, "-C"))
            }
            for text in invocation.texts.compactMap(\.self) {
                checkVariable(text)
                if text.contains("[") { note(.lateEvaluation(name)) }
            }
        case "printf", "print":
            if invocation.arguments.first?.mayBeOption == true { note(.unknownArguments(name)) }
            if let first = invocation.texts.first ?? nil, first.hasPrefix("-") {
                if first.hasPrefix("-v") {
                    let variable =
                        first == "-v" ? invocation.texts.dropFirst().first ?? nil : String(first.dropFirst(2))
                    if let variable { checkVariable(variable) } else { note(.unknownArguments(name)) }
                } else if name == "print", first.contains(where: { "zPsSRv".contains($0) }) {
                    note(.option(name, first))
                }
            }
        case "test", "[":
            if invocation.arguments.contains(where: { $0.traits.contains(.splits) }) { note(.unknownArguments(name)) }
        case "let":
            if invocation.arguments.contains(where: { !$0.isKnown || $0.value.contains(where: ShellBytes.isNameStart) })
            {
                note(.arithmetic)
            }
        case "set":
            if let first = invocation.arguments.first, first.mayBeOption { note(.unknownArguments(name)) }
            // With `-k`, assignments after a command's name count.
            for text in invocation.texts.prefix(while: { $0 != "--" }).compactMap(\.self) {
                if text.hasPrefix("-"), text.contains("k") || text == "-A" || text == "-s" { note(.shellState(name)) }
                if ["keyword", "posix", "histexpand", "aliases"].contains(text) { note(.shellState(name)) }
            }
        case "shopt", "unalias", "unfunction", "unhash": note(.shellState(name))
        case "hash": if invocation.texts.contains(where: { $0 != "-r" }) { note(.shellState(name)) }
        default: break
        }
    }

    private mutating func checkDeclarations(_ invocation: Invocation) {
        for argument in invocation.arguments {
            if let found = argument.environmentAssignment {
                let name = found.name.hasSuffix("+") ? String(found.name.dropLast()) : found.name
                let isPlain = name.utf8.allSatisfy(ShellBytes.isNamePart)
                checkAssignment(
                    ParsedAssignment(
                        name: name, value: argument.dropping(found.valueStart), isSubscripted: !isPlain))
                if argument.traits.contains(.splits) || argument.traits.contains(.braces) {
                    note(.unknownArguments(invocation.name))
                }
            } else if let text = argument.knownText {
                checkVariable(text)
                // References and integers are evaluated when they are assigned to.
                if text.hasPrefix("-") || text.hasPrefix("+"), text.contains(where: { "niAEFTUf".contains($0) }) {
                    if text.contains("f") || text.contains("F") { continue }
                    note(.shellState(invocation.name))
                }
            } else {
                note(.unknownArguments(invocation.name))
            }
        }
    }
}
