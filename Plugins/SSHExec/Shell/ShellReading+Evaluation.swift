extension ShellReading {
    // MARK: Shells

    /// XCU sh: `-c` with a script, the name of a file, or commands on the standard input.
    mutating func runShell(_ invocation: Invocation) {
        let name = invocation.name
        let words = Array(invocation.arguments)
        var index = 0
        var readsArgument = false
        var readsInput = false
        while index < words.count {
            let word = words[index]
            let text = word.text
            guard let first = word.value.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") else {
                if word.mayBeOption, !readsArgument { note(.unknownArguments(name)) }
                break
            }
            if !word.isKnown { note(.unknownArguments(name)) }
            index += 1
            if text == "--" || text == "-" { break }
            if text.hasPrefix("--") {
                if ["--rcfile", "--init-file"].contains(text) { index += 1 }
                if !["--login", "--noprofile", "--norc", "--posix", "--restricted", "--verbose"].contains(text) {
                    note(.option(name, text))
                }
                continue
            }
            for letter in text.dropFirst() {
                switch letter {
                case "c": readsArgument = readsArgument || first == UInt8(ascii: "-")
                case "s": readsInput = true
                // Each takes the next word.
                case "o", "O":
                    // Options such as `extglob` change how the text is read.
                    if index >= words.count || !Self.isPlainOption(words[index]) { note(.option(name, "-\(letter)")) }
                    index += 1
                case "a", "b", "e", "f", "h", "l", "m", "n", "p", "r", "t", "u", "v", "x", "B", "C", "E", "H", "P", "T":
                    break
                default: note(.option(name, "-\(letter)"))
                }
            }
        }
        if readsArgument {
            guard index < words.count else { return }
            return readScript(words[index], name, invocation)
        }
        if index < words.count, !readsInput { return note(.sourcedFile(name)) }
        readStandardInput(invocation)
    }

    private static func isPlainOption(_ word: ReadWord) -> Bool {
        ["errexit", "nounset", "pipefail", "xtrace", "verbose", "noclobber", "noglob"].contains(word.knownText)
    }

    private mutating func readScript(_ word: ReadWord, _ name: String, _ invocation: Invocation) {
        if !word.isKnown { note(.unknownArguments(name)) }
        read(word.value, in: invocation.inside)
    }

    /// Commands that leave a shell's standard input to the shell.
    private static let leavesInput: Set<String> = [
        "echo", "printf", "ls", "mkdir", "rmdir", "touch", "chmod", "chown", "cd", "pwd", "true", "false", "test", "[",
        "export",
        "set", "date", "uname", "hostname", "id", "whoami", "sleep", "exit", "kill", "df", "du", "ps", "uptime", ":",
        "umask",
    ]

    private mutating func readStandardInput(_ invocation: Invocation) {
        guard let input = invocation.place.standardInput, input.isKnown || input.traits.isDisjoint(with: .expansion)
        else {
            note(.standardInput(invocation.name))
            if let input = invocation.place.standardInput { read(input.value, in: invocation.inside) }
            return
        }
        let first = script.commands.count
        readScript(input, invocation.name, invocation)
        // A command that reads the same input leaves less of it to the shell, so that other commands may appear.
        if script.commands[first...].contains(where: { !Self.leavesInput.contains($0.name) }) {
            note(.standardInput(invocation.name))
        }
    }

    // MARK: Texts as scripts

    mutating func evaluate(_ invocation: Invocation) {
        readJoined(invocation.arguments, invocation)
    }

    /// Words joined by spaces, as `eval`, `watch` and `ssh` do.
    mutating func readJoined(_ words: ArraySlice<ReadWord>, _ invocation: Invocation) {
        if words.contains(where: { !$0.isKnown }) { note(.unknownArguments(invocation.name)) }
        read(Array(words.map(\.value).joined(separator: [UInt8(ascii: " ")])), in: invocation.inside)
    }

    mutating func runTrap(_ invocation: Invocation) {
        var words = invocation.arguments
        if words.first?.mayBeOption == true { note(.unknownArguments("trap")) }
        if let first = words.first?.knownText, first.hasPrefix("-"), first != "-" {
            guard first == "--" else { return }
            words = words.dropFirst()
        }
        guard let action = words.first, action.knownText != "-" else { return }
        readScript(action, "trap", invocation)
    }

    mutating func defineAliases(_ invocation: Invocation) {
        for word in invocation.arguments {
            guard let equals = word.value.firstIndex(of: UInt8(ascii: "=")) else {
                if !word.isKnown { note(.alias) }
                continue
            }
            note(.alias)
            read(Array(word.value[(equals + 1)...]), in: invocation.inside)
        }
    }

    // MARK: Programs that give texts to a shell

    mutating func runSubstituteUser(_ invocation: Invocation) {
        let name = invocation.name
        let words = Array(invocation.arguments)
        var isFound = false
        var index = 0
        var operands = 0
        while index < words.count {
            let word = words[index]
            let text = word.text
            index += 1
            if word.mayBeOption { note(.unknownArguments(name)) }
            if text.hasPrefix("--command=") || text.hasPrefix("--session-command=") {
                readScript(
                    word.dropping(
                        (text.utf8.firstIndex(of: UInt8(ascii: "=")).map {
                            text.utf8.distance(from: text.utf8.startIndex, to: $0)
                        } ?? 0) + 1), name, invocation)
                isFound = true
            } else if text == "--command" || text == "--session-command"
                || text.hasPrefix("-") && !text.hasPrefix("--") && text.hasSuffix("c")
            {
                if index < words.count { readScript(words[index], name, invocation) }
                index += 1
                isFound = true
            } else if text.hasPrefix("-c"), text.utf8.count > 2 {
                readScript(word.dropping(2), name, invocation)
                isFound = true
            } else if ["-g", "-G", "-w", "-u", "--user", "--group"].contains(text) {
                if name == "runuser", text == "-u" || text == "--user" {
                    let rest = words.dropFirst(index + 1)
                    run(rest.first?.text == "--" ? rest.dropFirst() : rest, in: invocation.inside)
                    return
                }
                index += 1
            } else if text == "-s" || text.hasPrefix("--shell") || text.hasPrefix("-s") {
                note(.option(name, text))
                if text == "-s" || text == "--shell" { index += 1 }
            } else if !text.hasPrefix("-") {
                operands += 1
                // What follows the user is the shell's; `sg` takes a command there.
                if operands > 1 {
                    note(.unknownArguments(name))
                    read(word.value, in: invocation.inside)
                    isFound = true
                }
            }
        }
        if !isFound { note(.standardInput(name)) }
    }

    mutating func runRemote(_ invocation: Invocation) {
        note(.otherHost(invocation.name))
        let words = Array(invocation.arguments)
        var index = 0
        while index < words.count, words[index].value.first == UInt8(ascii: "-") {
            let text = words[index].text
            index += 1
            if let letter = text.dropFirst().last, "BbcDEeFIiJLlmOoPpQRSWw".contains(letter), text.utf8.count == 2 {
                index += 1
            }
        }
        // After the host.
        guard index + 1 < words.count else { return }
        readJoined(words[(index + 1)...], invocation)
    }

    mutating func runWatch(_ invocation: Invocation) {
        var scan = WrapperScan(
            name: "watch", words: Array(invocation.arguments),
            syntax: WrapperSyntax(
                flags: "tegcbpxwrC", valued: "nqs", attached: "d",
                longFlags: ["no-title", "errexit", "chgexit", "color", "beep", "precise", "exec", "differences"],
                longValued: ["interval", "equexit"]))
        scan.run()
        for reason in scan.reasons { note(reason) }
        guard scan.index < scan.words.count else { return }
        let isDirect = scan.words[..<scan.index].contains { $0.text.hasPrefix("-") && $0.text.contains("x") }
        if isDirect {
            run(scan.words[scan.index...], in: invocation.inside)
        } else {
            readJoined(scan.words[scan.index...], invocation)
        }
    }

    mutating func runScript(_ invocation: Invocation) {
        let words = Array(invocation.arguments)
        guard
            let place = words.firstIndex(where: {
                $0.text == "--command" || $0.text.hasPrefix("-") && !$0.text.hasPrefix("--") && $0.text.hasSuffix("c")
            }),
            place + 1 < words.count
        else {
            if let long = words.first(where: { $0.text.hasPrefix("--command=") }) {
                readScript(long.dropping("--command=".utf8.count), invocation.name, invocation)
            } else if let short = words.first(where: { $0.text.hasPrefix("-c") }) {
                readScript(short.dropping(2), invocation.name, invocation)
            }
            return note(.uncertainWrapper(invocation.name))
        }
        if invocation.hidesOptions { note(.unknownArguments(invocation.name)) }
        readScript(words[place + 1], invocation.name, invocation)
        // BSD's takes a command after the file.
        if words.count > place + 3 { note(.uncertainWrapper(invocation.name)) }
    }

    mutating func runFlock(_ invocation: Invocation) {
        var scan = WrapperScan(
            name: "flock", words: Array(invocation.arguments),
            syntax: WrapperSyntax(
                flags: "sxeunoFv", valued: "wE",
                longFlags: ["shared", "exclusive", "unlock", "nonblock", "nb", "close", "no-fork", "verbose"],
                longValued: ["timeout", "wait", "conflict-exit-code"], operands: 1))
        scan.run()
        for reason in scan.reasons { note(reason) }
        guard scan.index < scan.words.count else { return }
        if ["-c", "--command"].contains(scan.words[scan.index].text) {
            guard scan.index + 1 < scan.words.count else { return }
            readScript(scan.words[scan.index + 1], "flock", invocation)
        } else {
            run(scan.words[scan.index...], in: invocation.inside)
        }
    }
}
