import Foundation
import Testing

@Suite("SSH when things go wrong, end to end", .serialized)
struct SSHResilienceTests {
    private static let everything =
        #"@id("all") @record("full") permit (principal, action in Action::"ssh", resource);"#

    private static func hostile(
        _ mode: String, _ fixture: SSHFixture, _ more: String...
    ) async throws -> [String: Any] {
        let token = fixture.gateway.folder.path + "/token"
        try await fixture.gateway.issuer.token(for: "alice").write(toFile: token, atomically: true, encoding: .utf8)
        return try await PythonClient.run(
            "ssh_hostile.py",
            ["--port", "\(fixture.gateway.sshPort.orThrow())", "--mode", mode, "--token-file", token] + more)
    }

    private static func isAlive(_ fixture: SSHFixture) async throws -> Bool {
        try await fixture.alice.run("web-1", "echo alive").output == "alive\n"
    }

    @Test("what is no SSH is told so and let go at once")
    func garbage() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let answers = try await Self.hostile("garbage", fixture)
        #expect(answers.count == 4)
        for (name, answer) in answers {
            let (text, seconds) = (
                (answer as? [Any])?.first as? String ?? "", (answer as? [Any])?.last as? Double ?? 99
            )
            #expect(text.hasPrefix("SSH-2.0-Sallyport\r\n") && seconds < 10, "\(name): \(text) after \(seconds) s")
            if name != "megabyte" { #expect(text.contains("RFC 4253") || text.contains("SSH 2.0"), "\(name): \(text)") }
        }
        #expect(try await Self.isAlive(fixture))
    }

    @Test("500 connections that never sign in are let go in time, and hinder nobody")
    func idle() async throws {
        let fixture = try await SSHFixture(policy: Self.everything, listener: ", sign_in_timeout: 8s")
        async let idle = Self.hostile("idle", fixture)
        try await Task.sleep(for: .seconds(2))
        #expect(try await Self.isAlive(fixture))
        #expect(try await idle["ended"] as? Int == 500)
        #expect(try await Self.isAlive(fixture))
    }

    @Test("a session on which nothing comes or goes ends with the reason; output counts, and keepalives do not")
    func silence() async throws {
        let fixture = try await SSHFixture(policy: Self.everything, listener: ", idle_timeout: 3s")
        async let talking = fixture.alice.run(
            "web-1", "for number in 1 2 3 4 5 6 7 8 9 10; do sleep 0.6 || exit; echo $number; done")
        // Its keepalives would hold the session for ever.
        let silent = try await fixture.alice.run("web-1", "sleep 40", ["-o", "ServerAliveInterval=1"])
        #expect(silent.status != 0 && silent.errors.contains("the session was silent for too long"), "\(silent)")
        let said = try await talking
        #expect(said.status == 0 && said.output.hasSuffix("9\n10\n"), "\(said)")
    }

    @Test("requests that are unknown or refused get their answer, and the connection goes on")
    func requests() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let answers = try await Self.hostile("requests", fixture)
        #expect(answers["alive"] as? String == "alive\n", "\(answers)")
        for name in ["unknown", "remote", "x11", "agent", "subsystem", "kind"] {
            #expect(answers[name] as? Bool == true, "\(name): \(answers)")
        }
    }

    @Test("a window that never opens stops its own channel alone, in bounded memory")
    func stalled() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let answers = try await Self.hostile("stalled", fixture)
        #expect(answers["other"] as? String == "through\n", "\(answers)")
        // No more than the window, of which paramiko makes 32 KiB at least.
        #expect(answers["got"] as? Int == 32_768, "\(answers)")
        #expect(try await Self.isAlive(fixture))
    }

    @Test("what a client sends before it closes its channel reaches the program")
    func hasty() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let file = fixture.server.folder.path + "/hasty"
        _ = try await Self.hostile("hasty", fixture, "--command", file)
        let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
        #expect(size == 3_000_000)
    }

    @Test("an SFTP client that takes no answers is not answered for ever", arguments: [false, true])
    func greedy(isMasked: Bool) async throws {
        let mask = isMasked ? #"@mask("customer-pii") "# : ""
        let fixture = try await SSHFixture(
            policy: #"@id("all") \#(mask)permit (principal, action in Action::"ssh", resource);"#)
        let file = fixture.server.folder.path + "/large"
        try String(repeating: "nothing of interest\n", count: 50_000)
            .write(toFile: file, atomically: true, encoding: .utf8)
        let answers = try await Self.hostile(
            "greedy", fixture, "--command", file, "--pid", "\(fixture.gateway.process.pid)")
        #expect(answers["other"] as? String == "through\n", "\(answers)")
        // The window, and what was on its way.
        #expect(answers["sent"] as? Int ?? .max < 5 << 20, "\(answers)")
        #expect(answers["resident"] as? Int ?? .max < 400, "\(answers)")
        #expect(try await Self.isAlive(fixture))
    }

    @Test("a start that wants no answer gets none")
    func silent() async throws {
        let answers = try await Self.hostile("silent", try await SSHFixture(policy: Self.everything))
        #expect(answers["answer"] as? String == "done\n" && answers["heard"] as? [String] == [], "\(answers)")
    }

    @Test("a host whose name has several addresses is reached at the one that answers")
    func addresses() async throws {
        let server = try await OpenSSHServer()
        var options = TestGateway.Options(
            targets: server.target("web-1").replacing("127.0.0.1:", with: "localhost:"))
        options.policy = Self.everything
        options.sshListener = ""
        options.upstreams = [server]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = try OpenSSHClient.token(try await gateway.issuer.token(for: "alice"), gateway)
        #expect(try await alice.run("web-1", "echo reached").output == "reached\n")
    }

    @Test("what a client that vanished had started ends on the host, and has its outcome")
    func vanished() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gone = fixture.server.folder.path + "/gone"
        _ = try await Self.hostile("vanish", fixture, "--command", "cat; touch \(gone)")
        try await waitUntil { FileManager.default.fileExists(atPath: gone) }
        #expect(try await fixture.gateway.stop() == 0)
        let outcome = try await fixture.gateway.outcomes().first { $0.command == "cat; touch \(gone)" }
        #expect(outcome?.kind == "interrupted", "\(String(describing: outcome))")
    }

    @Test("a host that is not there, hangs, or is another than the one meant gets an answer in good time")
    func hosts() async throws {
        let server = try await OpenSSHServer()
        let other = try await OpenSSHServer()
        let silent = try await PythonServer("silent_server.py")
        let dead = try Tools.freePort()
        let key = #"login: \#(OpenSSHServer.login), key: "file:\#(server.key)""#
        var options = TestGateway.Options(
            targets: """
                \(server.target("web-1"))
                  - {name: changed, kind: ssh, address: "127.0.0.1:\(server.port)", \(key), host_keys: ["\(other.hostKey)"]}
                  - {name: stranger, kind: ssh, address: "127.0.0.1:\(other.port)", \(key), host_keys: ["\(other.hostKey)"]}
                  - {name: silent, kind: ssh, address: "127.0.0.1:\(silent.port)", \(key), host_keys: ["\(other.hostKey)"], connect_timeout: 2s}
                  - {name: dead, kind: ssh, address: "127.0.0.1:\(dead)", \(key), host_keys: ["\(other.hostKey)"]}
                """)
        options.policy = Self.everything
        options.sshListener = ""
        options.upstreams = [server, other, silent]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = try OpenSSHClient.token(try await gateway.issuer.token(for: "alice"), gateway)
        for (target, reason) in [
            ("changed", "it may be another machine"), ("stranger", "does not take the gateway's key"),
            ("silent", "did not answer in time"), ("dead", "cannot be reached"),
        ] {
            async let refused = alice.run(target, "echo leaked")
            #expect(try await alice.run("web-1", "echo meanwhile").output == "meanwhile\n")
            let answer = try await refused
            #expect(answer.status == 255 && answer.output.isEmpty, "\(target): \(answer)")
            #expect(answer.errors.contains(reason), "\(target): \(answer)")
        }
        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.outcomes()
        #expect(outcomes.filter { $0.status == "not connected" }.count == 4, "\(outcomes)")
    }

    @Test("a host that goes away in the middle ends the command with a reason")
    func goneHost() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        async let running = fixture.alice.run("web-1", "echo begun; sleep 0.5; kill -9 $PPID; sleep 20")
        let answer = try await running
        #expect(answer.status == 255 && answer.output == "begun\n", "\(answer)")
        #expect(answer.errors.contains("The connection to the host ended"), "\(answer)")
        #expect(try await Self.isAlive(fixture))
    }

    @Test("asked to stop, the gateway lets what runs end, takes nothing new, and tells who stays too long")
    func stop() async throws {
        let fixture = try await SSHFixture(policy: Self.everything, listener: ", drain_timeout: 8s")
        let (first, second) = (fixture.server.folder.path + "/first", fixture.server.folder.path + "/second")
        async let short = fixture.alice.run("web-1", "touch \(first); echo begun; sleep 1.5; echo ended")
        var shared = fixture.alice
        shared.options = ["-o", "ControlPath=\(shared.folder.path)/control", "-o", "ControlMaster=auto"]
        async let long = shared.run("web-1", "touch \(second); sleep 60")
        try await waitUntil { [first, second].allSatisfy(FileManager.default.fileExists) }
        let stopping = ContinuousClock.now
        try fixture.gateway.process.signal(SIGTERM)
        try await waitUntil { try await fixture.alice.run("web-1", "echo new").status == 255 }
        let late = try await shared.run("web-1", "echo late")
        #expect(late.status == 126 && late.output.isEmpty, "\(late)")
        #expect(late.errors.contains("Nothing new begins here: the gateway stops"), "\(late)")
        #expect(try await short.output == "begun\nended\n")
        let answer = try await long
        #expect(answer.errors.contains("the gateway stops"), "\(answer)")
        #expect(try await fixture.gateway.process.exit() == 0)
        #expect(ContinuousClock.now - stopping < .seconds(40))
        // One that came before the gateway had the signal was served.
        let ended = try await fixture.gateway.outcomes().filter { !$0.command.contains("echo new") }
        #expect(ended.map(\.kind).sorted() == ["interrupted", "succeeded"])
        #expect(try await fixture.gateway.auditFault() == nil)
    }

    @Test("an operator ends a session, and its user reads why")
    func terminated() async throws {
        let fixture = try await SSHFixture(
            policy: Self.everything + #"@id("operators") permit (principal in Group::"auditor", action, resource);"#)
        let carol = try await fixture.gateway.issuer.token(for: "carol")
        async let running = fixture.alice.run("web-1", "echo begun; sleep 30")
        var session: String?
        try await waitUntil {
            let listed = try await fixture.gateway.command("sessions", "list", "--output", "json", token: carol)
            let all = try? JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
            session = all?.first { $0["ended_at"] == nil || $0["ended_at"] is NSNull }?["id"] as? String
            return session != nil
        }
        let ended = try await fixture.gateway.command(
            "sessions", "terminate", session.orThrow(), "--justification", "it is enough", token: carol)
        #expect(ended.status == 0, "\(ended)")
        let answer = try await running
        #expect(answer.errors.contains("terminated by carol"), "\(answer)")
    }
}
