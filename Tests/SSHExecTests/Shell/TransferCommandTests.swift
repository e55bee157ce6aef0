import Testing

@testable import SSHExec

@Suite("File transfers' commands")
struct TransferCommandTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let line: String
        let program: TransferCommand.Program
        let direction: TransferCommand.Direction
        let paths: [String]?
        var removes = false
        var testDescription: String { line }
    }

    static let samples: [Sample] = [
        Sample(line: "scp -t /srv/a", program: .scp, direction: .writeToHost, paths: ["/srv/a"]),
        Sample(line: "scp -r -p -d -v -t -- '/srv/a b'", program: .scp, direction: .writeToHost, paths: ["/srv/a b"]),
        Sample(line: "scp -pf a b", program: .scp, direction: .readFromHost, paths: ["a", "b"]),
        Sample(line: "/usr/bin/scp -rf *.log", program: .scp, direction: .readFromHost, paths: nil),
        Sample(line: "scp -t $HOME", program: .scp, direction: .writeToHost, paths: nil),
        Sample(
            line: "rsync --server --sender -vlogDtpre.iLsfxCIvu . /srv/a /srv/b", program: .rsync,
            direction: .readFromHost, paths: ["/srv/a", "/srv/b"]),
        Sample(
            line: "rsync --server -vlogDtpre.iLsfxCIvu . /srv/a", program: .rsync, direction: .writeToHost,
            paths: ["/srv/a"]),
        Sample(
            line: "rsync --server -re.LsfxCIvu --delete-during . a", program: .rsync, direction: .writeToHost,
            paths: ["a"], removes: true),
        Sample(
            line: "rsync --server --sender -re.LsfxCIvu --remove-source-files . a", program: .rsync,
            direction: .readFromHost, paths: ["a"], removes: true),
        Sample(line: "rsync --server -sre.LsfxCIvu .", program: .rsync, direction: .writeToHost, paths: nil),
        Sample(
            line: "rsync --server -re.LsfxCIvu --temp-dir . . a", program: .rsync, direction: .writeToHost, paths: nil),
        Sample(line: "git-upload-pack '/srv/a.git'", program: .git, direction: .readFromHost, paths: ["/srv/a.git"]),
        Sample(line: "git-receive-pack 'a.git'", program: .git, direction: .writeToHost, paths: ["a.git"]),
        Sample(line: "git upload-pack --strict a", program: .git, direction: .readFromHost, paths: ["a"]),
        Sample(line: "git-upload-archive a", program: .git, direction: .readFromHost, paths: ["a"]),
        Sample(line: "/usr/lib/openssh/sftp-server", program: .sftp, direction: .both, paths: nil),
    ]

    @Test("servers of transfers are recognised", arguments: samples)
    func recognised(_ sample: Sample) throws {
        let command = try #require(ShellReader.read(Array(sample.line.utf8)).commands.first)
        let transfer = try #require(TransferCommand(command))
        #expect(transfer.program == sample.program)
        #expect(transfer.direction == sample.direction)
        #expect(transfer.paths == sample.paths)
        #expect(transfer.removes == sample.removes)
    }

    @Test("a transfer that removes writes as well")
    func actions() throws {
        let line = "rsync --server --sender -re.LsfxCIvu --remove-source-files . a"
        let command = try #require(ShellReader.read(Array(line.utf8)).commands.first)
        #expect(TransferCommand(command)?.actions == ["ssh.read", "ssh.write"])
    }

    @Test(
        "others are not taken for them",
        arguments: ["scp a host:b", "rsync -a a b", "git status", "ls -t x", "scp -o a -t b"])
    func others(_ line: String) throws {
        let command = try #require(ShellReader.read(Array(line.utf8)).commands.first)
        #expect(TransferCommand(command) == nil)
    }
}
