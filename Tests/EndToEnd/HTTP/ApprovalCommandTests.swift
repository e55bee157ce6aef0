import Foundation
import Testing

/// Approvals by command line, and callers who wait for them.
@Suite("Approvals by command, end to end", .serialized)
struct ApprovalCommandTests {
    private static let refund = #"{"customer":"c-17","amount":125}"#

    private static func setUp() async throws -> (gateway: TestGateway, alice: Curl, bob: String) {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"}
                """)
        options.upstreams = [functions]
        options.listener = ", max_wait: 20s"
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = Curl(
            token: try await gateway.issuer.token(for: "alice"),
            options: ["-H", "Sallyport-Justification: charged twice"])
        return (gateway, alice, try await gateway.issuer.token(for: "bob"))
    }

    /// The tickets that `sallyport approvals list` shows.
    private static func tickets(_ gateway: TestGateway, _ token: String, _ more: String...) async throws
        -> [[String: Any]]
    {
        let finished = try await RunningProcess.run(
            try Tools.sallyport, ["approvals", "list", "--output", "json"] + more, in: gateway.folder,
            environment: ["SALLYPORT_CONSOLE": gateway.consoleURL, "SALLYPORT_TOKEN": token])
        guard finished.status == 0 else { throw TestFailure("approvals list: \(finished.errors)") }
        return try #require(
            try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [[String: Any]])
    }

    @Test("a rejected call never runs, says who rejected it and why, and stays rejected")
    func reject() async throws {
        let (gateway, alice, bob) = try await Self.setUp()
        let url = "\(gateway.url)/payments/refund"
        let waiting = try await alice.post(url, json: Self.refund)
        let ticket = try #require(waiting.member("ticket") as? String)
        #expect(try await Self.tickets(gateway, bob, "--state", "pending").count == 1)

        let own = try await gateway.command(
            "approvals", "reject", ticket, "--justification", "changed my mind", token: alice.token)
        #expect(own.status == 77, "\(own.status) \(own.errors)")
        let silent = try await gateway.command("approvals", "reject", ticket, token: bob)
        #expect(silent.status == 64)
        let empty = try await gateway.command("approvals", "reject", ticket, "--justification", " ", token: bob)
        #expect(empty.status != 0)
        let rejected = try await gateway.command(
            "approvals", "reject", ticket, "--justification", "it was one charge", "--output", "json", token: bob)
        #expect(rejected.status == 0 && rejected.output.contains("rejected"), "\(rejected.errors)")
        let late = try await gateway.command(
            "approvals", "approve", ticket, "--justification", "well then", token: bob)
        #expect(late.status != 0)

        let poll = try #require(waiting.headers["location"])
        let state = try await alice.get("\(gateway.url)\(poll)")
        #expect(state.member("status") as? String == "rejected" && state.body.contains("it was one charge"), "\(state)")
        // Sent again it opens a new ticket at the most; it never runs.
        let again = try await alice.post(url, json: Self.refund)
        #expect([202, 403].contains(again.status), "\(again)")
        let runs = try await alice.get("\(gateway.url)/payments/runs")
        #expect(runs.member("refund") as? Int == 0)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.outcomes().map(\.command) == ["GET /runs"])
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a call that prefers to wait runs when it is approved, is refused when it is rejected, and is told to poll")
    func held() async throws {
        let (gateway, alice, bob) = try await Self.setUp()
        let url = "\(gateway.url)/payments/refund"
        func decide(_ verb: String) async throws {
            for _ in 0..<200 {
                if let ticket = try await Self.tickets(gateway, bob, "--state", "pending").first?["id"] as? String {
                    let decided = try await gateway.command(
                        "approvals", verb, ticket, "--justification", "seen both charges", token: bob)
                    #expect(decided.status == 0, "\(decided.errors)")
                    return
                }
            }
            throw TestFailure("no ticket to \(verb)")
        }

        async let approved = alice.post(url, json: Self.refund, "-H", "Prefer: wait=20")
        try await decide("approve")
        let ran = try await approved
        #expect(ran.status == 200 && ran.member("refund") as? Int == 1, "\(ran)")

        async let rejected = alice.post(url, json: #"{"amount":2}"#, "-H", "Prefer: wait=20")
        try await decide("reject")
        let refused = try await rejected
        #expect(refused.status == 403 && refused.headers["content-type"] == "application/problem+json", "\(refused)")
        #expect(refused.body.contains("seen both charges"), "\(refused)")

        let undecided = try await alice.post(url, json: #"{"amount":3}"#, "-H", "Prefer: wait=1")
        #expect(undecided.status == 202 && undecided.headers["preference-applied"] == "wait=1", "\(undecided)")
        #expect(undecided.headers["location"] != nil && undecided.headers["retry-after"] != nil)

        // A caller who stops waiting leaves the ticket, and the call does not run behind their back.
        let gone = try await alice.post(url, json: #"{"amount":4}"#, "-H", "Prefer: wait=20", "--max-time", "1")
        #expect(gone.exit == 28)
        let left = try await Self.tickets(gateway, bob, "--state", "pending")
        for ticket in left.compactMap({ $0["id"] as? String }) {
            #expect(
                try await gateway.command("approvals", "approve", ticket, "--justification", "fine", token: bob).status
                    == 0)
        }
        #expect(left.count == 2)
        let runs = try await alice.get("\(gateway.url)/payments/runs")
        #expect(runs.member("refund") as? Int == 1)
        // The approval was not spent on nobody: it is there for the same call.
        let again = try await alice.post(url, json: #"{"amount":4}"#)
        #expect(again.status == 200, "\(again)")
        #expect(try await alice.get("\(gateway.url)/payments/runs").member("refund") as? Int == 2)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }
}
