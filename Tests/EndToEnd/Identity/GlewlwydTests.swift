import Foundation
import Testing

@Suite("Signing in at Glewlwyd", .serialized)
struct GlewlwydTests {
    @Test("`login` signs in by device flow, and groups in the token decide what may be called")
    func deviceFlow() async throws {
        let issuer = try await Glewlwyd()
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        let gateway = try await TestGateway(options, issuer: issuer)

        let home = gateway.folder.appendingPathComponent("home")
        let alice = try await issuer.signIn("alice", home: home)
        #expect(alice.said.contains("signed in as"))
        let called = try await RunningProcess.run(
            try Tools.sallyport, ["call", "--gateway", gateway.url, "payments/customer"],
            environment: ["SALLYPORT_HOME": home.path])
        #expect(called.status == 0 && called.output.contains("*******8741"), "\(called.output)\(called.errors)")

        let dave = Curl(token: try await issuer.token(for: "dave"))
        let refused = try await dave.get("\(gateway.url)/payments/customer")
        #expect(refused.status == 403)
        #expect(refused.member("rule") as? String == "default-deny")

        #expect(try await gateway.stop() == 0)
        let intents = try await gateway.auditEntries().filter { $0["kind"] as? String == "intent" }
        let caller = try #require(intents.first?["caller"] as? [String: Any])
        #expect(caller["issuer"] as? String == issuer.url)
        // Glewlwyd's subjects are opaque: the person is the issuer's name for her, the address only a label.
        #expect(caller["subject"] as? String != "alice" && caller["label"] as? String == "alice@example.com")
        #expect(caller["groups"] as? [String] == ["oncall", "payments"])
    }

    @Test("a groups claim of another name makes no member of a group")
    func otherClaim() async throws {
        let issuer = try await Glewlwyd()
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        options.issuerKeys = "groups: {claim: realm_access.roles}"
        let gateway = try await TestGateway(options, issuer: issuer)
        let refused = try await Curl(token: try await issuer.token(for: "alice")).get(
            "\(gateway.url)/payments/customer")
        #expect(refused.status == 403)
        #expect(refused.member("rule") as? String == "default-deny")
    }
}
