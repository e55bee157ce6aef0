/// How a program that runs another finds it among its arguments.
struct WrapperSyntax {
    /// Short options without arguments.
    var flags = ""
    /// Short options with an argument, in the same word or the next.
    var valued = ""
    /// Short options whose argument, if any, is in the same word.
    var attached = ""
    var longFlags: Set<String> = []
    var longValued: Set<String> = []
    /// How many operands stand before the command.
    var operands = 0
    var takesAssignments = false
    /// Options with which it runs no command.
    var idle: Set<String> = []
    /// Options with which it runs something else, or the command in a way that is not followed.
    var hazards: Set<String> = []
    /// It does more with the command than run it, or knows more options.
    var isUncertain = false
    /// Without a command it starts a shell.
    var startsShell = false

    static let known: [String: WrapperSyntax] = {
        var all: [String: WrapperSyntax] = [
            "command": .init(flags: "pvV", idle: ["v", "V"]),
            "builtin": .init(),
            // busybox takes the name of `-a` for the command.
            "exec": .init(flags: "cl", valued: "a", hazards: ["a"]),
            "nohup": .init(), "nocorrect": .init(), "noglob": .init(), "-": .init(), "eatmydata": .init(),
            "repeat": .init(operands: 1, isUncertain: true),
            "env": .init(
                flags: "i0v-", valued: "uCPa",
                longFlags: ["ignore-environment", "null", "debug", "list-signal-handling"],
                longValued: ["unset", "chdir", "argv0"], takesAssignments: true),
            "sudo": .init(
                flags: "ABbEHKkNnPVvesilS", valued: "CDgpRrTtUuh",
                longFlags: [
                    "askpass", "background", "bell", "preserve-env", "set-home", "remove-timestamp", "reset-timestamp",
                    "non-interactive", "preserve-groups", "stdin", "version", "validate", "list", "edit", "shell",
                    "login",
                ],
                longValued: [
                    "user", "group", "prompt", "host", "other-user", "chdir", "chroot", "role", "type",
                    "command-timeout", "close-from",
                ],
                takesAssignments: true, idle: ["K", "V", "v", "l", "version", "validate", "remove-timestamp", "list"],
                hazards: ["e", "edit", "s", "shell", "i", "login", "h", "host"]),
            "doas": .init(flags: "Lns", valued: "Cua", hazards: ["s"]),
            "nice": .init(flags: "0123456789", valued: "n", longValued: ["adjustment"]),
            "timeout": .init(
                flags: "vfp", valued: "sk", longFlags: ["foreground", "preserve-status", "verbose"],
                longValued: ["signal", "kill-after"], operands: 1),
            "stdbuf": .init(valued: "ioe", longValued: ["input", "output", "error"]),
            "setsid": .init(flags: "cfw", longFlags: ["ctty", "fork", "wait"]),
            "ionice": .init(
                flags: "t", valued: "cnpPu", longFlags: ["ignore"],
                longValued: ["class", "classdata", "pid", "pgid", "uid"],
                idle: ["p", "P", "u", "pid", "pgid", "uid"]),
            "taskset": .init(
                flags: "acp", longFlags: ["all-tasks", "cpu-list", "pid"], operands: 1, idle: ["p", "pid"]),
            "chrt": .init(
                flags: "abdfiormRvG", valued: "TPD", operands: 1, idle: ["m", "p", "pid", "max"], isUncertain: true),
            "chroot": .init(
                longFlags: ["skip-chdir"], longValued: ["userspec", "groups"], operands: 1, startsShell: true),
            "time": .init(
                flags: "pvaql", valued: "fo", longFlags: ["portability", "verbose", "append", "quiet"],
                longValued: ["format", "output"], takesAssignments: true),
            "unshare": .init(
                flags: "frcTn", valued: "SGRw", attached: "muinpUCTl",
                longFlags: [
                    "fork", "mount", "uts", "ipc", "net", "pid", "user", "cgroup", "time", "map-root-user",
                    "map-current-user", "mount-proc", "kill-child", "keep-caps",
                ], longValued: ["setuid", "setgid", "root", "wd", "propagation", "map-user", "map-group"],
                startsShell: true),
            "nsenter": .init(
                flags: "aFZe", valued: "tSGW", attached: "muinpUCTrw",
                longFlags: [
                    "all", "mount", "uts", "ipc", "net", "pid", "user", "cgroup", "time", "root", "wd", "no-fork",
                    "preserve-credentials",
                ], longValued: ["target", "setuid", "setgid"], startsShell: true),
            "systemd-run": .init(
                flags: "tPqdrGS", valued: "uMHpE",
                longFlags: [
                    "user", "system", "scope", "wait", "pty", "pipe", "quiet", "collect", "no-block", "same-dir",
                    "remain-after-exit", "no-ask-password",
                ],
                longValued: [
                    "property", "setenv", "host", "machine", "unit", "slice", "description", "uid", "gid", "nice",
                    "working-directory",
                ],
                hazards: ["p", "property", "S", "shell", "E", "setenv", "host", "H", "M", "machine"]),
            "systemd-inhibit": .init(longFlags: ["list"], longValued: ["what", "who", "why", "mode"]),
            "strace": .init(
                flags: "cCdDfFhiknqrtTvVwxyYzZ", valued: "aebEIoOpPsSuUX", hazards: ["E", "env"], isUncertain: true),
            "ltrace": .init(flags: "bcCfhiLrStTV", valued: "aeFlnopsuxADw", isUncertain: true),
            "setpriv": .init(
                longFlags: ["clear-groups", "keep-groups", "init-groups", "no-new-privs", "nnp", "reset-env"],
                longValued: [
                    "reuid", "ruid", "euid", "regid", "rgid", "egid", "groups", "inh-caps", "ambient-caps",
                    "bounding-set", "securebits", "pdeathsig",
                ]),
            "runcon": .init(flags: "c", valued: "turl", operands: 1, isUncertain: true),
            "pkexec": .init(longValued: ["user"], startsShell: true),
            "xargs": .init(
                flags: "0rtpxo", valued: "IRnLPsdEaSJ", attached: "ile",
                longFlags: ["null", "no-run-if-empty", "verbose", "interactive", "exit", "open-tty", "show-limits"],
                longValued: [
                    "max-args", "max-lines", "max-procs", "max-chars", "delimiter", "arg-file", "replace", "eof",
                    "process-slot-var",
                ], isUncertain: true),
            "jobs": .init(flags: "lnprsx"),
        ]
        for name in ["gosu", "su-exec", "setuidgid", "envdir", "envuidgid", "chpst", "firejail", "bwrap", "proot"] {
            all[name] = .init(operands: ["firejail", "bwrap", "proot"].contains(name) ? 0 : 1, isUncertain: true)
        }
        for name in [
            "fakeroot", "fakechroot", "xvfb-run", "dbus-run-session", "dbus-launch", "valgrind", "torsocks", "torify",
            "proxychains", "proxychains4", "cpulimit", "softlimit", "tini", "dumb-init", "catatonit", "unbuffer",
            "rlwrap",
            "daemonize", "daemon", "chronic", "ifne", "catchsegv", "numactl", "setarch", "linux32", "linux64", "i386",
            "i686", "x86_64", "uname26", "perf", "rr", "nq", "apply", "entr", "gdbserver", "srun",
            "faketime", "tsocks", "prlimit", "choom", "uclampset", "logsave",
            "retry", "ssh-agent", "systemd-cat", "cgexec", "capsh", "schroot", "dchroot", "fakeroot-ng", "tsp",
            "cset", "hyperfine", "caffeinate", "ktrace", "dtruss", "truss", "sudo-rs", "run0",
            "setlock", "s6-setuidgid", "s6-envdir", "s6-softlimit", "start-stop-daemon",
        ] { all[name] = .init(flags: "fqvnRLBe", isUncertain: true) }
        return all
    }()
}
