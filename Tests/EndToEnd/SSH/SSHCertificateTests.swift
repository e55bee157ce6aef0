import Foundation
import Testing

@Suite("SSH certificates, end to end", .serialized)
struct SSHCertificateTests {
    private static func listener(_ authority: SSHAuthority, _ more: String = ", groups: principals") throws -> String {
        ", user_ca: [{keys: [\"\(try authority.publicKey)\"], issuer: corp-ca\(more)}]"
    }

    @Test("a certificate of a configured authority signs in whom it names, with each type of key")
    func signsIn() async throws {
        for type in ["ed25519", "ecdsa", "rsa"] {
            let authority = try await SSHAuthority(type: type)
            let fixture = try await SSHFixture(listener: Self.listener(authority))
            let client = try await authority.client(fixture.gateway, type: type)
            let ran = try await client.run("web-1", "echo in")
            #expect(ran.output == "in\n", "\(type): \(ran)")
            let intent = try #require(
                try await fixture.gateway.auditEntries().first { $0["kind"] as? String == "intent" })
            let caller = try #require(intent["caller"] as? [String: Any])
            #expect(caller["issuer"] as? String == "corp-ca", "\(caller)")
            #expect(caller["subject"] as? String == "alice's laptop", "\(caller)")
            #expect(caller["groups"] as? [String] == ["payments"], "\(caller)")
            let certificate = try #require(caller["certificate"] as? [String: Any])
            #expect(certificate["serial"] as? String == "4711", "\(certificate)")
            #expect(certificate["key_id"] as? String == "alice's laptop", "\(certificate)")
            #expect((certificate["authority"] as? String)?.hasPrefix("SHA256:") == true, "\(certificate)")
        }
    }

    @Test("certificates that are not for this, and those of others, are refused, and the log says why")
    func refused() async throws {
        let authority = try await SSHAuthority()
        let fixture = try await SSHFixture(listener: Self.listener(authority))
        let gateway = fixture.gateway
        let clients: [(why: String, client: OpenSSHClient)] = [
            ("expired", try await authority.client(gateway, "-V", "-10m:-5m")),
            ("valid from", try await authority.client(gateway, "-V", "+5m:+10m")),
            ("longer than 86400 seconds", try await authority.client(gateway, "-V", "-1m:+2d")),
            ("longer than 86400 seconds", try await authority.client(gateway, "-V", "always:forever")),
            ("from \"192.0.2.0/24\" only", try await authority.client(gateway, "-O", "source-address=192.0.2.0/24")),
            ("force-command", try await authority.client(gateway, "-O", "force-command=id")),
            ("\"quota@corp\"", try await authority.client(gateway, "-O", "critical:quota@corp=9")),
            ("names no principals", try await authority.client(gateway, for: nil)),
        ]
        for (why, client) in clients {
            let ran = try await client.run("web-1", "echo leaked")
            #expect(ran.status == 255 && ran.output.isEmpty, "\(why): \(ran)")
        }
        // Those of other authorities lie in many agents, and those of hosts no client offers.
        for silent in [try await SSHAuthority().client(gateway), try await authority.client(gateway, "-h")] {
            #expect(try await silent.run("web-1", "echo leaked").status == 255)
        }
        let reasons = try await gateway.auditEntries().compactMap { entry in
            entry["code"] as? String == "certificate-refused" ? entry["reason"] as? String : nil
        }
        for (why, _) in clients { #expect(reasons.contains { $0.contains(why) }, "\(why) in \(reasons)") }
        #expect(reasons.count == clients.count, "\(reasons)")
        #expect(try await gateway.auditEntries().allSatisfy { $0["kind"] as? String != "intent" })
    }

    @Test("nobody signs in with a certificate whose key they do not hold, nor with an authority's own key")
    func possession() async throws {
        let authority = try await SSHAuthority()
        let fixture = try await SSHFixture(listener: Self.listener(authority))
        let gateway = fixture.gateway
        // Another's certificate beside a key of one's own.
        let owner = try await authority.client(gateway)
        let thief = try await OpenSSHClient.key(nil, gateway)
        try FileManager.default.copyItem(
            atPath: "\(owner.key.orThrow())-cert.pub", toPath: "\(thief.key.orThrow())-cert.pub")
        #expect(try await thief.run("web-1", "echo leaked").status == 255)
        // The authority's key, registered with a token by whoever has it; and certified by itself.
        let token = try await gateway.issuer.token(for: "alice")
        let itself = try OpenSSHClient.unmade(gateway)
        for ending in ["", ".pub"] {
            try FileManager.default.copyItem(
                atPath: authority.key + ending, toPath: try itself.key.orThrow() + ending)
        }
        #expect(try await itself.register(signing: token, token, gateway).status == 201)
        #expect(try await itself.run("web-1", "echo leaked").status == 255)
        #expect(try await owner.run("web-1", "echo in").output == "in\n")
    }

    @Test("a certificate allows terminals and forwarding only where it says so")
    func permissions() async throws {
        let policy = #"@id("all") permit (principal, action in Action::"ssh", resource);"#
        let authority = try await SSHAuthority()
        let fixture = try await SSHFixture(policy: policy, listener: Self.listener(authority))
        let forward = "127.0.0.1:\(fixture.server.port)"
        let all = try await authority.client(fixture.gateway)
        #expect(try await all.run("web-1", "tty", ["-tt"]).output.contains("/dev/pts/"))
        let reached = try await all.tool("ssh", ["-W", forward, "web-1@127.0.0.1"], input: "SSH-2.0-x\r\n")
        #expect(reached.output.hasPrefix("SSH-2.0-OpenSSH"), "\(reached)")
        var none = try await authority.client(fixture.gateway, "-O", "clear")
        none.options = ["-o", "LogLevel=INFO"]
        #expect(try await none.run("web-1", "echo in").output == "in\n")
        let terminal = try await none.run("web-1", "tty", ["-tt"])
        #expect(terminal.errors.contains("PTY allocation request failed"), "\(terminal)")
        let refused = try await none.tool("ssh", ["-W", forward, "web-1@127.0.0.1"], input: "")
        #expect(refused.errors.contains("permit-port-forwarding"), "\(refused)")
    }

    @Test("whose certificate names nobody that a token could name gets no approvals; an issuer's subject does")
    func approvals() async throws {
        let authority = try await SSHAuthority()
        let fixture = try await SSHFixture(listener: Self.listener(authority))
        let path = fixture.gateway.folder.appendingPathComponent("x").path
        let alone = try await authority.client(fixture.gateway)
        let refused = try await alone.run(
            "web-1", "touch \(path)", ["-o", "SetEnv=SALLYPORT_JUSTIFICATION=because"])
        #expect(refused.status == 126 && refused.errors.contains("approval-needs-token"), "\(refused)")
        let rules = try await fixture.gateway.auditEntries().filter { $0["kind"] as? String == "refusal" }.map {
            ($0["decision"] as? [String: Any])?["rule"] as? String
        }
        #expect(rules == ["approval-needs-token"])

        let issuer = try await EmbeddedIssuer()
        let same = try await SSHFixture(
            listener: ", max_wait: 1s"
                + Self.listener(authority, ", groups: principals, principals: [payments]")
                .replacing("corp-ca", with: "\"\(issuer.url)\""), issuer: issuer)
        let alice = try await authority.client(same.gateway, for: "others,payments", "-I", "local|alice")
        let waited = try await alice.run("web-1", "touch \(path)", ["-o", "SetEnv=SALLYPORT_JUSTIFICATION=because"])
        #expect(waited.status == 126 && waited.errors.contains("/approvals/"), "\(waited)")
        let unnamed = try await authority.client(same.gateway, for: "others")
        #expect(try await unnamed.run("web-1", "echo leaked").status == 255)
    }

    @Test("groups can stand in an extension; without it they are unknown, and what asks for them is denied")
    func groupsExtension() async throws {
        let authority = try await SSHAuthority()
        let fixture = try await SSHFixture(
            listener: Self.listener(authority, ", groups: \"extension:groups@corp\""))
        let named = try await authority.client(fixture.gateway, "-O", "extension:groups@corp=auditor,payments")
        #expect(try await named.run("web-1", "echo in").output == "in\n")
        let unknown = try await authority.client(fixture.gateway)
        let ran = try await unknown.run("web-1", "echo leaked")
        #expect(ran.status == 126 && ran.errors.contains("groups@corp"), "\(ran)")
    }

    @Test("a configuration that trusts what it should not is refused")
    func configuration() async throws {
        let authority = try await SSHAuthority()
        let key = try authority.publicKey
        let wrong = [
            "user_ca: [{issuer: corp-ca}]", "user_ca: [{keys: [], issuer: corp-ca}]", "user_ca: [{keys: [\"\(key)\"]}]",
            "user_ca: [{keys: [\"not a key\"], issuer: corp-ca}]",
            "user_ca: [{keys: [\"\(key)\"], issuer: corp-ca, groups: everybody}]",
            "user_ca: [{keys: [\"\(key)\"], issuer: a}, {keys: [\"\(key)\"], issuer: b}]",
            "user_ca: [{keys_file: nowhere, issuer: corp-ca}]",
        ]
        for text in wrong {
            await #expect(throws: (any Error).self, "\(text)") { try await SSHFixture(listener: ", \(text)") }
        }
        let file = authority.key + ".pub"
        let fixture = try await SSHFixture(
            listener: ", user_ca: [{keys_file: \"\(file)\", issuer: corp-ca, groups: principals}]")
        #expect(try await authority.client(fixture.gateway).run("web-1", "echo in").output == "in\n")
    }
}
