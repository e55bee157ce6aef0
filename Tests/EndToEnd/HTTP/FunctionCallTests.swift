import Foundation
import Testing

/// The main job, end to end: a real issuer, Google's functions runtime, `curl`, and the gateway as its own process.
@Suite("HTTP functions, end to end", .serialized)
struct FunctionCallTests {
    private static func setUp(
        _ change: (inout TestGateway.Options) -> Void = { _ in }
    ) async throws -> TestGateway {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - name: payments
                    kind: http
                    prefix: /payments
                    url: "\(functions.url)"
                    credential: {type: header, name: X-Function-Key, value: "env:TEST_FUNCTION_KEY"}
                """)
        options.environment = ["TEST_FUNCTION_KEY": "key-that-no-caller-sees"]
        options.upstreams = [functions]
        change(&options)
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test(
        "a call is masked, a refusal names its rule, an approval lets exactly one call run, and all of it is on record")
    func mainJob() async throws {
        let gateway = try await Self.setUp()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let bobToken = try await gateway.issuer.token(for: "bob")

        let customer = try await alice.get("\(gateway.url)/payments/customer")
        #expect(customer.status == 200)
        #expect(customer.member("ssn") as? String == "*******8741")
        #expect(!customer.body.contains("536-22") && !customer.body.contains("4111 1111 1111"))
        #expect(!customer.body.contains("dana.reyes"))
        #expect(customer.member("balance") as? Double == 1204.5)

        let refused = try await alice.post("\(gateway.url)/payments/export", json: "{}")
        #expect(refused.status == 403)
        #expect(refused.headers["content-type"] == "application/problem+json")
        #expect(refused.member("rule") as? String == "no-export")
        #expect(refused.member("next_step") as? String == "Ask the data office for an export.")

        let body = #"{"customer":"c-17","amount":125}"#
        let refund = "\(gateway.url)/payments/refund"
        let unjustified = try await alice.post(refund, json: body)
        #expect(unjustified.status == 403)
        let waiting = try await alice.post(refund, json: body, "-H", "Sallyport-Justification: charged twice")
        #expect(waiting.status == 202)
        #expect(waiting.headers["location"] != nil && waiting.headers["retry-after"] != nil)
        let ticket = try #require(waiting.member("ticket") as? String)

        // The requester cannot approve; neither can anybody in words that say nothing.
        let own = try await gateway.command(
            "approvals", "approve", ticket, "--justification", "mine", token: alice.token)
        #expect(own.status != 0)
        let approved = try await gateway.command(
            "approvals", "approve", ticket, "--justification", "seen both charges", token: bobToken)
        #expect(approved.status == 0, "\(approved.errors)")

        // Another byte is another command.
        let other = try await alice.post(refund, json: #"{"customer":"c-17","amount":126}"#)
        #expect(other.status == 403)
        let ran = try await alice.post(refund, json: body)
        #expect(ran.status == 200)
        #expect(ran.member("refund") as? Int == 1)
        let again = try await alice.post(refund, json: body)
        #expect(again.status == 403)
        let runs = try await alice.get("\(gateway.url)/payments/runs")
        #expect(runs.member("refund") as? Int == 1)

        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let intents = entries.filter { $0["kind"] as? String == "intent" }
        let outcomes = entries.filter { $0["kind"] as? String == "outcome" }
        #expect(intents.count == 3)
        #expect(
            Set(intents.compactMap { $0["id"] as? String }) == Set(outcomes.compactMap { $0["command"] as? String }))
        let approval = intents.compactMap { $0["approval"] as? [String: Any] }
        #expect(approval.count == 1)
        #expect(approval.first?["justification"] as? String == "charged twice")
        #expect(entries.prefix(2).map { $0["kind"] as? String } == ["key-creation", "start"])
        #expect(entries.last?["kind"] as? String == "stop")
        let verified = try await gateway.command("audit", "verify", "--config", "sallyport.yaml")
        #expect(verified.status == 0, "\(verified.output)")
    }

    @Test("the function never sees the caller's credentials, and the caller never sees the function's")
    func credentials() async throws {
        let gateway = try await Self.setUp { $0.maskingRules = "          - {field: never, transform: redact}" }
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let answer = try await alice.post(
            "\(gateway.url)/payments/echo", json: #"{"a":1}"#, "-H", "Cookie: session=secret", "-H",
            "Sallyport-Justification: because", "-H", "X-Forwarded-For: 1.2.3.4", "-H", "Connection: x-hop", "-H",
            "X-Hop: gone", "-H", "X-Function-Key: forged")
        #expect(answer.status == 200)
        let echoed = try #require(answer.member("headers") as? [[String]])
        let names = Set(echoed.map { $0[0].lowercased() })
        for hidden in ["authorization", "cookie", "sallyport-justification", "x-hop"] {
            #expect(!names.contains(hidden), "\(hidden) reached the function")
        }
        #expect(names.contains("traceparent"))
        // The function got its key, once and not the caller's; where it prints it, there stand asterisks.
        #expect(
            answer.member("key_digest") as? String == "0bff9f8948560ba93b9d1d7c68417937"
                + "efa674ecbe893ff457adec36ef135869")
        #expect(!answer.body.contains("key-that-no-caller-sees"))
        #expect(echoed.filter { $0[0].lowercased() == "x-function-key" }.map { $0[1] } == ["***********************"])
        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.auditEntries().filter { $0["kind"] as? String == "outcome" }
        let results = outcomes.compactMap { $0["outcome"] as? [String: Any] }
        let masked = results.compactMap { $0["masked"] as? [[String: Any]] }.joined()
        #expect(masked.contains { $0["rule"] as? String == "upstream-credential" }, "\(outcomes)")
    }

    @Test("answers that cannot be inspected under a masking rule are refused, streams are masked as they pass")
    func inspection() async throws {
        let gateway = try await Self.setUp()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let pixel = try await alice.get("\(gateway.url)/payments/pixel")
        #expect(pixel.status == 502)
        #expect(!pixel.body.contains("4111111111111111"))
        let stream = try await alice.get("\(gateway.url)/payments/stream")
        #expect(stream.status == 200)
        #expect(stream.body.components(separatedBy: "data: ").count == 6)
        #expect(!stream.body.contains("4111 1111 1111") && stream.body.contains("*******8741"))
        let failed = try await alice.get("\(gateway.url)/payments/fail")
        #expect(failed.status == 500)
        #expect(!failed.body.contains("4111111111111111"))
        let zipped = try await alice.get("\(gateway.url)/payments/gzip")
        #expect(!zipped.body.contains("536-22"))
        #expect(zipped.status == 502)
    }

    @Test("without a good token there is no call, and the answer says what to do")
    func signIn() async throws {
        let gateway = try await Self.setUp()
        let url = "\(gateway.url)/payments/customer"
        let none = try await Curl().get(url)
        #expect(none.status == 401 && none.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
        let nonsense = try await Curl(token: "nonsense").get(url)
        #expect(nonsense.status == 401)
        let good = try await gateway.issuer.token(for: "alice")
        let forged = String(good.dropLast(4)) + "AAAA"
        let bad = try await Curl(token: forged).get(url)
        #expect(bad.status == 401)
        let parts = good.split(separator: ".")
        let unsigned = "eyJhbGciOiJub25lIn0.\(parts[1])."
        #expect(try await Curl(token: unsigned).get(url).status == 401)
        // carol is an auditor: signed in, and allowed nothing here.
        let carol = try await Curl(token: gateway.issuer.token(for: "carol")).get(url)
        #expect(carol.status == 403)
        #expect(carol.member("rule") as? String == "default-deny")
    }

    @Test("kill -9 in the middle of calls loses no intent of a call that reached the function")
    func killed() async throws {
        let gateway = try await Self.setUp { options in
            options.policy += """

                @id("write-freely") permit (principal in Group::"payments", action == Action::"http.post", resource)
                when { resource.name == "echo" };
                """
        }
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"
        let calls = Task {
            var answered = 0
            for index in 0..<200 {
                guard let answer = try? await alice.post(url, json: #"{"call":\#(index)}"#), answer.exit == 0 else {
                    break
                }
                if answer.status == 200 { answered += 1 }
            }
            return answered
        }
        try await Task.sleep(for: .seconds(2))
        try await gateway.kill()
        let answered = await calls.value
        #expect(answered > 0)
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let echoes = entries.filter { entry in
            guard entry["kind"] as? String == "intent", let command = entry["command"] as? [String: Any] else {
                return false
            }
            return (command["text"] as? String)?.contains("/echo") == true
        }
        #expect(echoes.count >= answered)
        let verified = try await gateway.command("audit", "verify", "--config", "sallyport.yaml")
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
    }
}
