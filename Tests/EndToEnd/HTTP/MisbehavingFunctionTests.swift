import Foundation
import Testing

/// Functions that break HTTP: the caller gets a problem with a reason or an answer that is visibly cut, the outcome is on
/// record, and the connections of others are not touched.
@Suite("Misbehaving functions, end to end", .serialized)
struct MisbehavingFunctionTests {
    /// With what the caller sees; `nil` for an answer that had begun and is cut.
    private static let faults: [(path: String, status: Int?, rule: String)] = [
        ("garbage", 502, "upstream-malformed"),
        ("no-head", 502, "upstream-closed"),
        ("half-head", 502, "upstream-closed"),
        ("two-lengths", 502, "upstream-malformed"),
        ("length-and-chunked", 502, "upstream-malformed"),
        ("unknown-coding", 502, "upstream-malformed"),
        ("huge-head", 502, "upstream-malformed"),
        ("interim-flood", 502, "upstream-malformed"),
        ("switching", 502, "upstream-malformed"),
        ("folded", 502, "upstream-malformed"),
        ("bare-line-feed", 502, "upstream-malformed"),
        ("status-zero", 502, "upstream-malformed"),
        ("never", 504, "upstream-timeout"),
        ("cut-length", nil, ""),
        ("cut-chunked", nil, ""),
        ("cut-chunk", nil, ""),
        ("bad-chunk-size", nil, ""),
        ("stalls", nil, ""),
    ]

    private static let unmasked = """
        @id("all") permit (principal in Group::"payments", action in [Action::"http.read", Action::"http.write"], resource);
        """
    private static let masked = """
        @id("all") @mask("customer-pii")
        permit (principal in Group::"payments", action in [Action::"http.read", Action::"http.write"], resource);
        """

    private static func gateway(policy: String, function: PythonServer? = nil) async throws -> TestGateway {
        let function = if let function { function } else { try await PythonServer("misbehaving.py") }
        var options = TestGateway.Options(
            targets: """
                  - name: payments
                    kind: http
                    prefix: /payments
                    url: "\(function.url)"
                    response_timeout: 3s
                    stall_timeout: 3s
                """)
        options.policy = policy
        options.upstreams = [function]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test("each fault is told or visible, recorded, and leaves the next call its own answer", arguments: [false, true])
    func faults(isMasked: Bool) async throws {
        let gateway = try await Self.gateway(policy: isMasked ? Self.masked : Self.unmasked)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for (index, fault) in Self.faults.enumerated() {
            // A connection that has been used stands in the pool when the fault comes.
            let before = try await alice.get("\(gateway.url)/payments/good/\(index)")
            #expect(before.member("number") as? Int == index, "before \(fault.path): \(before)")
            let answer = try await alice.get("\(gateway.url)/payments/\(fault.path)")
            if let status = fault.status {
                #expect(answer.status == status, "\(fault.path): \(answer)")
                #expect(answer.headers["content-type"] == "application/problem+json", "\(fault.path)")
                #expect(answer.member("rule") as? String == fault.rule, "\(fault.path): \(answer)")
                #expect(answer.member("next_step") is String, "\(fault.path)")
            } else {
                // Refused as a whole while nothing was out, else cut so that curl sees it.
                let isProblem = [502, 504].contains(answer.status) && answer.member("rule") is String
                #expect(isProblem || answer.exit != 0, "\(fault.path) looks complete: \(answer)")
            }
            let after = try await alice.get("\(gateway.url)/payments/good/\(index + 1000)")
            #expect(after.member("number") as? Int == index + 1000, "after \(fault.path): \(after)")
        }
        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.outcomes()
        for fault in Self.faults {
            let own = outcomes.filter { $0.command.hasSuffix("/\(fault.path)") }
            #expect(own.count == 1, "\(fault.path): \(own)")
            #expect(own.allSatisfy { $0.kind == "interrupted" && ["502", "504"].contains($0.status) }, "\(own)")
        }
        #expect(outcomes.filter { $0.kind == "succeeded" }.count == 2 * Self.faults.count)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("an answer that nobody asked for is never the next call's")
    func unaskedAnswers() async throws {
        let function = try await PythonServer("misbehaving.py")
        let gateway = try await Self.gateway(policy: Self.unmasked, function: function)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for (index, path) in ["extra", "extra-later"].enumerated() {
            let answer = try await alice.get("\(gateway.url)/payments/\(path)")
            #expect(answer.status == 200 && answer.exit == 0 && answer.member("answer") is String, "\(path): \(answer)")
            // The later bytes come while the connection lies in the pool.
            if path == "extra-later" { _ = try await Curl().get("\(function.url)/release") }
            for call in 0..<4 {
                let number = 10 * index + call
                let next = try await alice.get("\(gateway.url)/payments/good/\(number)")
                #expect(next.member("number") as? Int == number, "after \(path): \(next)")
            }
        }
    }

    @Test("a function that answers before it was asked answers no other call than the connection's first")
    func answersUnasked() async throws {
        let function = try await PythonServer("misbehaving.py", ["--greets"])
        let gateway = try await Self.gateway(policy: Self.unmasked, function: function)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for number in 0..<3 {
            let answer = try await alice.get("\(gateway.url)/payments/good/\(number)")
            let got = answer.member("number") as? Int
            #expect(answer.status == 502 || got == 666 || got == number, "\(answer)")
        }
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a function that does not read the body gets its refusal through, or the caller is told")
    func unreadBody() async throws {
        let gateway = try await Self.gateway(policy: Self.unmasked)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let large = gateway.folder.appendingPathComponent("large.json")
        try Data(#"{"filler":"\#(String(repeating: "f", count: 1_000_000))"}"#.utf8).write(to: large)
        for path in ["refuses-body", "answers-early"] {
            let answer = try await alice.send([
                "\(gateway.url)/payments/\(path)", "-H", "Content-Type: application/json", "--data-binary",
                "@\(large.path)",
            ])
            #expect(answer.exit == 0)
            let isAnswer = path == "answers-early" && answer.status == 413 && answer.member("early") as? Bool == true
            let isProblem = answer.status == 502 && answer.member("rule") as? String == "upstream-closed"
            #expect(isAnswer || isProblem, "\(path): \(answer)")
            let next = try await alice.get("\(gateway.url)/payments/good/5")
            #expect(next.member("number") as? Int == 5)
        }
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.outcomes().filter { $0.kind != "succeeded" }.count == 2)
        #expect(try await gateway.auditFault() == nil)
    }
}
