import Foundation
import Testing

@testable import SSHExec

@Suite("Shell command lines")
struct ShellReaderTests {
    /// What a policy must see of lines that may run `rm`: the name, or that it cannot be known, or both.
    static let disguises: [(line: String, isSeen: Bool, isOpaque: Bool)] = [
        ("rm x", true, false), ("r\\m x", true, false), ("'rm' x", true, false), ("\"rm\" x", true, false),
        ("r''m x", true, false), ("r\"\"m x", true, false), ("/bin/rm x", true, false),
        ("/usr/bin/../bin/rm x", true, false), ("\\rm x", true, false), ("r\\\nm x", true, false),
        ("command rm x", true, false), ("command -p rm x", true, false), ("exec rm x", true, false),
        ("env rm x", true, false), ("env -i A=1 rm x", true, false), ("env -u HOME rm x", true, false),
        ("sudo rm x", true, false), ("sudo -u root -- rm x", true, false), ("sudo -n rm x", true, false),
        ("doas rm x", true, false), ("nice -n 5 rm x", true, false), ("nohup rm x", true, false),
        ("timeout 5 rm x", true, false), ("timeout -k 1 5 rm x", true, false), ("stdbuf -oL rm x", true, false),
        ("setsid rm x", true, false), ("ionice -c 3 rm x", true, false), ("sh -c 'rm x'", true, false),
        ("bash -lc 'rm x'", true, false), ("sh -c rm\\ x", true, false), ("dash -c \"rm x\"", true, false),
        ("busybox rm x", true, false), ("busybox sh -c 'rm x'", true, false),
        ("sudo env nice rm x", true, false), ("find . -exec rm {} \\;", true, false),
        ("find . -execdir rm {} +", true, false), ("find . -exec sh -c 'rm x' \\;", true, true),
        ("find . -delete", false, true), ("ls | xargs rm", true, true), ("xargs -n 1 rm < f", true, true),
        ("eval rm x", true, false), ("eval 'r'm x", true, false), ("eval \"$X\"", false, true),
        ("ls; rm x", true, false), ("ls && rm x", true, false), ("ls || rm x", true, false), ("ls | rm x", true, false),
        ("ls & rm x", true, false), ("ls\nrm x", true, false), (";rm x", true, false), ("A=1 rm x", true, false),
        ("< f rm x", true, false), ("> f rm x", true, false), ("rm>f x", true, false), ("2>f rm x", true, false),
        ("$(echo rm) x", false, true), ("`echo rm` x", false, true), ("ls $(rm x)", true, true),
        ("ls \"$(rm x)\"", false, true), ("X=rm; $X x", false, true), ("/bin/r? x", false, true),
        ("{rm,x}", false, true), ("$'rm' x", false, true), ("$'\\x72m' x", false, true), ("~/rm x", false, true),
        ("echo cm0geA== | base64 -d | sh", false, true), ("sh <<E\nrm x\nE", true, true), ("bash -s < f", false, true),
        ("sh", false, true), ("sh script", false, true), (". ./f", false, true), ("source f", false, true),
        ("alias x=rm; x y", false, true), ("f(){ rm x; }; f", true, true), ("(rm x)", true, true),
        ("{ rm x; }", true, true), ("if true; then rm x; fi", true, true), ("while rm x; do ls; done", true, true),
        ("for i in 1; do rm x; done", true, true), ("! rm x", true, true), ("time rm x", true, true),
        ("trap 'rm x' EXIT", false, true), ("PATH=/tmp ls", false, true), ("LD_PRELOAD=x ls", false, true),
        ("env PATH=/tmp ls", false, true), ("env -S 'rm x'", false, true), ("python3 -c 'x'", false, true),
        ("perl -e x", false, true), ("awk 'BEGIN{system(\"rm x\")}'", false, true), ("vim -c '!rm x'", false, true),
        ("tar --checkpoint-action=exec=rm -cf a b", false, true), ("tar --checkpoint-act=exec=rm -cf a b", false, true),
        ("git -c alias.x='!rm' x", false, true), ("GIT_SSH_COMMAND=rm git fetch", false, true),
        ("rsync -e rm a b:", false, true), ("scp -S rm a b:", false, true), ("sed e f", false, true),
        ("sed 's/a/rm/e' f", false, true), ("make", false, true), ("ssh host rm x", false, true),
        ("su -c 'rm x' root", true, false), ("su root -c 'rm x'", true, false), ("script -c 'rm x'", false, true),
        ("flock f rm x", true, true), ("ls <(rm x)", true, true), ("ls ${X:-$(rm x)}", true, true),
        ("echo \"a`rm x`\"", false, true), ("rm", true, false), ("'r'\"m\" x", true, false), ("ls &>f rm", true, true),
        ("sudo -s rm x", true, true), ("chroot / rm x", true, true), ("watch rm x", true, true),
        ("systemd-run rm x", true, true), ("strace rm x", true, true), ("unshare rm x", true, true),
    ]

    @Test("no disguise of a command is taken for something harmless", arguments: disguises.indices)
    func disguise(index: Int) {
        let (line, isSeen, isOpaque) = Self.disguises[index]
        let script = ShellReader.read(Array(line.utf8))
        #expect(script.commands.contains { $0.name == "rm" } == isSeen, "\(line): \(script.commands.map(\.name))")
        #expect(script.isOpaque == isOpaque, "\(line): \(script.opacity)")
    }

    @Test(
        "what only looks like it is neither the command nor opaque",
        arguments: [
            "echo rm", "ls 'rm -rf'", "grep rm file", "echo \"a;rm b\"", "cat rm", "git log --format=%H",
            "find . -name rm", "printf '%s\\n' rm", "docker-compose ps", "systemctl status x", "echo 'rm x' > f",
            "ls -l /bin/rm", "head -n 1 rm", "echo \\; rm", "echo '$(rm x)'", "echo \\$\\(rm x\\)", "cat < rm",
            "echo rm 2>&1", "ls *.txt", "echo $HOME", "sudo systemctl restart nginx", "df -h && free -m", "uptime; who",
            "nice -n 19 gzip rm", "env LANG=C locale rm", "tail -f /var/log/rm.log", "test -f rm", "[ -f rm ]",
            "cd /tmp && ls", "sed -n 5,10p rm", "sed 's/rm/x/' f", "awk '{print $1}' rm", "mkdir -p a/rm/b",
            "chmod 600 rm", "ls | wc -l", "tar -czf a.tgz rm", "rsync -a rm b/",
            "rsync --server -logDtpre.iLsfxCIvu . rm", "cp rm mv", "id -un", "true",
        ])
    func lookAlike(line: String) {
        let script = ShellReader.read(Array(line.utf8))
        #expect(!script.commands.contains { $0.name == "rm" }, "\(line): \(script.commands.map(\.name))")
        #expect(!script.isOpaque, "\(line): \(script.opacity)")
    }

    @Test("a real shell runs nothing that was neither seen nor said to be unknown")
    func shells() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let ran = folder.appendingPathComponent("ran").path
        let fake = folder.appendingPathComponent("rm")
        try "#!/bin/sh\n: > \(ran)\n".write(to: fake, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: fake.path)
        let dangerous = [
            "/bin/", "chroot", "sudo", "doas", "su ", "vim", "ssh", "watch", "systemd-run", "unshare", "make",
        ]
        let lines = Self.disguises.map(\.line).filter { line in !dangerous.contains { line.contains($0) } }
        #expect(lines.count > 60)
        for shell in ["/bin/sh", "/bin/bash"] {
            for line in lines {
                try? FileManager.default.removeItem(atPath: ran)
                let process = Process()
                process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
                process.arguments = ["5", shell, "-c", line]
                process.environment = ["PATH": "\(folder.path):/usr/bin:/bin", "HOME": folder.path]
                process.currentDirectoryURL = folder
                process.standardInput = FileHandle.nullDevice
                process.standardOutput = FileHandle.nullDevice
                process.standardError = FileHandle.nullDevice
                try process.run()
                process.waitUntilExit()
                guard FileManager.default.fileExists(atPath: ran) else { continue }
                let script = ShellReader.read(Array(line.utf8))
                #expect(
                    script.isOpaque || script.commands.contains { $0.name == "rm" }, "\(shell) ran rm for \(line)")
            }
        }
    }

    @Test("arguments, files and wrappers are known")
    func parts() {
        let script = ShellReader.read(Array("A=1 sudo -u web cat 'a b' <in >>out 2>err | tee $X".utf8))
        #expect(script.commands.map(\.name) == ["sudo", "cat", "tee"])
        #expect(script.commands[1].arguments == [ShellWord(text: "a b", isKnown: true)])
        #expect(script.commands[1].wrappers == ["sudo"])
        #expect(script.commands[0].redirections.map(\.fileName) == ["in", "out", "err"])
        #expect(script.commands[0].redirections.flatMap(\.actions) == ["ssh.read", "ssh.write", "ssh.write"])
        #expect(script.commands[2].arguments == [ShellWord(text: "$X", isKnown: false)])
    }

    @Test("the server parts of scp, rsync and git are known with their paths")
    func transfers() {
        func transfer(_ line: String) -> TransferCommand? {
            ShellReader.read(Array(line.utf8)).commands.first.flatMap { TransferCommand($0) }
        }
        #expect(transfer("scp -v -f /a/b")?.paths == ["/a/b"] && transfer("scp -v -f /a/b")?.actions == ["ssh.read"])
        #expect(transfer("scp -rpt -- /a")?.actions == ["ssh.write"] && transfer("scp -rpt -- /a")?.paths == ["/a"])
        #expect(transfer("scp a b") == nil && transfer("rsync -a a b") == nil && transfer("git log") == nil)
        let rsync = transfer("rsync --server --sender -logDtpre.iLsfxCIvu . /srv/data")
        #expect(rsync?.paths == ["/srv/data"] && rsync?.actions == ["ssh.read"])
        #expect(transfer("rsync --server -logDtpre.iLsfxCIvu . /srv")?.actions == ["ssh.write"])
        #expect(transfer("git-upload-pack '/srv/x.git'")?.paths == ["/srv/x.git"])
        #expect(transfer("git receive-pack /srv/x.git")?.actions == ["ssh.write"])
    }

    @Test("no text does more than be read or be opaque, and none takes long")
    func hostile() {
        let clock = ContinuousClock()
        for piece in ["(", "$(", "`", "{", "'", "\"", "\\", "<", "sh -c ", "sudo ", "a=", ";", "|", "eval "] {
            let line = Array(String(repeating: piece, count: 256 * 1024 / piece.utf8.count).utf8)
            let taken = clock.measure { _ = ShellReader.read(line) }
            #expect(taken < .seconds(10), "\(piece): \(taken)")
        }
        #expect(ShellReader.read([UInt8](repeating: 0x61, count: 300_000)).isOpaque)
        #expect(ShellReader.read([0x6c, 0x73, 0xff]).isOpaque && ShellReader.read([0x6c, 0x73, 0]).isOpaque)
        var random = SystemRandomNumberGenerator()
        let bytes = Array("rm x'\"\\$`(){}[]<>|&;#~*?=\n\t!-c ".utf8)
        for _ in 0..<20_000 {
            let line = (0..<Int.random(in: 0...24, using: &random)).map { _ in bytes.randomElement(using: &random) ?? 0
            }
            _ = ShellReader.read(line)
        }
        for (line, _, _) in Self.disguises {
            for length in 0...line.utf8.count { _ = ShellReader.read(Array(line.utf8.prefix(length))) }
        }
    }
}
