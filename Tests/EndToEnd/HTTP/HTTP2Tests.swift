import Foundation
import Testing

/// HTTP/2 over plain loopback (prior knowledge) and over TLS (ALPN), as `curl` speaks it.
@Suite("HTTP/2, end to end", .serialized)
struct HTTP2Tests {
    private static func gateway(secure certificates: TestCertificates? = nil, more keys: String = "") async throws
        -> TestGateway
    {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"\(keys)}
                """)
        options.upstreams = [functions]
        if let certificates {
            options.listener =
                ", tls: {certificate: \"\(certificates.path("gateway.pem"))\", key: \"file:\(certificates.path("gateway.key"))\"}"
            options.scheme = "https"
        }
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test("calls are masked, refused and answered as in HTTP/1.1", arguments: [false, true])
    func calls(isSecure: Bool) async throws {
        let certificates = isSecure ? try await TestCertificates() : nil
        let gateway = try await Self.gateway(secure: certificates)
        var alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        alice.options = ["-w", "\nversion %{http_version}"]
        if let certificates {
            alice.options += ["--http2", "--cacert", certificates.path("ca.pem")]
        } else {
            alice.options += ["--http2-prior-knowledge"]
        }
        func answer(_ got: CurlAnswer) -> CurlAnswer {
            #expect(got.body.hasSuffix("\nversion 2"), "\(got)")
            return CurlAnswer(
                status: got.status, headers: got.headers,
                body: got.body.replacingOccurrences(of: "\nversion 2", with: ""), exit: got.exit)
        }

        let customer = answer(try await alice.get("\(gateway.url)/payments/customer"))
        #expect(customer.status == 200 && customer.member("ssn") as? String == "*******8741")
        #expect(!customer.body.contains("4111 1111 1111"))

        let refused = answer(try await alice.post("\(gateway.url)/payments/export", json: "{}"))
        #expect(refused.status == 403 && refused.member("rule") as? String == "no-export")
        #expect(refused.headers["content-type"] == "application/problem+json")

        let echoed = answer(try await alice.post("\(gateway.url)/payments/echo", json: #"{"a":[1,2,3]}"#))
        #expect(echoed.status == 200 && echoed.member("body") as? String == #"{"a":[1,2,3]}"#)

        let large = gateway.folder.appendingPathComponent("large.json")
        let filler = String(repeating: "f", count: 500_000)
        try Data(#"{"filler":"\#(filler)"}"#.utf8).write(to: large)
        let whole = answer(
            try await alice.send([
                "\(gateway.url)/payments/echo", "-H", "Content-Type: application/json", "--data-binary",
                "@\(large.path)",
            ]))
        #expect(whole.status == 200 && (whole.member("body") as? String)?.utf8.count == filler.utf8.count + 13)

        let stream = answer(try await alice.get("\(gateway.url)/payments/stream"))
        #expect(stream.status == 200 && stream.body.components(separatedBy: "data: ").count == 6)
        #expect(!stream.body.contains("536-22"))

        // Answered as soon as the head is there.
        let nobody = answer(
            try await Curl(options: alice.options).get("\(gateway.url)/payments/customer"))
        #expect(nobody.status == 401 && nobody.exit == 0)
        #expect(nobody.headers["content-type"] == "application/problem+json" && nobody.member("next_step") is String)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("requests that the protocol forbids never reach the function, and others' calls go on")
    func hostile() async throws {
        let gateway = try await Self.gateway()
        let token = try await gateway.issuer.token(for: "alice")
        let outcomes = try await PythonClient.run(
            "hostile_http2.py", ["--port", String(gateway.port), "--token", token], within: 240)
        #expect(outcomes.count > 40)
        for (attack, outcome) in outcomes {
            if attack == "plain request, not an attack" {
                #expect(outcome as? Int == 200)
            } else if attack == "length beyond the limit" {
                #expect(outcome as? Int == 413, "\(outcome)")
            } else if let status = outcome as? Int {
                #expect((400..<500).contains(status), "\(attack): \(status)")
            } else {
                #expect(["reset", "goaway", "closed"].contains(outcome as? String), "\(attack): \(outcome)")
            }
        }
        let alice = Curl(token: token, options: ["--http2-prior-knowledge"])
        #expect(try await alice.get("\(gateway.url)/payments/customer").status == 200)
        #expect(try await gateway.stop() == 0)
        let commands = try await gateway.outcomes().map(\.command)
        #expect(commands.sorted() == ["GET /customer", "POST /echo"])
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("calls that are reset as soon as they are sent end the connection and leave an outcome each")
    func rapidReset() async throws {
        let gateway = try await Self.gateway(more: ", idle_timeout: 1s")
        let token = try await gateway.issuer.token(for: "alice")
        let outcome = try await PythonClient.run(
            "hostile_http2.py", ["--port", String(gateway.port), "--token", token, "--resets", "2000"])
        #expect(["goaway", "closed"].contains(outcome["resets"] as? String), "\(outcome)")
        #expect(try await Curl(token: token).get("\(gateway.url)/payments/customer").status == 200)
        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let intents = entries.filter { $0["kind"] as? String == "intent" }
        #expect(intents.count < 2000)
        #expect(RecordedOutcome.all(in: entries).count == intents.count)
        #expect(try await gateway.auditFault() == nil)
    }
}
