import Foundation
import Testing

@Suite("Files over SSH, end to end", .serialized)
struct FileTransferTests {
    private static func random(_ count: Int, at path: String) throws {
        var bytes = Data(count: count)
        bytes.withUnsafeMutableBytes { buffer in
            for index in buffer.indices { buffer[index] = UInt8.random(in: 0...255) }
        }
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    private static func same(_ one: String, _ other: String) -> Bool {
        FileManager.default.contentsEqual(atPath: one, andPath: other)
    }

    @Test("sftp, scp in both its forms, rsync and git carry files unchanged")
    func tools() async throws {
        let fixture = try await SSHFixture()
        let alice = try await OpenSSHClient.key(try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        let here = alice.folder.path
        let there = fixture.server.folder.path
        try Self.random(3_000_017, at: "\(here)/one")

        let batch = """
            put one \(there)/sftp
            get \(there)/sftp two
            mkdir \(there)/folder
            rename \(there)/sftp \(there)/folder/renamed
            chmod 600 \(there)/folder/renamed
            ls \(there)/folder
            symlink \(there)/folder/renamed \(there)/link
            rm \(there)/link
            pwd
            """
        let sftp = try await alice.tool("sftp", ["-b", "-", "web-1@127.0.0.1"], input: batch)
        #expect(sftp.status == 0, "\(sftp)")
        #expect(Self.same("\(here)/one", "\(here)/two") && Self.same("\(here)/one", "\(there)/folder/renamed"))

        for form in [[], ["-O"]] {
            let up = try await alice.tool(
                "scp", form + ["-p", "\(here)/one", "web-1@127.0.0.1:\(there)/scp\(form.count)"])
            #expect(up.status == 0, "\(up)")
            let down = try await alice.tool(
                "scp", form + ["web-1@127.0.0.1:\(there)/scp\(form.count)", "\(here)/down\(form.count)"])
            #expect(down.status == 0, "\(down)")
            #expect(Self.same("\(here)/one", "\(here)/down\(form.count)"))
        }

        try FileManager.default.createDirectory(atPath: "\(here)/tree/deep", withIntermediateDirectories: true)
        for name in ["tree/a", "tree/deep/b"] { try Self.random(100_000, at: "\(here)/\(name)") }
        for (source, target) in [
            ("\(here)/tree/", "web-1@127.0.0.1:\(there)/tree/"), ("web-1@127.0.0.1:\(there)/tree/", "\(here)/tree2/"),
        ] {
            let finished = try await RunningProcess.run(
                try Tools.system("rsync"), ["-a", "-e", alice.command, source, target])
            #expect(finished.status == 0, "\(finished)")
        }
        #expect(Self.same("\(here)/tree/deep/b", "\(here)/tree2/deep/b"))

        let git = try await RunningProcess.run(
            "/bin/sh",
            [
                "-ec",
                """
                git init -q --bare \(there)/repository.git
                git clone -q ssh://web-1@127.0.0.1:\(alice.port)\(there)/repository.git work
                cd work
                echo text > file
                git add file
                git -c user.name=a -c user.email=a@example.com commit -q -m first
                git push -q origin HEAD:refs/heads/main
                cd ..
                git clone -q -b main ssh://web-1@127.0.0.1:\(alice.port)\(there)/repository.git again
                cmp work/file again/file
                """,
            ], in: alice.folder, environment: ["GIT_SSH_COMMAND": alice.command])
        #expect(git.status == 0, "\(git)")

        #expect(try await fixture.gateway.stop() == 0)
        let entries = try await fixture.gateway.auditEntries()
        let outcomes = RecordedOutcome.all(in: entries)
        #expect(outcomes.contains { $0.command == "sftp write \(there)/sftp" && $0.kind == "succeeded" })
        #expect(outcomes.contains { $0.command == "sftp rename \(there)/sftp \(there)/folder/renamed" })
        let digest = try await RunningProcess.run(try Tools.system("sha256sum"), ["\(here)/one"]).output.prefix(64)
        let digests = entries.compactMap { ($0["outcome"] as? [String: Any])?["details"] as? [String: Any] }
        #expect(digests.contains { $0["written_sha256"] as? String == String(digest) })
        #expect(
            digests.contains { $0["read_sha256"] as? String == String(digest) && $0["read_whole"] as? Bool == true })
        #expect(outcomes.filter { $0.kind == "abandoned" }.isEmpty, "\(outcomes)")
        #expect(try await fixture.gateway.auditFault() == nil)
    }

    @Test("a refused SFTP request says so, and the session goes on")
    func refused() async throws {
        let fixture = try await SSHFixture()
        let alice = try await OpenSSHClient.key(try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        let there = fixture.server.folder.path
        try "classified".write(toFile: "\(there)/secret-plan", atomically: true, encoding: .utf8)
        try "open".write(toFile: "\(there)/plan", atomically: true, encoding: .utf8)
        let batch = """
            -get \(there)/secret-plan stolen
            -get \(there)/../\(fixture.server.folder.lastPathComponent)/./secret-plan stolen
            -rename \(there)/secret-plan \(there)/public
            -symlink \(there)/secret-plan \(there)/link
            -rm \(there)/secret-plan
            get \(there)/plan plan
            """
        let sftp = try await alice.tool("sftp", ["-b", "-", "web-1@127.0.0.1"], input: batch)
        #expect(sftp.status == 0, "\(sftp)")
        #expect(sftp.errors.contains("no-secrets") || sftp.errors.contains("ermission denied"), "\(sftp)")
        #expect(!FileManager.default.fileExists(atPath: alice.folder.path + "/stolen"))
        #expect(try String(contentsOfFile: alice.folder.path + "/plan", encoding: .utf8) == "open")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: there).filter { $0 == "public" || $0 == "link" } == [])
        #expect(FileManager.default.fileExists(atPath: "\(there)/secret-plan"))
    }

    @Test("under a masking rule output and text files are masked, however they are fetched, and binary ones refused")
    func masked() async throws {
        let fixture = try await SSHFixture(
            policy: """
                @id("masked") @mask("customer-pii") permit (principal, action in Action::"ssh", resource);
                """)
        let alice = try await OpenSSHClient.key(try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        let there = fixture.server.folder.path
        let card = "4111111111111111"
        var lines = ""
        for number in 0..<20_000 { lines += "line \(number) pays with \(card) today\n" }
        try lines.write(toFile: "\(there)/cards", atomically: true, encoding: .utf8)
        try Data([0, 1, 2] + Array(card.utf8) + [0xff]).write(to: URL(fileURLWithPath: "\(there)/binary"))

        let printed = try await alice.run("web-1", "cat \(there)/cards; cat \(there)/cards >&2")
        for text in [printed.output, printed.errors] {
            #expect(text == lines.replacingOccurrences(of: card, with: "************1111"))
        }
        let slowly = try await alice.run("web-1", "printf 'card 41111111'; sleep 2; echo 11111111 end")
        #expect(slowly.output == "card ************1111 end\n")
        let later = try await alice.run("web-1", "(sleep 1; echo 11111111 later) & printf 'card 41111111'")
        #expect(later.output == "card ************1111 later\n")

        let sftp = try await alice.tool(
            "sftp", ["-b", "-", "web-1@127.0.0.1"], input: "get \(there)/cards got\n-get \(there)/binary binary\n")
        #expect(sftp.status == 0, "\(sftp)")
        let got = try String(contentsOfFile: alice.folder.path + "/got", encoding: .utf8)
        #expect(got == lines.replacingOccurrences(of: card, with: "************1111"))
        #expect(!FileManager.default.fileExists(atPath: alice.folder.path + "/binary"))

        let old = try await alice.tool("scp", ["-O", "web-1@127.0.0.1:\(there)/binary", "stolen"])
        #expect(old.status != 0)
        let stolen = (try? Data(contentsOf: URL(fileURLWithPath: alice.folder.path + "/stolen"))) ?? Data()
        #expect(!stolen.contains(Data(card.utf8)))
        var telling = alice
        telling.options = ["-o", "LogLevel=INFO"]
        let forwarded = try await telling.tool("ssh", ["-W", "127.0.0.1:\(fixture.server.port)", "web-1@127.0.0.1"])
        #expect(forwarded.status != 0 && forwarded.errors.contains("masking rule"), "\(forwarded)")
    }
}

extension Data {
    fileprivate func contains(_ other: Data) -> Bool { range(of: other) != nil }
}
