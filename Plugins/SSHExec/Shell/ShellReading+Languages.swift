extension ShellReading {
    // MARK: awk

    /// Programs of awk that run no command are let be.
    mutating func checkAwk(_ invocation: Invocation) {
        let name = invocation.name
        var words = invocation.arguments
        while let word = words.first {
            guard word.value.first == UInt8(ascii: "-"), word.value.count > 1 else { break }
            words = words.dropFirst()
            guard let text = word.knownText else {
                // `-v name="$value"` is data.
                if !word.text.hasPrefix("-v") && !word.text.hasPrefix("-F")
                    || word.mayBeOption && word.traits.contains(.splits)
                {
                    note(.unknownArguments(name))
                }
                continue
            }
            if text == "--" { break }
            if text == "-F" || text == "-v" {
                if let value = words.first, value.traits.contains(.splits) { note(.unknownArguments(name)) }
                words = words.dropFirst()
            } else if !text.hasPrefix("-F"), !text.hasPrefix("-v") {
                return note(.interpreter(name))
            }
        }
        guard let program = words.first else { return }
        if words.dropFirst().contains(where: \.mayBeOption) { note(.unknownArguments(name)) }
        guard program.isKnown else { return note(.unknownArguments(name)) }
        let text = program.text.split(separator: "||", omittingEmptySubsequences: false).joined()
        if ["system", "|", "getline", "@"].contains(where: text.contains) { note(.interpreter(name)) }
    }

    // MARK: sed

    mutating func checkSed(_ invocation: Invocation) {
        let name = invocation.name
        var scripts: [ReadWord] = []
        var operands: [ReadWord] = []
        let words = Array(invocation.arguments)
        var index = 0
        while index < words.count {
            let word = words[index]
            index += 1
            if word.mayBeOption {
                note(.unknownArguments(name))
                continue
            }
            let text = word.text
            let isCluster =
                text.hasPrefix("-") && text.hasSuffix("e")
                && text.dropFirst().dropLast().allSatisfy { "nErsuz".contains($0) }
            if text == "--expression" || isCluster {
                if index < words.count { scripts.append(words[index]) }
                index += 1
            } else if text.hasPrefix("-"), text != "-" {
                let isKnown =
                    text.hasPrefix("-i") || ["--quiet", "--silent", "--regexp-extended", "--in-place"].contains(text)
                    || text.dropFirst().allSatisfy { "nErsuz".contains($0) }
                if !isKnown { note(.interpreter(name)) }
            } else {
                operands.append(word)
            }
        }
        if scripts.isEmpty, let first = operands.first { scripts.append(first) }
        // The suffix of `-i` may be another word, and the script the next, with BSD's.
        if !scripts.allSatisfy({ $0.isKnown && SedScript.runsNothing($0.value) }) { note(.interpreter(name)) }
    }

    // MARK: git

    private static let gitCommands: Set<String> = [
        "add", "am", "annotate", "apply", "archive", "blame", "branch", "bundle", "cat-file", "check-ignore",
        "checkout",
        "cherry", "cherry-pick", "clean", "clone", "commit", "count-objects", "describe", "diff", "diff-tree", "fetch",
        "for-each-ref", "format-patch", "fsck", "gc", "grep", "hash-object", "init", "log", "ls-files", "ls-remote",
        "ls-tree",
        "merge", "merge-base", "mv", "name-rev", "notes", "prune", "pull", "push", "read-tree", "rebase",
        "receive-pack",
        "reflog", "remote", "repack", "reset", "restore", "rev-list", "rev-parse", "revert", "rm", "shortlog", "show",
        "show-ref", "stash", "status", "switch", "symbolic-ref", "tag", "update-index", "update-ref", "upload-archive",
        "upload-pack", "verify-commit", "version", "whatchanged", "worktree", "write-tree",
    ]

    mutating func checkGit(_ invocation: Invocation) {
        if invocation.hidesOptions { note(.unknownArguments("git")) }
        var words = invocation.arguments
        while let word = words.first, let text = word.knownText, text.hasPrefix("-") {
            words = words.dropFirst()
            switch text {
            case "-C", "--git-dir", "--work-tree", "--namespace": words = words.dropFirst()
            case "--no-pager", "--bare", "--version", "--no-replace-objects", "--literal-pathspecs", "-P",
                "--no-optional-locks":
                break
            case _ where text.hasPrefix("--git-dir=") || text.hasPrefix("--work-tree="): break
            default: note(.option("git", text))
            }
        }
        guard let command = words.first else { return }
        guard let name = command.knownText, Self.gitCommands.contains(name) else {
            // Others may be aliases, which may be shell commands.
            return note(.interpreter("git " + command.text))
        }
        for word in words.dropFirst() {
            let text = word.text
            let option = text.split(separator: "=", maxSplits: 1).first.map(String.init) ?? text
            let long = [
                "--upload-pack", "--receive-pack", "--exec", "--ext-diff", "--open-files-in-pager", "--template",
                "--config",
            ]
            if option.utf8.count > 3, option.hasPrefix("--"), long.contains(where: { $0.hasPrefix(option) }) {
                note(.option("git", option))
            }
            if ShellBytes.contains(word.value, "ext::") { note(.option("git", text)) }
            let letters =
                ["clone": "uc", "rebase": "xi", "grep": "O", "ls-remote": "", "fetch": "", "archive": ""][name] ?? ""
            if text.hasPrefix("-"), !text.hasPrefix("--"), text.contains(where: letters.contains) {
                note(.option("git", text))
            }
        }
    }
}

/// Tells scripts of sed that only edit from those that may run commands or write files.
struct SedScript {
    private var rest: ArraySlice<UInt8>

    static func runsNothing(_ script: [UInt8]) -> Bool {
        var reading = SedScript(rest: script[...])
        while !reading.rest.isEmpty {
            guard reading.readCommand() else { return false }
        }
        return true
    }

    private mutating func readCommand() -> Bool {
        skip(" \t\n;{}")
        guard readAddress() else { return false }
        skip(" \t")
        if rest.first == UInt8(ascii: ",") {
            rest = rest.dropFirst()
            skip(" \t")
            guard readAddress() else { return false }
        }
        skip(" \t!")
        guard let command = rest.popFirst() else { return true }
        switch command {
        case UInt8(ascii: "s"), UInt8(ascii: "y"):
            guard let delimiter = rest.popFirst(), delimiter != UInt8(ascii: "\n"), delimiter != UInt8(ascii: "\\"),
                readText(to: delimiter), readText(to: delimiter)
            else { return false }
            if command == UInt8(ascii: "s") { skip("gpiIm0123456789") }
            return isAtEnd()
        case UInt8(ascii: "q"), UInt8(ascii: "Q"):
            skip(" 0123456789")
            return isAtEnd()
        case UInt8(ascii: "{"): return true
        case _ where "pdDnNPhHgGx=l".utf8.contains(command): return isAtEnd()
        default: return false
        }
    }

    private mutating func isAtEnd() -> Bool {
        skip(" \t")
        return rest.first.map { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "}") } ?? true
    }

    private mutating func readAddress() -> Bool {
        switch rest.first {
        case UInt8(ascii: "/"):
            rest = rest.dropFirst()
            guard readText(to: UInt8(ascii: "/")) else { return false }
            skip("I")
        case UInt8(ascii: "\\"): return false
        default: skip("0123456789$~+")
        }
        return true
    }

    /// In which brackets the delimiter counts differs between seds: then nothing is said.
    private mutating func readText(to delimiter: UInt8) -> Bool {
        var brackets = 0
        while let byte = rest.popFirst() {
            switch byte {
            case delimiter: return brackets == 0
            case UInt8(ascii: "\n"): return false
            case UInt8(ascii: "\\"): if rest.popFirst() == nil { return false }
            case UInt8(ascii: "["): brackets = 1
            case UInt8(ascii: "]"): brackets = 0
            default: break
            }
        }
        return false
    }

    private mutating func skip(_ bytes: String) {
        while let byte = rest.first, bytes.utf8.contains(byte) { rest = rest.dropFirst() }
    }
}
