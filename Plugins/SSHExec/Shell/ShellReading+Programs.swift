extension ShellReading {
    /// What a command does with its arguments, where that runs others.
    mutating func interpret(_ invocation: Invocation) {
        let name = invocation.name
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return }
        // `python3.11` is one of the `python`s.
        let family = Self.withoutVersion(name)
        if ["--version", "--help"].contains(invocation.texts.first), invocation.arguments.count == 1 { return }
        if KnownPrograms.shells.contains(family) { return runShell(invocation) }
        if KnownPrograms.otherShells.contains(family) {
            note(.interpreter(name))
            return runShell(invocation)
        }
        switch name {
        case "eval": evaluate(invocation)
        case "trap": runTrap(invocation)
        case ".", "source": note(.sourcedFile(name))
        case "alias": defineAliases(invocation)
        case "find", "gfind": runFind(invocation)
        case "parallel": runParallel(invocation)
        case "su", "runuser", "sg", "newgrp": runSubstituteUser(invocation)
        case "ssh", "autossh", "dbclient", "slogin", "rsh", "sshpass": runRemote(invocation)
        case "watch": runWatch(invocation)
        case "script", "scriptlive": runScript(invocation)
        case "flock": runFlock(invocation)
        case "busybox", "toybox", "sbase-box", "ubase-box": runMultiCall(invocation)
        case "coreutils": runCoreutils(invocation)
        case "ip": runNamespace(invocation)
        case "awk", "gawk", "mawk", "nawk", "original-awk": checkAwk(invocation)
        case "sed", "gsed": checkSed(invocation)
        case "git": checkGit(invocation)
        case "git-shell": note(.interpreter(name))
        case "jobs":
            if invocation.arguments.contains(where: { !$0.isKnown || $0.value.contains(UInt8(ascii: "x")) }) {
                runWrapper(invocation, WrapperSyntax(flags: "lnprsx", isUncertain: true))
            }
        case "crontab":
            if invocation.texts != ["-l"] { note(.interpreter(name)) }
        case _ where name.hasPrefix("ld-linux") || name.hasPrefix("ld-musl") || name.hasPrefix("ld.so"):
            runWrapper(invocation, WrapperSyntax(isUncertain: true))
        case _ where KnownPrograms.interpreters.contains(family): note(.interpreter(name))
        default:
            if let syntax = WrapperSyntax.known[name] { return runWrapper(invocation, syntax) }
            if let hazards = HazardousArguments.known[name] { return check(invocation, hazards) }
            checkBuiltin(invocation)
        }
    }

    static func withoutVersion(_ name: String) -> String {
        var end = name.utf8.endIndex
        while end > name.utf8.startIndex {
            let before = name.utf8.index(before: end)
            let byte = name.utf8[before]
            guard ShellBytes.isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") else { break }
            end = before
        }
        return end == name.utf8.startIndex ? name : String(name[..<end])
    }

    /// Known options with which a program runs others.
    private mutating func check(_ invocation: Invocation, _ hazards: HazardousArguments) {
        let name = invocation.name
        var isFirst = true
        for argument in invocation.arguments {
            defer { isFirst = false }
            if argument.mayBeOption { note(.unknownArguments(name)) }
            let text = argument.text
            if hazards.words.contains(text) { note(.option(name, text)) }
            if hazards.prefixes.contains(where: text.hasPrefix) { note(.option(name, text)) }
            if text.hasPrefix("--") {
                let option = text.split(separator: "=", maxSplits: 1).first.map(String.init) ?? text
                if option.utf8.count > 2, hazards.long.contains(where: { $0.hasPrefix(option) }) {
                    note(.option(name, option))
                }
            } else if text.hasPrefix("-") || hazards.firstIsCluster && isFirst {
                if text.contains(where: hazards.short.contains) { note(.option(name, text)) }
            }
        }
    }
}
