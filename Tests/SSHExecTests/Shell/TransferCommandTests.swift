import Testing

@testable import SSHExec

@Suite("File transfers' commands")
struct TransferCommandTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let line: String
        let program: TransferCommand.Program
        var reads: [String] = []
        var writes: [String] = []
        var testDescription: String { line }
    }

    static let samples: [Sample] = [
        Sample(line: "scp -t /srv/a", program: .scp, writes: ["/srv/a"]),
        Sample(line: "scp -r -p -d -v -t -- '/srv/a b'", program: .scp, writes: ["/srv/a b"]),
        Sample(line: "scp -pf a b", program: .scp, reads: ["a", "b"]),
        Sample(line: "/usr/bin/scp -rf -- *.log", program: .scp, reads: ["?"]),
        Sample(line: "scp -t \"a$X\"", program: .scp, writes: ["?"]),
        Sample(line: "scp -fA /etc/shadow", program: .scp, reads: ["/etc/shadow"]),
        Sample(line: "scp -f -l 99999 /etc/shadow", program: .scp, reads: ["/etc/shadow"]),
        Sample(line: "scp -fl99999 /etc/shadow", program: .scp, reads: ["/etc/shadow"]),
        Sample(line: "scp -pc aes -t /srv/a", program: .scp, writes: ["/srv/a"]),
        Sample(line: "scp -D x -X y -M z -Jvv -Rqsf /srv/a", program: .scp, reads: ["/srv/a"]),
        Sample(line: "scp -o a -t b", program: .scp, writes: ["b"]),
        Sample(line: "scp -t -f b", program: .scp, reads: ["b"], writes: ["b"]),
        Sample(line: "scp -t -- -f", program: .scp, writes: ["-f"]),
        Sample(line: "rcp -f /etc/shadow", program: .scp, reads: ["/etc/shadow"]),
        Sample(line: "scp -f ''", program: .scp, reads: ["?"]), Sample(line: "scp -f", program: .scp, reads: ["?"]),
        Sample(
            line: "rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv/a /srv/b", program: .rsync,
            reads: ["/srv/a", "/srv/b"]),
        Sample(line: "rsync --server -vlogDtpre.iLsfxCIvu . /srv/a", program: .rsync, writes: ["/srv/a"]),
        Sample(line: "rsync -v --server --sender . /etc/shadow", program: .rsync, reads: ["/etc/shadow"]),
        Sample(line: "rsync --server . /x --sender", program: .rsync, reads: ["/x"]),
        Sample(line: "rsync --server --sender -e.LsfxCIvu . f", program: .rsync, reads: ["f"]),
        Sample(line: "rsync --server -re.LsfxCIvu --delete-during . a", program: .rsync, writes: ["a"]),
        Sample(
            line: "rsync --server --sender -re.LsfxCIvu --remove-source-files . a", program: .rsync, reads: ["a"],
            writes: ["a"]),
        Sample(
            line: "rsync --server -re.LsfxCIvu --temp-dir . --backup-dir=/b --link-dest /l . a", program: .rsync,
            reads: ["/l"], writes: ["a", ".", "/b"]),
        Sample(
            line: "rsync --server --sender -re.LsfxCIvu --files-from=- --from0 . /srv", program: .rsync,
            reads: ["/srv", "?"]),
        Sample(
            line: "rsync --server --sender -r --files-from /etc/list . /srv", program: .rsync,
            reads: ["/srv", "?", "/etc/list"]),
        Sample(
            line: "rsync --server -lHogDtpre.iLsfxCIvu -B700 --timeout=5 --log-format=X --partial --bwlimit 9 . a",
            program: .rsync, writes: ["a"]),
        Sample(line: "rsync --server --sender -r .", program: .rsync, reads: ["?"]),
        Sample(line: "git-upload-pack '/srv/a.git'", program: .git, reads: ["/srv/a.git"]),
        Sample(line: "git-receive-pack 'a.git'", program: .git, writes: ["a.git"]),
        Sample(line: "git upload-pack --strict --timeout 5 a", program: .git, reads: ["a"]),
        Sample(line: "git-upload-archive a", program: .git, reads: ["a"]),
        Sample(line: "git --no-pager upload-pack /srv/secret.git", program: .git, reads: ["/srv/secret.git"]),
        Sample(line: "git -C /x upload-pack y", program: .git, reads: ["/x/y"]),
        Sample(line: "git -C /x -C y receive-pack z", program: .git, writes: ["/x/y/z"]),
        Sample(line: "git -C /x upload-pack /y", program: .git, reads: ["/y"]),
        Sample(line: "git -C \"a$X\" upload-pack y", program: .git, reads: ["?"]),
        Sample(line: "git --git-dir=/a --namespace b upload-pack '~u/y'", program: .git, reads: ["~u/y"]),
        Sample(line: "/usr/lib/openssh/sftp-server", program: .sftp, reads: ["?"], writes: ["?"]),
    ]

    private static func command(_ line: String) throws -> SimpleCommand {
        try #require(ShellReader.read(Array(line.utf8)).commands.first)
    }

    @Test("servers of transfers are recognised", arguments: samples)
    func recognised(_ sample: Sample) throws {
        let transfer = try #require(TransferCommand(try Self.command(sample.line)))
        #expect(transfer.program == sample.program)
        #expect(transfer.isUnderstood)
        #expect(transfer.files.filter(\.isRead).flatMap(\.names) == sample.reads)
        #expect(transfer.files.filter(\.isWritten).flatMap(\.names) == sample.writes)
    }

    @Test(
        "servers of which something is not followed read and write what is not known, and are opaque",
        arguments: [
            "scp -fZ /etc/shadow", "scp /srv/a -f", "scp -r /srv/a -pt", "scp $X /etc/shadow", "scp -f -l $X /a",
            "scp -t $HOME", "scp -rf *.log", "scp -tl", "rsync --sender . /etc/shadow", "rsync --server /etc shadow",
            "rsync --server --sender -re.Lsfx", "rsync --server -sre.LsfxCIvu .",
            "rsync --server --log-file=/etc/cron.d/x . a", "rsync --server --daemon .", "rsync --server -M--x . a",
            "rsync --server --exclude-from /etc/shadow . a", "rsync --server -f 'merge /etc/shadow' . a",
            "rsync --server -r . $X", "rsync $X . /etc/shadow", "rsync --server --write-batch=/x . a",
            "rsync --server --only-write-batch=/x . a", "rsync --server --server=1 . a", "rsync --server -r -e ssh . a",
            "git --unknown upload-pack /srv/a", "git -c a=b upload-pack /srv/a", "git upload-pack --str /srv/a",
            "git $X /srv/a", "git upload-pack $X", "git upload-pack a b", "git upload-pack", "git daemon --inetd",
            "git http-backend", "git shell -c x", "git-shell -c \"git-upload-pack 'a'\"", "git-daemon --inetd",
            "git upload-archive--writer a", "git --exec-path=/x receive-pack a",
        ])
    func unknown(_ line: String) throws {
        let transfer = try #require(TransferCommand(try Self.command(line)))
        #expect(!transfer.isUnderstood)
        #expect(transfer.files.map(\.names) == [["?"]])
        #expect(transfer.files.map(\.actions) == [["ssh.read", "ssh.write"]])
        #expect(ShellReader.read(Array(line.utf8)).isOpaque)
    }

    @Test(
        "others are not taken for them",
        arguments: [
            "scp a host:b", "scp -r -P 22 -i file a host:b", "scp -r a host:-b", "rsync -a a b", "git status",
            "git -C /x log", "git --no-pager log upload-pack", "ls -t x", "git config --get a",
        ])
    func others(_ line: String) throws { #expect(TransferCommand(try Self.command(line)) == nil) }

    @Test(
        "what rsync 3.5 sends with one option or other is understood",
        arguments: [
            "--sender -e.LsfxCIvu . f", "-e.LsfxCIvu . .", "-vlogDtprze.iLsfxCIvu --delete --partial . /d",
            "-lHogDtpAXrSe.iLsfxCIvu --delete-excluded --numeric-ids . /d", "-logDtpRe.LsfxCIvu . /d",
            "--sender -logDtpRe.LsfxCIvu --files-from /l . /", "-logDtpre.iLsfxCIvu --fake-super . /d",
            "-blogDtpre.iLsfxCIvu --backup-dir b --partial-dir .p --temp-dir /t --link-dest ../x . /d",
            "--sender -utre.iLsfxCIvu --timeout=9 --bwlimit=100 --inplace . /d",
            "-logDtpre.iLsfxCIvu --log-format=%i --stats --append --append . /d",
            "-logDtprce.iLsfxCIvu --checksum-choice=md5 --compress-choice=zstd . /d",
            "--sender -logDtpre.iLsfxCIvu --info=ALL2 --remove-source-files . /d",
            "--sender -de.LsfxCIvu --list-only . /d", "-nde.LsfxCIvu --no-r --delete . /d",
            "-lyogDtpre.iLsfxCIvu --size-only --delay-updates --ignore-existing --existing . /d",
            "--sender -logDtpre.iLsfxCIvu --iconv=utf8 . /d",
            "-logDtpre.iLsfxCIvu --log-format=X -B1000 --max-delete=5 --force --ignore-errors . /d",
            "--sender -lLre.iLsfxCIvu --copy-unsafe-links --safe-links . /d",
            "--sender -logDtpre.iLsfxCIvu . /d\\ e", "--sender -logDtpre.iLsfxCIvu . /d*",
            "--sender -logDtpre.LsfxCIvu --skip-compress=gz . /d",
        ])
    func stock(_ options: String) throws {
        let line = "rsync --server \(options)"
        #expect(TransferCommand(try Self.command(line))?.isUnderstood == true)
        #expect(ShellReader.read(Array(line.utf8)).opacity == [])
    }

    @Test(
        "what a stock client starts is not opaque",
        arguments: samples.map(\.line).filter { !$0.contains("$") && !$0.contains("*") && !$0.contains(" -o ") })
    func notOpaque(_ line: String) {
        let script = ShellReader.read(Array(line.utf8))
        #expect(script.opacity.filter { if case .transfer = $0 { true } else { false } } == [])
        #expect(line.contains(" -D ") || script.opacity == [], "\(script.opacity)")
    }
}
