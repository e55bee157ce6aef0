import Foundation
import Testing

@Suite("Signing in over SSH, end to end", .serialized)
struct SSHSignInTests {
    private static let everything = """
        @id("all") permit (principal, action in Action::"ssh", resource);
        @id("no-other-login") forbid (principal, action, resource) when { context.ssh.login == "nobody" };
        """

    @Test("a token as the password, a registered key and a browser all come to the same person")
    func methods() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gateway = fixture.gateway
        let token = try await gateway.issuer.token(for: "alice")
        #expect(try await OpenSSHClient.token(token, gateway).run("web-1", "echo one").output == "one\n")
        for type in ["ed25519", "ecdsa", "rsa"] {
            let key = try await OpenSSHClient.key(token, gateway, type: type)
            #expect(try await key.run("web-1", "echo two").output == "two\n", "\(type)")
        }
        let browser = try await PythonClient.run(
            "ssh_device.py", ["--port", "\(gateway.sshPort.orThrow())", "--user", "web-1", "--person", "alice"])
        #expect(browser["output"] as? String == "three\n", "\(browser)")
        // Asked for a token first, and for nothing that costs an identity provider anything.
        let shown = try #require(browser["shown"] as? [[Any]])
        #expect(shown.count == 2 && shown[0][0] as? String == "", "\(shown)")
        let typed = try await PythonClient.run(
            "ssh_device.py", ["--port", "\(gateway.sshPort.orThrow())", "--user", "web-1", "--token", token])
        #expect(typed["output"] as? String == "three\n", "\(typed)")
        let subjects = try await gateway.auditEntries().compactMap { entry -> String? in
            guard entry["kind"] as? String == "intent" else { return nil }
            return (entry["caller"] as? [String: Any])?["subject"] as? String
        }
        #expect(subjects.count == 6 && Set(subjects).count == 1, "\(subjects)")
    }

    @Test("whoever is nobody is refused in the same way, whether or not the target exists")
    func nobody() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gateway = fixture.gateway
        for user in ["web-1", "no-such-target"] {
            let wrong = try await OpenSSHClient.token("not-a-token", gateway).run(user, "echo leaked")
            #expect(wrong.status == 255 && wrong.output.isEmpty, "\(wrong)")
            #expect(wrong.errors.contains("Permission denied (publickey,keyboard-interactive,password)"), "\(wrong)")
            let unregistered = try await OpenSSHClient.key(nil, gateway).run(user, "echo leaked")
            #expect(unregistered.status == 255 && unregistered.output.isEmpty, "\(unregistered)")
            #expect(unregistered.errors.contains("Permission denied"), "\(unregistered)")
        }
        let failures = try await gateway.auditEntries().filter { $0["kind"] as? String == "sign-in-failure" }
        #expect(failures.count >= 2, "\(failures)")
    }

    @Test("whoever asks, proves nothing and leaves is on record, with the keys that were offered")
    func strangers() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gateway = fixture.gateway
        let keyless = try OpenSSHClient.unmade(gateway)
        #expect(try await keyless.run("web-1", "echo leaked").status == 255)
        let unregistered = try await OpenSSHClient.key(nil, gateway)
        #expect(try await unregistered.run("web-1", "echo leaked").status == 255)
        let fingerprint = try await RunningProcess.run(
            try Tools.system("ssh-keygen"), ["-l", "-f", unregistered.key.orThrow()]
        ).output.split(separator: " ")[1]
        // A port that is only looked at, and somebody who gets in with the second key, leave nothing.
        let scan = try await RunningProcess.run(
            try Tools.system("ssh-keyscan"), ["-p", "\(gateway.sshPort.orThrow())", "127.0.0.1"])
        #expect(scan.output.contains("ssh-ed25519"), "\(scan)")
        var registered = try await OpenSSHClient.key(try await gateway.issuer.token(for: "alice"), gateway)
        registered.options = ["-i", try unregistered.key.orThrow()]
        #expect(try await registered.run("web-1", "echo in").output == "in\n")
        #expect(try await gateway.stop() == 0)
        let reasons = try await gateway.auditEntries().filter { $0["kind"] as? String == "sign-in-failure" }
            .map { $0["reason"] as? String ?? "" }
        // Each in the journal of its own loop: either may be first in the log.
        #expect(
            reasons.sorted() == [
                "the client showed keys that nobody has registered (\(fingerprint)), and left",
                "the client showed nothing that proves who it is, and left",
            ], "\(reasons)")
    }

    @Test("somebody who has signed in is told of a target that is none, and of a login that is not allowed")
    func routes() async throws {
        let fixture = try await SSHFixture(policy: Self.everything, target: ", logins: [nobody]")
        let unknown = try await fixture.alice.run("web-9", "echo leaked")
        #expect(unknown.status == 126 && unknown.output.isEmpty, "\(unknown)")
        #expect(unknown.errors.contains("There is no target \"web-9\""), "\(unknown)")
        let login = try await fixture.alice.run("\(OpenSSHServer.login)+web-1", "id -un")
        #expect(login.output == "\(OpenSSHServer.login)\n", "\(login)")
        let other = try await fixture.alice.run("nobody+web-1", "id -un")
        #expect(other.status == 126 && other.errors.contains("no-other-login"), "\(other)")
        let unlisted = try await fixture.alice.run("daemon+web-1", "id -un")
        #expect(unlisted.status == 126 && unlisted.output.isEmpty, "\(unlisted)")
    }

    @Test("messages that skip the sign-in get nobody in (CVE-2018-10933)")
    func skipped() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let answer = try await PythonClient.run(
            "ssh_hostile.py", ["--port", "\(fixture.gateway.sshPort.orThrow())", "--mode", "skip"])
        #expect(answer["opened"] as? Int == 0, "\(answer)")
        #expect(answer["tries"] as? Int == 5, "\(answer)")
        #expect(try await fixture.gateway.auditEntries().filter { $0["kind"] as? String == "intent" }.isEmpty)
        #expect(try await fixture.alice.run("web-1", "echo alive").output == "alive\n")
    }

    @Test("guessing is bounded for each connection and for each address")
    func guessing() async throws {
        let fixture = try await SSHFixture(
            policy: Self.everything, listener: ", max_attempts: 3, max_failures_per_minute: 5")
        let answer = try await PythonClient.run(
            "ssh_hostile.py", ["--port", "\(fixture.gateway.sshPort.orThrow())", "--mode", "guess"])
        // The last failure of a connection ends it, and so does the first beyond those of an address.
        #expect(answer["counts"] as? [Int] == [2, 2, 0], "\(answer)")
    }

    @Test("whoever knows a public key registers it for nobody without the private one")
    func registeringAnothersKey() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gateway = fixture.gateway
        let (alice, mallory) = (
            try await gateway.issuer.token(for: "alice"), try await gateway.issuer.token(for: "carol")
        )
        let hers = try await OpenSSHClient.key(nil, gateway)
        let another = try await OpenSSHClient.key(nil, gateway).key.orThrow()
        // A signature by Mallory's own key, Alice's proof for another token, and one for another purpose.
        let tries = [
            try await hers.register(signing: mallory, mallory, gateway, signingWith: another),
            try await hers.register(signing: alice, mallory, gateway),
            try await hers.register(signing: mallory, mallory, gateway, namespace: "git"),
        ]
        for answer in tries {
            #expect(answer.status == 403 && answer.body.contains("ssh-key-not-proven"), "\(answer)")
            #expect(answer.body.contains("ssh-keygen -Y sign"), "\(answer)")
        }
        #expect(try await hers.run("web-1", "echo leaked").status == 255)
        #expect(try await hers.register(signing: alice, alice, gateway).status == 201)
        #expect(try await hers.run("web-1", "echo in").output == "in\n")
        let entries = try await gateway.auditEntries()
        let recorded = entries.filter { $0["action"] as? String == "console.ssh-key.register" }
        #expect(recorded.map { $0["allowed"] as? Bool } == [false, false, false, true], "\(recorded)")
        let caller = try #require(entries.last { $0["kind"] as? String == "intent" }?["caller"] as? [String: Any])
        #expect(caller["subject"] as? String == "local|alice", "\(caller)")
    }

    @Test("sallyport login registers a new key, or one's own, and ssh-config makes ssh use it")
    func login() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        let gateway = fixture.gateway
        func login(_ arguments: String...) async throws -> String {
            let command = try RunningProcess(
                try Tools.sallyport,
                ["login", "--config", "sallyport.yaml", "--console", gateway.consoleURL] + arguments,
                in: gateway.folder, environment: ["SALLYPORT_HOME": gateway.folder.path])
            try await command.says("confirm the code")
            let code = try #require(command.output.firstMatch(of: /user_code=([A-Z]{4}-[A-Z]{4})/)?.1)
            _ = try await Curl().send([
                "\(gateway.issuer.url)/device", "--data-urlencode", "user_code=\(code)", "-d",
                "username=alice&decision=approve",
            ])
            #expect(try await command.exit() == 0, "\(command.output)")
            return command.output
        }
        func ssh(_ arguments: String...) async throws -> RunningProcess.Finished {
            let settings = try await gateway.command(
                arguments[0], arguments.count > 1 ? arguments[1] : "web-1", "web-1")
            #expect(settings.status == 0, "\(settings)")
            let file = gateway.folder.appendingPathComponent("ssh_config").path
            try settings.output.write(toFile: file, atomically: true, encoding: .utf8)
            return try await RunningProcess.run(
                try Tools.system("ssh"),
                [
                    "-F", file, "-o", "StrictHostKeyChecking=no", "-o", "PreferredAuthentications=publickey", "web-1",
                    "echo in",
                ],
                environment: ["SSH_AUTH_SOCK": ""])
        }
        #expect(try await login("--ssh").contains("registered the SSH key SHA256:"))
        #expect(try await ssh("ssh-config").output == "in\n")
        let own = try await OpenSSHClient.key(nil, gateway).key.orThrow()
        #expect(try await login("--ssh-key", own).contains("--key \(own) TARGET"))
        #expect(try await ssh("ssh-config", "--key=\(own)").output == "in\n")
    }
}
