import Foundation
import Testing

/// Certificates as `opkssh login` makes them.
@Suite("opkssh, end to end", .serialized)
struct OpenPubkeyTests {
    private static func login(
        _ gateway: TestGateway, as person: String = "alice", _ more: String...
    ) async throws -> (client: OpenSSHClient, idToken: String) {
        let client = try OpenSSHClient.unmade(gateway)
        let made = try await PythonClient.run(
            "opkssh_login.py",
            ["--issuer", gateway.issuer.url, "--person", person, "--key", try client.key.orThrow()] + more)
        return (client, made["id_token"] as? String ?? "")
    }

    private static func fixture(
        _ settings: String = "clients: [opkssh]", issuer: EmbeddedIssuer? = nil
    ) async throws -> SSHFixture {
        try await SSHFixture(issuer: issuer, issuerKeys: "groups: {claim: groups}, openpubkey: {\(settings)}")
    }

    @Test("a certificate of opkssh signs in whom its token names, as the token would")
    func signsIn() async throws {
        let fixture = try await Self.fixture()
        let gateway = fixture.gateway
        let (client, idToken) = try await Self.login(gateway)
        #expect(try await client.run("web-1", "echo in").output == "in\n")
        #expect(try await fixture.alice.run("web-1", "echo in").output == "in\n")
        let callers = try await gateway.auditEntries().compactMap { entry in
            entry["kind"] as? String == "intent" ? entry["caller"] as? [String: Any] : nil
        }
        #expect(Set(callers.compactMap { $0["subject"] as? String }) == ["local|alice"], "\(callers)")
        #expect(Set(callers.compactMap { $0["issuer"] as? String }) == [gateway.issuer.url], "\(callers)")
        #expect(callers.map { $0["groups"] as? [String] } == [["payments"], ["payments"]], "\(callers)")
        let certificate = callers.first?["certificate"] as? [String: Any]
        #expect(certificate?["key_id"] as? String == "alice@example.com", "\(callers)")
        #expect(callers.last?["certificate"] == nil)
        // Every host that the certificate is shown to sees the token within.
        #expect(try await OpenSSHClient.token(idToken, gateway).run("web-1", "echo leaked").status == 255)
        let bearer = try await Curl(token: idToken).get("\(gateway.consoleURL)/api/v1/ssh-keys")
        #expect(bearer.status == 401, "\(bearer)")
        // Others are others.
        let bob = try await Self.login(gateway, as: "bob").client.run("web-1", "echo leaked")
        #expect(bob.status == 126 && bob.errors.contains("default-deny"), "\(bob)")
    }

    @Test(
        "a token for another key, changed, of another client, or signed by nobody is refused",
        arguments: [
            ["--fault", "nonce"], ["--fault", "payload"], ["--fault", "signature"], ["--client", "sallyport-cli"],
            ["--client", "another"], ["--option=-V", "--option=-10m:-5m"],
            ["--option=-O", "--option=force-command=id"],
            ["--refreshed", "foreign"],
        ])
    func refused(arguments: [String]) async throws {
        let fixture = try await Self.fixture()
        let client = try OpenSSHClient.unmade(fixture.gateway)
        _ = try await PythonClient.run(
            "opkssh_login.py",
            ["--issuer", fixture.gateway.issuer.url, "--person", "alice", "--key", try client.key.orThrow()] + arguments
        )
        let ran = try await client.run("web-1", "echo leaked")
        #expect(ran.status == 255 && ran.output.isEmpty, "\(ran)")
        let failures = try await fixture.gateway.auditEntries().filter { $0["kind"] as? String == "sign-in-failure" }
        #expect(!failures.isEmpty)
    }

    @Test("without a client of opkssh no such certificate is taken")
    func notConfigured() async throws {
        let fixture = try await SSHFixture()
        let (client, _) = try await Self.login(fixture.gateway)
        #expect(try await client.run("web-1", "echo leaked").status == 255)
    }

    @Test("a token lasts as long as it says, or as is configured, or as a refreshed one says")
    func lifetime() async throws {
        // Minutes over: no leeway reaches so far.
        let issuer = try await EmbeddedIssuer(lifetime: -600)
        let strict = try await Self.fixture(issuer: issuer)
        let (client, _) = try await Self.login(strict.gateway)
        #expect(try await client.run("web-1", "echo leaked").status == 255)
        let lenient = try await Self.fixture("clients: [opkssh], lifetime: 12h", issuer: issuer)
        let (other, _) = try await Self.login(lenient.gateway)
        #expect(try await other.run("web-1", "echo in").output == "in\n")
        let refreshing = try await Self.fixture()
        let (refreshed, _) = try await Self.login(refreshing.gateway, "--refreshed", "own")
        #expect(try await refreshed.run("web-1", "echo in").output == "in\n")
    }

    @Test("a client of opkssh that is an audience too is refused at the start")
    func sharedClient() async throws {
        await #expect(throws: (any Error).self) { try await Self.fixture("clients: [sallyport-cli]") }
    }
}
