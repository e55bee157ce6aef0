import Foundation
import Testing

@Suite("Signing in at Canaille", .serialized)
struct CanailleTests {
    private static func gateway(
        _ issuer: Canaille, _ change: (inout TestGateway.Options) -> Void = { _ in }
    ) async throws -> TestGateway {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: "  - {name: payments, kind: http, prefix: /payments, url: \"\(functions.url)\"}")
        options.upstreams = [functions]
        change(&options)
        return try await TestGateway(options, issuer: issuer)
    }

    @Test("a browser signs in by authorization code with PKCE, and keys that rotate or vanish are minded")
    func rotation() async throws {
        let issuer = try await Canaille()
        let gateway = try await Self.gateway(issuer)
        let place = "\(gateway.url)/payments/customer"
        let old = try await issuer.token(for: "alice")
        #expect(try await Curl(token: old).get(place).status == 200)
        let dave = try await Curl(token: try await issuer.token(for: "dave")).get(place)
        #expect(dave.status == 403 && dave.member("rule") as? String == "default-deny")

        // A new key signs, the old one is still published: nobody notices.
        try await issuer.stop()
        try await issuer.start(keys: ["second", "first"])
        let new = try await issuer.token(for: "alice")
        let asked = ContinuousClock.now
        #expect(try await Curl(token: new).get(place).status == 200)
        let answered = ContinuousClock.now
        #expect(try await Curl(token: old).get(place).status == 200)

        // A third key, within 30 seconds of the last look at the issuer: not known yet, and not asked for again, so
        // that a flood of forged key ids does not become a flood of requests.
        try await issuer.stop()
        try await issuer.start(keys: ["third"])
        let third = try await issuer.token(for: "alice")
        let before = ContinuousClock.now
        let unknown = try await Curl(token: third).get(place)
        // A slow machine may have taken longer than that to start the issuer anew. When the gateway looked last, only it
        // knows: between `asked` and `answered`.
        let isKnown = unknown.status == 200
        if isKnown {
            #expect(ContinuousClock.now - asked > .seconds(30), "\(unknown.body)")
        } else {
            #expect(before - answered < .seconds(30), "\(unknown.body)")
            #expect(unknown.status == 401 || unknown.status == 503, "\(unknown.body)")
            #expect(unknown.headers["content-type"] == "application/problem+json")
        }

        // The issuer is gone: what was verified with known keys goes on.
        try await issuer.stop()
        #expect(try await Curl(token: isKnown ? third : new).get(place).status == 200)
        let verified = try await gateway.command("audit", "verify", "--config", "sallyport.yaml")
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test("an issuer that is down at the start hinders only its own callers, and only as long as it is down")
    func downAtStart() async throws {
        let issuer = try await Canaille()
        let token = try await issuer.token(for: "alice")
        try await issuer.stop()
        let gateway = try await Self.gateway(issuer)
        let place = "\(gateway.url)/payments/customer"
        let refused = try await Curl(token: token).get(place)
        #expect(refused.status == 503, "\(refused.body)")
        #expect((refused.member("detail") as? String)?.contains("issuer") == true, "\(refused.body)")
        let doctor = try await gateway.command("doctor", "--config", "sallyport.yaml")
        #expect(doctor.output.contains(issuer.url), "\(doctor.output)")

        try await issuer.start(keys: ["first"])
        var answer = try await Curl(token: token).get(place)
        for _ in 0..<80 where answer.status == 503 {
            try await Task.sleep(for: .milliseconds(500))
            answer = try await Curl(token: token).get(place)
        }
        #expect(answer.status == 200, "\(answer.body)")
    }

    @Test("the console signs people in at the issuer's own pages")
    func console() async throws {
        let issuer = try await Canaille()
        let gateway = try await Self.gateway(issuer) { $0.consolePort = issuer.consolePort }
        let page = try await Browser.walk(
            "\(gateway.consoleURL)/sign-in/issuer?number=0", user: "bob", then: "\(gateway.consoleURL)/approvals")
        #expect(page.hasPrefix("200") && page.contains("bob@example.com"), "\(page)")
    }
}
