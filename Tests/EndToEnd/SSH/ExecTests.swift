import Foundation
import Testing

@Suite("SSH commands, end to end", .serialized)
struct ExecTests {
    @Test("what a command prints, and how it ends, is what a direct connection shows")
    func same() async throws {
        let fixture = try await SSHFixture(
            policy: """
                @id("all") permit (principal, action in Action::"ssh", resource);
                """)
        let commands: [(String, String?)] = [
            ("echo hello", nil), ("echo out; echo err >&2; exit 3", nil), ("cat", "some\ninput\n"), ("true", nil),
            ("exit 255", nil), ("kill -TERM $$", nil), ("kill -KILL $$", nil), ("nothing-of-this-name", nil),
            ("head -c 3000000 /dev/zero | sha256sum", nil), ("seq 1 200000", nil), ("seq 1 200000 >&2", nil),
            ("sha256sum", String(repeating: "0123456789abcdef\n", count: 120_000)), ("printf 'a\\000b' | od -c", nil),
            ("exec 1>&-; sleep 0.2; echo late >&2", nil), ("cat >/dev/null; echo done", "x"), ("tty", nil),
            ("echo é ü 漢字 '$HOME' \"quoted\" \\\\", nil), ("head -c 10", "0123456789and more"),
        ]
        for (command, input) in commands {
            let direct = try await fixture.direct.run(OpenSSHServer.login, command, input: input)
            let through = try await fixture.alice.run("web-1", command, input: input)
            #expect(through.status == direct.status, "\(command): \(through.errors.prefix(300))")
            #expect(through.output == direct.output, "\(command)")
            #expect(through.errors == direct.errors, "\(command)")
        }
        #expect(try await fixture.gateway.stop() == 0)
        let outcomes = try await fixture.gateway.outcomes()
        #expect(outcomes.count == commands.count, "\(outcomes)")
        #expect(outcomes.filter { $0.kind == "interrupted" || $0.kind == "abandoned" }.isEmpty, "\(outcomes)")
        #expect(outcomes.first { $0.command.hasPrefix("echo out") }?.status == "exit 3")
        #expect(outcomes.first { $0.command.hasPrefix("kill -TERM") }?.status == "signal TERM")
        #expect(try await fixture.gateway.auditFault() == nil)
    }

    @Test(
        "a client that shares its connection closes a channel when the output ends, and gets the exit status after that"
    )
    func closedBeforeExit() async throws {
        let fixture = try await SSHFixture(
            policy: #"@id("all") permit (principal, action in Action::"ssh", resource);"#)
        for (client, user) in [(fixture.direct, OpenSSHServer.login), (fixture.alice, "web-1")] {
            var client = client
            client.options = [
                "-o", "ControlPath=\(client.folder.path)/control", "-o", "ControlMaster=auto", "-o",
                "ControlPersist=60",
            ]
            #expect(try await client.run(user, "true", ["-n"]).status == 0)
            let ended = try await client.run(user, "exec <&- >&- 2>&-; sleep 0.5; exit 7", ["-n"])
            #expect(ended.status == 7, "\(user): \(ended)")
            _ = try await client.tool("ssh", ["-O", "exit", "\(user)@127.0.0.1"])
        }
        #expect(try await fixture.gateway.stop() == 0)
        #expect(try await fixture.gateway.outcomes().last?.status == "exit 7")
    }

    @Test("new keys in the middle of much data, on both legs, change nothing")
    func rekeying() async throws {
        let fixture = try await SSHFixture(
            policy: #"@id("all") permit (principal, action in Action::"ssh", resource);"#, server: ["RekeyLimit 1M"])
        var alice = fixture.alice
        alice.options = ["-o", "RekeyLimit=1M"]
        let zeros = String(repeating: "0", count: 8_000_000)
        let through = try await alice.run("web-1", "cat", input: zeros)
        #expect(through.status == 0 && through.output == zeros, "\(through.errors)")
        let error = try await alice.run("web-1", "head -c 8000000 /dev/zero | tr '\\0' 0 >&2")
        #expect(error.status == 0 && error.errors == zeros)
    }

    @Test("a refused command does not run, ends with 126, and says rule and next step on the standard error")
    func refused() async throws {
        let fixture = try await SSHFixture()
        let victim = fixture.server.folder.path + "/victim"
        try "x".write(toFile: victim, atomically: true, encoding: .utf8)
        let refused = try await fixture.alice.run("web-1", "rm \(victim)")
        #expect(refused.status == 126 && refused.output.isEmpty)
        #expect(refused.errors.contains("The rule is no-rm."), "\(refused.errors)")
        #expect(refused.errors.contains("Ask the owners of the host to remove it."), "\(refused.errors)")
        #expect(FileManager.default.fileExists(atPath: victim))
        let opaque = try await fixture.alice.run("web-1", "$(echo rm) \(victim)")
        #expect(opaque.status == 126 && opaque.errors.contains("no-opaque-shell"), "\(opaque)")
        #expect(FileManager.default.fileExists(atPath: victim))
        #expect(try await fixture.alice.run("web-1", "ls \(victim)").output == "\(victim)\n")
    }

    @Test("a command that needs approval tells where, waits, and runs once")
    func approval() async throws {
        let fixture = try await SSHFixture()
        let made = fixture.server.folder.path + "/made"
        let unexplained = try await fixture.alice.run("web-1", "touch \(made)")
        #expect(unexplained.status == 126 && unexplained.errors.contains("SALLYPORT_JUSTIFICATION"), "\(unexplained)")
        async let waiting = fixture.alice.run(
            "web-1", "touch \(made)", ["-o", "SetEnv=SALLYPORT_JUSTIFICATION=\"the ticket 4711\""])
        let bob = try await fixture.gateway.issuer.token(for: "bob")
        let ticket = try await Self.ticket(fixture.gateway, bob)
        #expect(!FileManager.default.fileExists(atPath: made))
        let approved = try await fixture.gateway.command(
            "approvals", "approve", ticket, "--justification", "fine", token: bob)
        #expect(approved.status == 0, "\(approved)")
        let finished = try await waiting
        #expect(finished.status == 0 && finished.errors.contains("/approvals/"), "\(finished)")
        #expect(FileManager.default.fileExists(atPath: made))
    }

    /// The one ticket that waits.
    private static func ticket(_ gateway: TestGateway, _ token: String) async throws -> String {
        var found: String?
        try await waitUntil {
            let listed = try await gateway.command("approvals", "list", "--output", "json", token: token)
            let tickets = try? JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
            found = tickets?.first?["id"] as? String
            return found != nil
        }
        return try found.orThrow()
    }
}
