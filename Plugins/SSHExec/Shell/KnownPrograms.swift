/// Programs whose arguments or input are programs themselves.
enum KnownPrograms {
    /// Read as POSIX shells.
    static let shells: Set<String> = [
        "sh", "bash", "rbash", "dash", "ash", "zsh", "rzsh", "ksh", "rksh", "ksh93", "mksh", "lksh", "pdksh", "oksh",
        "yash",
        "posh", "hush", "bash-static", "zsh-static", "mksh-static", "lksh-static",
    ]

    /// Whose language is another, though it looks alike.
    static let otherShells: Set<String> = [
        "fish", "csh", "tcsh", "xonsh", "nu", "elvish", "rc", "es", "scsh", "sash", "osh", "oil", "ysh", "pwsh",
        "powershell",
        "murex",
    ]

    static let interpreters: Set<String> = [
        "python", "pypy", "ipython", "perl", "ruby", "irb", "jruby", "node", "nodejs", "deno", "bun", "npm", "npx",
        "yarn",
        "pnpm", "corepack", "tsx", "ts-node", "php", "php-cgi", "lua", "luajit", "texlua", "tclsh", "wish", "expect",
        "guile",
        "scheme", "sbcl", "clisp", "ecl", "racket", "emacs", "emacsclient", "erl", "escript", "elixir", "iex", "julia",
        "R",
        "Rscript", "octave", "octave-cli", "gnuplot", "java", "jshell", "groovy", "scala", "kotlin", "ghci", "runghc",
        "runhaskell", "ocaml", "swift", "go", "cargo", "rustc", "dotnet", "mono", "osascript", "bpftrace", "gdb",
        "lldb", "dtrace",
        "stap", "m4", "dc", "ed", "red", "ex", "vi", "vim", "view", "vimdiff", "rvim", "nvim", "nano", "pico", "mg",
        "jed", "joe",
        "micro", "hx", "make", "gmake", "bmake", "ninja", "cmake", "meson", "scons", "rake", "ant", "mvn", "gradle",
        "just",
        "bazel", "bundle", "poetry", "pipenv", "pipx", "pip", "uv", "uvx", "conda", "mamba", "gem", "composer", "nix",
        "nix-shell", "guix", "ansible", "ansible-playbook", "puppet", "chef-client", "salt-call", "salt", "terraform",
        "vagrant", "screen", "tmux", "byobu", "dtach", "abduco", "zellij", "xterm", "gnome-terminal", "konsole", "at",
        "batch",
        "run-parts", "anacron", "logrotate", "visudo", "vipw", "vigr", "sudoedit", "select-editor", "sensible-editor",
        "sensible-pager", "pager", "ldd", "sftp", "lftp", "ftp", "socat", "telnet", "mysql", "mariadb", "psql",
        "sqlite", "sqlite3",
        "redis-cli", "mongo", "mongosh", "mail", "mailx", "mutt", "snap", "flatpak", "wsl", "procmail",
        "sendmail", "pee", "vidir", "vipe", "fzf", "ranger", "mc", "nnn", "dialog", "w3m", "lynx", "links",
        "xdg-open", "open", "run-mailcap", "see", "edit", "machinectl", "virsh", "pdsh",
        "clush", "jrunscript", "jjs", "tcc", "fc", "history", "bind",
        "complete", "compgen", "compopt", "enable", "autoload", "zmodload", "zle", "bindkey", "sched", "emulate",
        "setopt",
        "unsetopt", "disable", "zcompile", "zstyle", "compdef", "zparseopts", "zformat", "vared", "functions",
        "foreach",
        "cloud-init", "debootstrap", "dpkg-reconfigure", "dpkg-buildpackage", "rpmbuild", "makepkg", "ccache", "distcc",
        "fakeroot-sysv", "doxygen", "latex", "pdflatex", "xelatex", "lualatex", "tex", "luatex", "gs",
        "certbot", "acme.sh", "incrond", "nodemon", "pm2", "supervisorctl",
        "monit", "watchman", "watchexec", "cpan", "cpanm", "mise", "asdf",
        "direnv", "rbenv", "pyenv", "nodenv", "volta", "fnm", "nvm",
    ]
}

/// Arguments by which a program runs others, though that is not what it is for.
struct HazardousArguments {
    /// Letters of short options.
    var short = ""
    /// Long options, which may be abbreviated.
    var long: [String] = []
    /// Whole arguments.
    var words: Set<String> = []
    /// Beginnings of arguments.
    var prefixes: [String] = []
    /// tar's options may begin without a `-`.
    var firstIsCluster = false

    private static let tar = HazardousArguments(
        short: "IF",
        long: [
            "--checkpoint-action", "--to-command", "--use-compress-program", "--rsh-command", "--rmt-command",
            "--info-script", "--new-volume-script",
        ], firstIsCluster: true)

    private static let containers = HazardousArguments(
        short: "Hc",
        words: [
            "exec", "run", "create", "start", "shell", "debug", "attach", "build", "buildx", "compose", "enter", "ssh",
            "plugin",
            "apply", "edit", "launch", "init", "kustomize", "diff", "load", "import",
        ], prefixes: ["--context", "--config", "--host", "--kubeconfig"])

    private static let compilers = HazardousArguments(
        words: ["-B", "-x"],
        prefixes: ["-wrapper", "-fplugin", "-B", "-specs", "--specs", "@", "-fuse-ld", "-load", "-Xclang"])

    private static let packages = HazardousArguments(
        short: "oc",
        long: ["--option", "--config-file", "--pre-invoke", "--post-invoke", "--root", "--instdir", "--setopt"],
        words: ["build-dep", "source", "changelog", "edit-sources", "shell", "console"])

    private static let pagers = HazardousArguments(
        short: "kPoO", long: ["--lesskey-file", "--lesskey-src"], prefixes: ["+"])

    static let known: [String: HazardousArguments] = [
        "tar": tar, "gtar": tar, "bsdtar": tar, "star": tar,
        "cpio": .init(long: ["--rsh-command"]),
        "rsync": .init(
            long: ["--rsh", "--rsync-path", "--daemon", "--config", "--early-input"], prefixes: ["-e", "-M"]),
        "scp": .init(short: "SoFD"),
        "sort": .init(long: ["--compress-program"]),
        "split": .init(long: ["--filter"]),
        "install": .init(long: ["--strip-program"]),
        "wget": .init(short: "e", long: ["--execute", "--use-askpass", "--config"]),
        "tcpdump": .init(short: "z"), "tshark": .init(short: "X"),
        "nc": .init(short: "ec"), "netcat": .init(short: "ec"),
        "ncat": .init(short: "ec", long: ["--exec", "--sh-exec", "--lua-exec"]),
        "nmap": .init(long: ["--script", "--datadir", "--servicedb", "--interactive"], prefixes: ["-sC", "-A"]),
        "zip": .init(short: "T", long: ["--unzip-command", "--test"]),
        "man": .init(
            short: "PHCXTZ", long: ["--pager", "--html", "--config-file", "--preprocessor", "--troff", "--gxditview"]),
        "less": pagers, "more": pagers, "most": pagers,
        "apt": packages, "apt-get": packages, "aptitude": packages, "apt-cache": packages, "dpkg": packages,
        "yum": packages, "dnf": packages,
        "rpm": .init(long: ["--eval", "--pipe", "--define", "--macros", "--rcfile"], prefixes: ["-E"]),
        "docker": containers, "podman": containers, "nerdctl": containers, "kubectl": containers, "oc": containers,
        "lxc": containers, "incus": containers, "crictl": containers, "ctr": containers, "docker-compose": containers,
        "helm": containers, "buildah": containers, "lxc-attach": .init(prefixes: [""]),
        "lxc-execute": .init(prefixes: [""]), "systemd-nspawn": .init(prefixes: [""]),
        "systemctl": .init(
            short: "HM", long: ["--host", "--machine"], words: ["edit", "set-environment", "import-environment"]),
        "openssl": .init(prefixes: ["-engine", "-provider", "-config"]),
        "gcc": compilers, "g++": compilers, "cc": compilers, "c++": compilers, "clang": compilers, "clang++": compilers,
        "ld": compilers, "as": compilers,
        "gpg": .init(
            long: [
                "--agent-program", "--dirmngr-program", "--photo-viewer", "--exec-path", "--options", "--homedir",
                "--keyserver-options", "--gpgconf-program",
            ]),
        "rg": .init(long: ["--pre", "--hostname-bin"]), "fd": .init(short: "xX", long: ["--exec", "--exec-batch"]),
        "fdfind": .init(short: "xX", long: ["--exec", "--exec-batch"]),
        "ag": .init(long: ["--pager"]), "bat": .init(long: ["--pager"]), "batcat": .init(long: ["--pager"]),
        "ctest": .init(prefixes: [""]),
        "svn": .init(long: ["--diff-cmd", "--editor-cmd", "--diff3-cmd", "--config-option", "--config-dir"]),
        "hg": .init(prefixes: ["--config", "--debugger", "--ssh", "-e", "--remotecmd", "--cwd", "-R", "--repository"],
        ),

        "curl": .init(short: "K", long: ["--config"]),
        "iptables": .init(long: ["--modprobe"], prefixes: ["-M"]),
        "ip6tables": .init(long: ["--modprobe"], prefixes: ["-M"]), "ssh-keygen": .init(short: "Dw"),
        "ssh-add": .init(short: "sS"), "logsurfer": .init(prefixes: [""]),
        "restic": .init(short: "o", long: ["--password-command", "--option"]),
        "borg": .init(long: ["--rsh", "--remote-path"], words: ["with-lock"]),
        "rclone": .init(long: ["--password-command", "--config", "--sftp-ssh", "--webdav-bearer-token-command"]),
        "patch": .init(short: "e", long: ["--ed"]), "sdiff": .init(long: ["--diff-program"]),
        "diff3": .init(long: ["--diff-program"]),
        "su-exec": .init(prefixes: [""]),
        "cobc": .init(prefixes: [""]),
    ]
}
