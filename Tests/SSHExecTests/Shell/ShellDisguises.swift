import Testing

/// Ways to run `rm` that do not look like it.
struct ShellDisguise: Sendable, CustomTestStringConvertible {
    enum Verdict: Sendable {
        case seen, opaque, both
    }

    let line: String
    let verdict: Verdict
    var testDescription: String { line }

    init(_ verdict: Verdict, _ line: String) {
        self.line = line
        self.verdict = verdict
    }

    static let all = quoting + paths + wrappers + shells + delegation + grammar + expansions + environment + programs

    static let quoting: [ShellDisguise] = [
        .init(.seen, "rm x"), .init(.seen, #"r\m x"#), .init(.seen, "'rm' x"), .init(.seen, #""rm" x"#),
        .init(.seen, #"r""m x"#), .init(.seen, "r''m x"), .init(.seen, #"\r\m x"#), .init(.seen, #""r"'m' x"#),
        .init(.both, "$'rm' x"), .init(.both, #"$'\x72m' x"#), .init(.both, #"$'\162\155' x"#),
        .init(.both, #"$'\u0072m' x"#),
        .init(.both, #"$"rm" x"#), .init(.seen, "r\\\nm x"), .init(.seen, "\\\nrm x"), .init(.seen, "r\\\n\\\nm x"),
        .init(.seen, " \t rm x"), .init(.seen, "\n\nrm x"), .init(.seen, "rm\tx"), .init(.both, "rm\r"),
        .init(.both, "r\u{0}m x"), .init(.opaque, #"echo $'\'; rm x; echo \''"#),
    ]

    static let paths: [ShellDisguise] = [
        .init(.seen, "/bin/rm x"), .init(.seen, "/usr/bin/../bin/rm x"), .init(.seen, "//bin///rm x"),
        .init(.seen, #"/b\in/r"m" x"#), .init(.seen, "../../../../../../../bin/rm x"),
        .init(.both, "/proc/self/root/bin/rm x"),
        .init(.opaque, "/bin/r? x"), .init(.opaque, "/bin/r[m] x"), .init(.opaque, "/*/rm x"), .init(.both, "{rm,x}"),
        .init(.both, "r{m,} x"), .init(.both, "{,rm} x"), .init(.both, "~/rm x"), .init(.both, "=rm x"),
        .init(.opaque, "@(rm) x"),
    ]

    static let wrappers: [ShellDisguise] = [
        .init(.seen, "command rm x"), .init(.seen, "command -p rm x"), .init(.seen, "command -- rm x"),
        .init(.seen, "builtin command rm x"), .init(.seen, "exec rm x"), .init(.both, "exec -a ls rm x"),
        .init(.seen, "env rm x"), .init(.seen, "env -i A=1 rm x"), .init(.seen, "env -u A -C / rm x"),
        .init(.seen, "env - rm x"),
        .init(.seen, #"env -S "rm x""#), .init(.seen, "env -iS'rm x'"), .init(.seen, "env --split-string='-i rm x'"),
        .init(.both, #"env -S '"rm" x'"#), .init(.seen, "sudo rm x"), .init(.seen, "sudo -u root -- rm x"),
        .init(.seen, "sudo -uroot -nE A=1 rm x"), .init(.both, "sudo -i rm x"), .init(.both, "sudo -s rm x"),
        .init(.seen, "sudo --user=root rm x"), .init(.seen, "sudo --user root rm x"),
        .init(.both, "sudo $OPTIONS rm x"),
        .init(.seen, "doas rm x"), .init(.seen, "doas -u root rm x"), .init(.seen, "nice rm x"),
        .init(.seen, "nice -n 5 rm x"),
        .init(.seen, "nice -5 rm x"), .init(.seen, "nohup rm x"), .init(.seen, "timeout 5 rm x"),
        .init(.seen, "timeout -s KILL -k 1 5 rm x"), .init(.seen, "stdbuf -oL rm x"), .init(.seen, "setsid rm x"),
        .init(.seen, "ionice -c3 rm x"), .init(.seen, "chroot / rm x"), .init(.seen, "taskset -c 0 rm x"),
        .init(.seen, "time rm x"),
        .init(.seen, "time -p rm x"), .init(.seen, "time -f %e -o y rm x"), .init(.seen, "time { rm x; }"),
        .init(.seen, "! rm x"),
        .init(.seen, "! ! rm x"), .init(.seen, "time ! rm x"), .init(.seen, "unshare -r rm x"),
        .init(.seen, "nsenter -t 1 -m rm x"), .init(.seen, "systemd-run --scope rm x"),
        .init(.both, "systemd-run -p A=B rm x"),
        .init(.both, "strace -f rm x"), .init(.both, "strace -o y rm x"), .init(.both, "ltrace rm x"),
        .init(.opaque, "gdb --args rm x"),
        .init(.seen, "flock y rm x"), .init(.seen, "flock y -c 'rm x'"), .init(.seen, "flock -n y rm x"),
        .init(.seen, "watch rm x"),
        .init(.seen, "watch -n 1 'ls; rm x'"), .init(.seen, "watch -x rm x"), .init(.both, "coproc rm x"),
        .init(.both, "coproc { rm x; }"),
        .init(.seen, "sudo env nice -n 3 nohup command rm x"), .init(.opaque, "ls >! y rm x"),
        .init(.opaque, "ls &!rm x"), .init(.opaque, "{ rm} x"),
        .init(.both, "repeat 1 rm x"),
        .init(.seen, "noglob rm x"),
        .init(.both, "/lib64/ld-linux-x86-64.so.2 /bin/rm x"), .init(.both, "fakeroot rm x"),
    ]

    static let shells: [ShellDisguise] = [
        .init(.seen, "sh -c 'rm x'"), .init(.seen, #"bash -lc "rm x""#), .init(.seen, #"sh -c rm\ x"#),
        .init(.seen, "sh -ec 'rm x'"),
        .init(.seen, "sh -c -e 'rm x'"), .init(.seen, "sh -e -c -- 'rm x'"), .init(.seen, "bash -o pipefail -c 'rm x'"),
        .init(.seen, "bash --norc -c 'rm x'"), .init(.seen, "dash -c 'rm x'"), .init(.seen, "zsh -c 'rm x'"),
        .init(.seen, "ksh -c 'rm x'"),
        .init(.seen, "/bin/sh -c '/bin/sh -c \"rm x\"'"), .init(.seen, "sudo sh -c 'cd /; rm x'"),
        .init(.both, "fish -c 'rm x'"),
        .init(.seen, "busybox rm x"), .init(.seen, "busybox sh -c 'rm x'"), .init(.seen, "toybox rm x"),
        .init(.both, "coreutils --coreutils-prog=rm x"),
        .init(.both, "sh <<E\nrm x\nE"), .init(.both, "sh <<'E'\nrm x\nE"), .init(.both, "bash -s <<-E\n\trm x\n\tE\n"),
        .init(.both, "bash <<<'rm x'"),
        .init(.both, "cat <<E | sh\n$(rm x)\nE"), .init(.opaque, "cat y | sh"),
        .init(.opaque, "echo cm0geA== | base64 -d | sh"),
        .init(.opaque, "echo rm x | sh"), .init(.opaque, "printf 'rm x' | bash -s"), .init(.opaque, "sh < y"),
        .init(.opaque, "bash <(echo rm x)"),
        .init(.opaque, "sh y"), .init(.opaque, "sh"), .init(.both, #"sh -c "$X rm x""#),
        .init(.opaque, #"sh -c '"$0" "$@"' rm x"#),
        .init(.opaque, #"sh -c '"$1" x' sh rm"#), .init(.both, #"sh -c "r${X}m x""#),
        .init(.opaque, "sh <<E\ndd bs=1 count=5\necho rm x\nE"),
    ]

    static let delegation: [ShellDisguise] = [
        .init(.seen, #"find . -exec rm {} \;"#), .init(.seen, "find . -exec rm {} +"),
        .init(.seen, "find . -name y -execdir rm '{}' ';'"),
        .init(.seen, #"find . -ok rm {} \;"#), .init(.seen, #"find . -okdir rm {} \;"#),
        .init(.seen, #"find . -exec sh -c 'rm "$1"' sh {} \;"#),
        .init(.opaque, "find . -delete"), .init(.opaque, #"find . -exec {} \;"#), .init(.opaque, "find $X"),
        .init(.seen, #"find . -exec ls {} \; -exec rm {} \;"#),
        .init(.both, "xargs rm"), .init(.both, "echo x | xargs -n 1 rm"), .init(.both, "echo x | xargs -I{} rm {}"),
        .init(.both, "echo rm x | xargs -0 env rm"),
        .init(.opaque, "echo rm x | xargs env"), .init(.both, "parallel rm ::: x"),
        .init(.both, "parallel 'rm {}' ::: x"), .init(.seen, "su -c 'rm x'"),
        .init(.seen, "su root -c 'rm x'"), .init(.seen, "su - root -c 'rm x'"), .init(.seen, "su --command='rm x'"),
        .init(.seen, "runuser -u root -- rm x"),
        .init(.seen, "runuser -l root -c 'rm x'"), .init(.both, "ssh host rm x"), .init(.both, "ssh -p 22 host 'rm x'"),
        .init(.seen, "script -qc 'rm x' y"),
        .init(.seen, "script -c 'rm x'"), .init(.seen, "trap 'rm x' EXIT"), .init(.seen, "trap -- 'rm x' 0"),
        .init(.opaque, #"trap "$X" EXIT"#),
        .init(.seen, "eval rm x"), .init(.seen, "eval 'r''m' x"), .init(.seen, "eval 'r' | eval \"rm x\""),
        .init(.both, #"eval "$X; rm x""#),
        .init(.opaque, "eval $X"), .init(.opaque, ". ./y"), .init(.opaque, "source y"),
        .init(.both, "alias y='rm x'; y"), .init(.both, "alias y=rm\ny x"),
        .init(.opaque, "hash -p /bin/rm ls; ls x"), .init(.opaque, "enable -f y z"),
        .init(.opaque, "mapfile -C 'rm x' -c 1 y"), .init(.opaque, "complete -C rm x"),
        .init(.opaque, "jobs -x rm x"), .init(.both, "ip netns exec y rm x"), .init(.opaque, "crontab y"),
        .init(.opaque, "at now"),
    ]

    static let grammar: [ShellDisguise] = [
        .init(.seen, "ls; rm x"), .init(.seen, "ls&&rm x"), .init(.seen, "ls||rm x"), .init(.seen, "ls|rm x"),
        .init(.seen, "ls&rm x"), .init(.seen, "ls\nrm x"),
        .init(.seen, "ls |& rm x"), .init(.seen, "(rm x)"), .init(.seen, "( ls; (rm x) )"), .init(.seen, "{ rm x; }"),
        .init(.both, "((rm x))"),
        .init(.seen, "if rm x; then :; fi"), .init(.seen, "if :; then rm x; fi"),
        .init(.seen, "if false; then :; elif rm x; then :; else :; fi"),
        .init(.seen, "if false; then :; else rm x; fi"), .init(.seen, "while rm x; do break; done"),
        .init(.seen, "until false; do rm x; break; done"),
        .init(.seen, "for y in a; do rm x; done"), .init(.seen, "for y do rm x; done; rm x"),
        .init(.seen, "for y in a\ndo\nrm x\ndone"), .init(.seen, "for y in a; { rm x; }"),
        .init(.both, "for ((i=0;i<1;i++)); do rm x; done"), .init(.seen, "select y in a; do rm x; done"),
        .init(.seen, "case a in a) rm x;; esac"),
        .init(.seen, "case a in (b|a) ls ;& c) rm x; esac"), .init(.seen, "case a in\na)\nrm x\n;;\nesac"),
        .init(.seen, "f(){ rm x; }; f"), .init(.seen, "ls(){ rm x; }; ls"),
        .init(.seen, "f() ( rm x ); f"), .init(.seen, "f() if rm x; then :; fi; f"),
        .init(.both, "function f { rm x; }; f"), .init(.both, "function f() { rm x; }; f"),
        .init(.seen, "f()\n{\nrm x\n}\nf"), .init(.seen, "f() rm x; f"), .init(.seen, "A=1 rm x"),
        .init(.seen, ">y rm x"), .init(.seen, "2>&1 rm x"), .init(.seen, "rm>y x"), .init(.seen, "3<>y rm x"),
        .init(.opaque, "echo &>y rm x"), .init(.seen, "ls &>y; rm x"), .init(.seen, "ls # y\nrm x"),
        .init(.seen, "ls y#z; rm x"), .init(.seen, "ls \\\n# y; rm x\nrm x"), .init(.seen, "[[ a ]] && rm x"),
        .init(.opaque, "[[ a && rm ]]"), .init(.seen, "cat <<E; rm x\ny\nE"), .init(.seen, "cat <<E\ny\nE\nrm x"),
        .init(.seen, "cat <<A <<B\ny\nA\nz\nB\nrm x"), .init(.seen, "cat <<'E'\n$(\nE\nrm x"),
        .init(.seen, "cat <<-E\n\ty\n\tE\nrm x"), .init(.seen, "cat <<\\E\nE\nrm x"),
        .init(.opaque, "cat <<E\ny\\\nE\nrm x\nE"), .init(.both, "{ rm x }"), .init(.opaque, "{fd}>y rm x"),
        .init(.seen, "x=(a b); rm x"),
        .init(.seen, "if :; then { rm x; } fi"), .init(.seen, "{ (rm x) }"), .init(.seen, "! { rm x; } >y"),
        .init(.both, "if (rm x) ls; fi"),
    ]

    static let expansions: [ShellDisguise] = [
        .init(.both, "$(rm x)"), .init(.both, "echo $(rm x)"), .init(.both, "`rm x`"), .init(.both, #"echo "`rm x`""#),
        .init(.both, #"echo "$(rm x)""#), .init(.both, #"echo "$(echo "$(rm x)")""#),
        .init(.both, #"echo `echo \`rm x\``"#), .init(.opaque, "$(echo rm) x"), .init(.opaque, "`echo rm` x"),
        .init(.seen, "cat <(rm x)"), .init(.seen, "ls >(rm x)"), .init(.both, "cat <<E\n$(rm x)\nE"),
        .init(.both, "cat <<E\n`rm x`\nE"),
        .init(.both, "cat <<< \"$(rm x)\""), .init(.both, "echo $(( $(rm x) + 1 ))"),
        .init(.both, "echo ${y:-$(rm x)}"), .init(.both, #"echo "${y:-$(rm x)}""#), .init(.both, "echo ${y:-`rm x`}"),
        .init(.both, "y=$(rm x)"),
        .init(.both, "echo > $(rm x)"), .init(.both, "for y in $(rm x); do :; done"),
        .init(.both, "case $(rm x) in *) ;; esac"), .init(.both, "echo $((rm x) )"),
        .init(.both, "echo $(case a in a) rm x;; esac)"),
        .init(.both, "echo $( # )\nrm x\n)"), .init(.opaque, "X=rm; $X x"), .init(.opaque, "X='rm x'; $X"),
        .init(.opaque, "set -- rm x; \"$@\""), .init(.both, "r$@m x"), .init(.both, "r${y}m x"),
        .init(.both, "$y rm x"), .init(.both, "$y $z rm x"),
        .init(.both, "\"$y\"rm x"), .init(.opaque, "${0%h}m x"), .init(.opaque, "y='a[$(rm x)]'; echo $((y))"),
        .init(.opaque, "[[ 'a[$(rm x)]' -eq 1 ]]"), .init(.opaque, "test -v 'a[$(rm x)]'"),
        .init(.opaque, "y='$(rm x)'; echo ${y@P}"),
        .init(.opaque, "printf -v 'a[$(rm x)]' y"), .init(.opaque, "for y in '-v a[$(rm x)]'; do [ $y ]; done"),
        .init(.opaque, "${ rm x; }"), .init(.both, "$\\\n(rm x)"), .init(.both, "$[ $(rm x) ]"),
        .init(.opaque, "echo *(e:'$(rm x)':)$(rm x)"),
        .init(.opaque, "echo *(e:'rm x':)"),
    ]

    static let environment: [ShellDisguise] = [
        .init(.opaque, "PATH=/tmp ls"), .init(.opaque, "PATH=/tmp; ls"), .init(.opaque, "export PATH=/tmp"),
        .init(.opaque, "env PATH=/tmp ls"), .init(.opaque, "env 'PATH=/tmp' ls"),
        .init(.seen, "env 'A b=1' rm x"), .init(.opaque, "export 'PATH=/tmp'"), .init(.opaque, "export \"PATH=$y\""),
        .init(.opaque, "sudo PATH=/tmp ls"), .init(.opaque, "LD_PRELOAD=y ls"),
        .init(.opaque, "LD_LIBRARY_PATH=y ls"),
        .init(.opaque, "BASH_ENV=y bash -c ls"), .init(.opaque, "ENV=y sh -c ls"), .init(.opaque, "IFS=y; ls"),
        .init(.opaque, "PS4='$(rm x)' bash -xc ls"), .init(.opaque, "PROMPT_COMMAND='rm x' ls"),
        .init(.opaque, "GIT_SSH_COMMAND='rm x' git fetch"), .init(.opaque, "PAGER='rm x' man ls"),
        .init(.opaque, "read PATH <<<y; ls"), .init(.opaque, "printf -v PATH y; ls"), .init(.opaque, "unset PATH"),
        .init(.opaque, "for PATH in y; do ls; done"), .init(.opaque, "declare -x PATH=y"),
        .init(.opaque, "BASH_CMDS[ls]=/bin/rm; ls x"), .init(.opaque, "aliases[ls]=rm; ls x"),
        .init(.opaque, ": ${PATH:=y}"), .init(.opaque, "NULLCMD=rm; >x"), .init(.opaque, "set -k; ls PATH=y"),
        .init(.opaque, "shopt -s expand_aliases"), .init(.opaque, "X=a; export $X"), .init(.opaque, "PATH+=:y ls"),
    ]

    static let programs: [ShellDisguise] = [
        .init(.opaque, "python3 -c 'import os; os.system(\"rm x\")'"), .init(.opaque, "python3.11 y.py"),
        .init(.opaque, "perl -e 'system \"rm x\"'"), .init(.opaque, "ruby -e '`rm x`'"), .init(.opaque, "node -e 'y'"),
        .init(.opaque, "awk 'BEGIN{system(\"rm x\")}'"),
        .init(.opaque, "awk 'BEGIN{print | \"rm x\"}'"), .init(.opaque, "awk 'BEGIN{\"rm x\" | getline}'"),
        .init(.opaque, "awk -f y"), .init(.opaque, #"awk "$X""#), .init(.opaque, "vim -c '!rm x'"),
        .init(.opaque, "tar cf y --checkpoint=1 --checkpoint-action=exec='rm x' ."),
        .init(.opaque, "tar cf y --checkpoint-act=exec='rm x' ."), .init(.opaque, "tar cf y *"),
        .init(.opaque, "tar -cIrm -f y ."), .init(.opaque, "tar xf y --to-command=rm"),
        .init(.opaque, "git -c alias.x='!rm x' x"), .init(.opaque, "git x"),
        .init(.opaque, "git config alias.x '!rm x'"),
        .init(.opaque, "git rebase -x 'rm x' HEAD"), .init(.opaque, "git clone 'ext::rm x'"),
        .init(.opaque, "git bisect run rm x"), .init(.opaque, "sed '1e rm x' y"), .init(.opaque, "sed 's/a/rm x/e' y"),
        .init(.opaque, "sed -n '$!{/a/e rm x' y"), .init(.opaque, "sed -f y z"), .init(.opaque, "ed y"),
        .init(.opaque, "rsync -e 'rm x' a b:c"), .init(.opaque, "rsync --rsh='rm x' a b:c"),
        .init(.opaque, "scp -S rm a b:c"), .init(.opaque, "scp -oProxyCommand='rm x' a b:c"),
        .init(.opaque, "ssh -o ProxyCommand='rm x' host"), .init(.opaque, "make"), .init(.opaque, "tclsh y"),
        .init(.opaque, "lua -e y"),
        .init(.opaque, "php -r y"), .init(.opaque, "sort --compress-program=rm y"),
        .init(.opaque, "split --filter='rm x' y"), .init(.opaque, "man -P 'rm x' ls"),
        .init(.opaque, "less '+!rm x' y"), .init(.opaque, "tcpdump -z rm"),
        .init(.opaque, "docker run -v /:/y alpine rm x"), .init(.opaque, "nc -e rm host 1"),
        .init(.opaque, "apt-get -o APT::Update::Pre-Invoke::=rm update"), .init(.opaque, "zip y z -TT 'rm x'"),
        .init(.opaque, "tmux new -d 'rm x'"), .init(.opaque, "sqlite3 y '.shell rm x'"),
        .init(.opaque, "capsh -- -c 'rm x'"), .init(.opaque, "run-parts y"),
        // Programs whose names begin with an accent, which `String` takes for one of the letter before.
        .init(.opaque, "tar -cI\u{301}y -f z ."), .init(.opaque, "rsync -e\u{301}y a b:c"),
        .init(.opaque, "scp -S\u{301}y a b:c"), .init(.opaque, "git grep -O\u{301}y a"),
        .init(.opaque, "less +\u{301}!rm y"), .init(.opaque, "ncat -c\u{301}y host 1"),
        .init(.both, "/./proc/self/root/bin/rm x"), .init(.both, "/bin/../proc/self/root/bin/rm x"),
        .init(.both, "//dev/../bin/../dev/fd/3/rm x"),
    ]
}
