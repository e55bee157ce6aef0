/// What is known of programs that run others, or code that is no shell's.
enum KnownPrograms {
    enum Role {
        case plain
        case opaque(ShellOpacity)
        /// Runs another command; a reason where not everything about that is known.
        case runs([ShellWord], ShellOpacity?)
        case runsScript(String)
        /// Runs what comes on its standard input.
        case readsInput
    }

    /// XCU 2.4, and what bash and zsh add.
    static let reserved: Set<String> = [
        "!", "{", "}", "case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while",
        "function", "select", "time", "coproc", "[[", "]]", "repeat", "foreach", "end", "nocorrect", "noglob", "always",
    ]

    private static let shells: Set<String> = [
        "sh", "bash", "dash", "zsh", "ksh", "ksh93", "mksh", "ash", "rbash", "fish", "csh", "tcsh", "su", "runuser",
    ]

    /// Options that take a word of their own; others stand alone. A program that is not here runs nothing.
    private static let wrappers: [String: Set<String>] = [
        "command": [], "exec": ["-a"], "builtin": [], "nohup": [], "setsid": [], "env": ["-u", "-C"], "nice": ["-n"],
        "sudo": ["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t"], "doas": ["-u", "-C"],
        "stdbuf": ["-i", "-o", "-e"], "ionice": ["-c", "-n"], "timeout": ["-k", "-s"], "chroot": [],
        "xargs": ["-I", "-n", "-L", "-P", "-d", "-a", "-E", "-s"], "busybox": [], "toybox": [], "chrt": [],
        "taskset": [], "watch": ["-n"], "time": ["-f", "-o"], "unshare": [], "nsenter": ["-t"], "setarch": [],
        "flock": ["-w", "-E"], "strace": ["-o", "-e", "-p"], "ltrace": ["-o", "-e", "-p"], "faketime": [],
        "systemd-run": ["-p", "-u"], "dbus-run-session": [], "xvfb-run": [], "eatmydata": [], "proxychains": [],
        "setpriv": [], "capsh": [], "prlimit": [], "script": [], "parallel": [], "noglob": [],
    ]

    /// How many words before the command are the wrapper's own.
    private static let operands: [String: Int] = ["timeout": 1, "chroot": 1, "flock": 1, "taskset": 1, "chrt": 1]

    /// Wrappers of which more is unknown than what they run.
    private static let uncertain: Set<String> = [
        "xargs", "parallel", "script", "unshare", "nsenter", "setarch", "chroot", "systemd-run", "flock", "watch",
        "strace", "ltrace", "xvfb-run", "dbus-run-session", "proxychains", "capsh", "setpriv", "noglob",
    ]

    private static let interpreters: Set<String> = [
        "python", "perl", "ruby", "node", "nodejs", "php", "lua", "tclsh", "expect", "wish", "Rscript", "irb", "ghci",
        "java", "jshell", "scala", "groovy", "erl", "elixir", "deno", "bun", "osascript", "gdb", "lldb", "make",
        "gmake", "cmake", "ninja", "m4", "ed", "ex", "vi", "vim", "nvim", "view", "emacs", "nano", "pico", "less",
        "more", "man", "at", "batch", "crontab", "screen", "tmux", "ssh", "sshpass", "mosh", "telnet", "nc", "ncat",
        "socat", "docker", "podman", "kubectl", "lxc", "virsh", "machinectl", "ansible", "psql", "mysql", "sqlite3",
        "gawk", "mawk", "nawk", "bc", "dc", "openssl", "go", "cargo", "npm", "npx", "pip", "gem", "apt", "apt-get",
        "dpkg", "rpm", "yum", "dnf", "snap", "run-parts", "start-stop-daemon", "logsave", "pkexec", "sg", "newgrp",
        "su", "login", "agetty", "getty", "ftp", "lftp", "mutt", "mail", "zip", "cpio", "rsync-ssl", "aria2c", "wget",
        "curl", "facter", "choom", "ld.so", "ld-linux-x86-64.so.2", "debugfs", "logrotate", "byebug", "cobc", "cpan",
        "split", "sort", "csplit", "xdg-open", "gcore", "valgrind", "perf", "torify", "torsocks", "dmesg", "journalctl",
    ]

    /// Of the shell itself: they change what later words mean, or run texts and files.
    private static let shellState: Set<String> = [
        "alias", "unalias", "hash", "enable", "trap", "set", "setopt", "unsetopt", "shopt", "emulate", "bind",
        "bindkey",
        "complete", "compgen", "compopt", "compdef", "mapfile", "readarray", "read", "eval", "source", ".", "let",
        "declare", "typeset", "local", "export", "readonly", "autoload", "zmodload", "zle", "fc", "history", "sched",
        "printf", "test", "[", "unset", "getopts", "zcompile", "functions", "cd", "pushd", "popd", "chdir", "umask",
    ]
    /// Those of them that do so only by what they are called with, and are harmless with plain texts.
    private static let harmlessWithTexts: Set<String> = [
        "printf", "test", "[", "cd", "pushd", "popd", "chdir", "umask", "export", "unset",
    ]

    /// Options by which programs run others.
    private static let runningOptions: [String: [String]] = [
        "tar": [
            "--checkpoint-action", "--to-command", "--use-compress-program", "-I", "--rmt-command", "--rsh-command",
            "-F", "--info-script", "--new-volume-script",
        ],
        "rsync": ["-e", "--rsh", "--rsync-path"], "scp": ["-S", "-o", "-D"], "sftp": ["-S", "-o", "-D", "-b"],
        "git": [
            "-c", "--exec-path", "--upload-pack", "--receive-pack", "-x", "--exec", "--config-env", "-O",
            "--open-files-in-pager",
        ],
        "sed": ["-f", "--file", "-s", "-e"], "grep": [], "date": ["-f"], "dd": [], "systemctl": ["edit"],
        "ip": ["netns"],
        "service": [], "awk": ["-f", "--file", "-i", "--include", "-l", "--load", "-E", "--exec"],
        "find": ["-delete", "-fprintf", "-fprint", "-fprint0", "-fls"],
    ]

    static func changesWhatRuns(_ variable: String) -> Bool {
        let exact: Set<String> = [
            "PATH", "ENV", "BASH_ENV", "IFS", "PS4", "PROMPT_COMMAND", "SHELL", "EDITOR", "VISUAL", "PAGER", "CDPATH",
            "SHELLOPTS", "BASHOPTS", "ZDOTDIR", "FPATH", "HOME", "PYTHONPATH", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT",
            "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS", "LESSOPEN", "LESSCLOSE", "MANPAGER", "BROWSER",
            "SUDO_EDITOR", "RSYNC_RSH", "TAR_OPTIONS", "GCONV_PATH", "LOCPATH", "TERMINFO", "CMD",
        ]
        return exact.contains(variable)
            || ["LD_", "GIT_", "DYLD_", "BASH_FUNC_", "GREP_", "MAKE"].contains {
                variable.hasPrefix($0)
            }
    }

    static func role(of command: SimpleCommand) -> Role {
        let name = command.name
        if name == "eval" { return evaluated(command) }
        if shells.contains(name) { return shell(command) }
        if let own = wrappers[name] { return wrapped(command, own) }
        if name == "find" { return find(command) }
        if name == "awk" || name == "sed" { return program(command) }
        if interpreters.contains(name) || interpreters.contains(where: { isVersion(name, of: $0) }) {
            return .opaque(.interpreter(name))
        }
        if shellState.contains(name) {
            let isHarmless =
                harmlessWithTexts.contains(name)
                && command.arguments.allSatisfy { $0.isKnown && !$0.text.contains("[") && ShellAssignment($0) == nil }
            return isHarmless && !command.arguments.contains { $0.text == "-v" } ? .plain : .opaque(.shellState(name))
        }
        // What a client's rsync starts here has no remote shell to choose; its `e` tells what the client can do.
        if name == "rsync", command.arguments.first?.text == "--server" {
            return command.arguments.allSatisfy(\.isKnown) ? .plain : .opaque(.unknownArguments(name))
        }
        if let options = runningOptions[name], let used = used(options, in: command) {
            return .opaque(.option(name, used))
        }
        if runningOptions[name] != nil, let unknown = command.arguments.first(where: { !$0.isKnown }) {
            return .opaque(.unknownArguments("\(name) \(unknown.text)"))
        }
        return .plain
    }

    /// `python3.11` of `python`.
    private static func isVersion(_ name: String, of program: String) -> Bool {
        guard name.hasPrefix(program), name.utf8.count > program.utf8.count else { return false }
        return name.utf8.dropFirst(program.utf8.count).allSatisfy {
            (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x2d
        }
    }

    private static func used(_ options: [String], in command: SimpleCommand) -> String? {
        for argument in command.arguments {
            for option in options {
                let isLong = option.hasPrefix("--")
                if argument.text == option || (isLong && argument.text.hasPrefix(option + "=")) { return option }
                // GNU takes any beginning of a long option.
                if isLong, argument.text.hasPrefix("--"), argument.text.utf8.count > 3,
                    option.hasPrefix(argument.text.split(separator: "=").first.map(String.init) ?? argument.text)
                {
                    return option
                }
                if !isLong, option.utf8.count == 2, argument.text.hasPrefix(option) { return option }
                // Among options that stand together: `-xI`.
                if !isLong, option.utf8.count == 2, argument.text.hasPrefix("-"), !argument.text.hasPrefix("--"),
                    let letter = option.last, argument.text.dropFirst().contains(letter)
                {
                    return option
                }
            }
        }
        return nil
    }

    private static func evaluated(_ command: SimpleCommand) -> Role {
        guard command.arguments.allSatisfy(\.isKnown) else { return .opaque(.unknownArguments("eval")) }
        return .runsScript(command.arguments.map(\.text).joined(separator: " "))
    }

    /// `sh -c text`, `su -c text user`; a script file is a program by its path; nothing of them is standard input.
    private static func shell(_ command: SimpleCommand) -> Role {
        guard command.arguments.allSatisfy(\.isKnown) else { return .opaque(.unknownArguments(command.name)) }
        let texts = command.arguments.map(\.text)
        if let index = texts.firstIndex(where: {
            $0.hasPrefix("-") && !$0.hasPrefix("--") && $0.contains("c") || $0 == "--command"
        }) {
            // Whether further options stand between it and its text differs between shells.
            let rest = texts[(index + 1)...].drop { $0.hasPrefix("-") || $0.hasPrefix("+") }
            return rest.first.map { .runsScript($0) } ?? .opaque(.syntax)
        }
        if let joined = texts.first(where: { $0.hasPrefix("--command=") }) {
            return .runsScript(String(joined.dropFirst("--command=".count)))
        }
        guard let file = texts.first, !file.hasPrefix("-"), !file.hasPrefix("+") else { return .readsInput }
        return .opaque(.sourcedFile(command.name))
    }

    private static func wrapped(_ command: SimpleCommand, _ own: Set<String>) -> Role {
        var rest = command.arguments[...]
        var reason: ShellOpacity? = uncertain.contains(command.name) ? .uncertainWrapper(command.name) : nil
        while let first = rest.first, !first.isKnown || first.text.hasPrefix("-") || ShellAssignment(first) != nil {
            guard first.isKnown else { return .runs(Array(rest), .unknownArguments(command.name)) }
            rest = rest.dropFirst()
            if first.text == "--" { break }
            if let assignment = ShellAssignment(first) {
                if changesWhatRuns(assignment.name) { reason = .variable(assignment.name) }
            } else if own.contains(first.text) {
                rest = rest.dropFirst()
            } else if first.text.hasPrefix("-S") || first.text.hasPrefix("--split-string"), command.name == "env" {
                reason = .option("env", "-S")
            } else if ["-s", "-i", "-e", "-l", "-c", "--shell", "--login", "--edit", "--command"].contains(first.text),
                ["sudo", "doas", "flock", "script", "exec"].contains(command.name)
            {
                reason = .option(command.name, first.text)
            } else if first.text.hasPrefix("--"), !first.text.contains("=") {
                // It may take the next word.
                reason = reason ?? .uncertainWrapper(command.name)
            }
        }
        // sudo and env take assignments behind their options.
        while ["sudo", "env", "doas"].contains(command.name), let first = rest.first, let next = ShellAssignment(first)
        {
            if changesWhatRuns(next.name) { reason = .variable(next.name) }
            rest = rest.dropFirst()
        }
        rest = rest.dropFirst(operands[command.name] ?? 0)
        if rest.isEmpty, command.name == "sudo" || command.name == "chroot" || command.name == "unshare" {
            return .opaque(.uncertainWrapper(command.name))
        }
        return .runs(Array(rest), reason)
    }

    private static func find(_ command: SimpleCommand) -> Role {
        let arguments = command.arguments
        if arguments.contains(where: { $0.isKnown && $0.text == "-delete" }) { return .opaque(.deletion("find")) }
        if let used = used(["-fprintf", "-fprint", "-fprint0", "-fls"], in: command) {
            return .opaque(.option("find", used))
        }
        let running: Set<String> = ["-exec", "-execdir", "-ok", "-okdir"]
        guard let index = arguments.firstIndex(where: { running.contains($0.text) }) else {
            return arguments.contains { !$0.isKnown && $0.text.contains("$") }
                ? .opaque(.unknownArguments("find")) : .plain
        }
        let words = Array(arguments[(index + 1)...].prefix { $0.text != ";" && $0.text != "+" })
        // Its arguments are the files that are found, and there may be another one after it.
        let more = arguments[(index + 1)...].contains { running.contains($0.text) }
        let isShell = words.first.map { shells.contains(SimpleCommand($0).name) } ?? false
        return .runs(words, more || isShell ? .option("find", "-exec") : nil)
    }

    /// Programs of awk and sed, which can run commands, read and write files.
    private static func program(_ command: SimpleCommand) -> Role {
        if command.arguments.contains(where: { !$0.isKnown }) { return .opaque(.unknownArguments(command.name)) }
        if let used = used(["-f", "--file", "-E", "--exec", "-i", "--include", "-l", "--load"], in: command),
            command.name == "awk" || used.hasPrefix("-f") || used == "--file"
        {
            return .opaque(.option(command.name, used))
        }
        let text = command.arguments.map(\.text).joined(separator: "\n")
        let risky =
            command.name == "awk"
            ? ["system", "|", "getline", "@", ">", "printf", "print >"] : ["e", "w", "W", "r", "R"]
        if command.name == "awk" {
            return risky.contains { text.contains($0) } ? .opaque(.interpreter("awk")) : .plain
        }
        // Of sed only printing lines by number and substitutions without flags are known to be harmless.
        let programs = command.arguments.filter { !$0.text.hasPrefix("-") }
        guard let program = programs.first?.text else { return .opaque(.interpreter("sed")) }
        let isLines = program.utf8.allSatisfy { (0x30...0x39).contains($0) || ",$pdq".utf8.contains($0) }
        let parts = program.split(separator: "/", omittingEmptySubsequences: false)
        let isSubstitution = program.hasPrefix("s/") && parts.count == 4 && ["", "g"].contains(parts[3])
        return isLines || isSubstitution ? .plain : .opaque(.interpreter("sed"))
    }
}
