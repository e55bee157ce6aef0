/// Lines that mention `rm` or look alarming, and run only what they show.
enum ShellLookalikes {
    static let all: [String] = [
        "echo rm", "ls 'rm -rf'", "grep rm file", #"echo "a;rm b""#, "cat rm", "git log --format=%H", "find . -name rm",
        #"printf '%s\n' rm"#, "awk '{print $1}' f",
        "docker ps", "systemctl status x", "cat <<E\nrm x\nE", "cat <<'E'\n$(rm x)\nE", "cat <<-E\n\trm x\n\tE",
        "# rm x", "ls # ; rm x", "echo 'a' # $(rm x)", "echo '$(rm x)'", #"echo "\$(rm x)""#, #"echo '`rm x`'"#,
        #"echo \`rm x\`"#,
        "rmdir x", "ls rm", "arm x", "rm.sh x", "./rmx", "/rm/x", "echo a\\;rm", "echo a\\&\\&rm x", "echo $HOME",
        #"echo "${HOME}" rm"#, "ls -la /var/log | grep rm | sort | uniq -c", "test -f rm && echo yes",
        "[ -f rm ] || echo no", "if [ -d rm ]; then ls rm; fi",
        "for f in rm mv; do echo $f; done", "case rm in rm) echo rm;; esac", "echo rm > out", "cat < rm",
        "echo rm >> rm", "ls 2>&1 | tee rm", "sudo ls rm", "env A=rm ls", "A=rm ls", "timeout 5 ls rm",
        "nice -n 10 ls rm", "nohup ls rm", "time ls rm", "sh -c 'echo rm'", "bash -lc 'ls rm'",
        "sed -n 's/rm/mv/gp' f", "sed -e '/rm/d' f", "sed -n '1,5p' rm", "tar czf rm.tgz rm", "tar -xzf rm.tgz -C out",
        "rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv/rm", "scp -t /srv/rm", "git-upload-pack '/srv/rm.git'",
        "git status", "git rm --cached f", "git commit -m 'rm x'",
        "dd if=rm of=out", "ps aux", "df -h", "uname -a", "hostname; uptime", "journalctl -u rm --since today",
        "which rm", "command -v rm", "type rm", "apt-get install rm", "systemctl restart rm.service", "kill 1",
        "cd rm && ls", "echo \"it's rm\"", "echo 'say \"rm\"'", "echo a{b", "echo {}", "ls *.rm", "ls 'r'm",
        "echo $((1 + 2))", "f() { echo rm; }; f", "(cd rm; ls)", "{ ls rm; }", "ls && ls || ls", "ls\nls\n", "ls;",
        "ls &", "x=rm", "x=rm; echo \"$x\"", "export A=rm", "read -r x", "set -e; ls", "set -euo pipefail; ls",
        "trap - EXIT", "echo ${x:-rm}", "echo ${x#rm}", "find . -type f -exec grep rm {} +",
        "find rm -maxdepth 1", "xz rm", "curl -s http://localhost/rm", "wc -l <<E\nrm\nE", "wc -c <<< rm",
        "[[ -f rm ]] && ls", "while read -r x; do echo \"$x\"; done", "python3 --version",
        "/usr/lib/openssh/sftp-server", "crontab -l", "docker logs rm", "flock rm ls", "!  ls rm",
        "diff <(ls a) <(ls b)",
    ]
}
