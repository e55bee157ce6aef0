import Foundation
import Testing

/// An operator ends a session that is open: what is under way is cut, and on record.
@Suite("Terminated sessions, end to end", .serialized)
struct TerminationTests {
    @Test(
        "`sessions terminate` cuts the call under way and leaves its outcome; other sessions go on",
        arguments: ["--http1.1", "--http2-prior-knowledge"])
    func terminate(version: String) async throws {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"}
                """)
        options.upstreams = [functions]
        options.policy += """

            @id("approvers-terminate")
            permit (principal in Group::"approver", action in [Action::"console.admin", Action::"console.read"], resource);
            """
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"), options: [version])
        let carol = try await gateway.issuer.token(for: "carol")
        let bob = try await gateway.issuer.token(for: "bob")
        async let cut = alice.get("\(gateway.url)/payments/slow?seconds=40")

        var open: String?
        for _ in 0..<300 where open == nil {
            let listed = try await gateway.command("sessions", "list", "--output", "json", token: carol)
            #expect(listed.status == 0, "\(listed.errors)")
            let sessions = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]]
            open = sessions?.first { $0["ended"] == nil || $0["ended"] is NSNull }?["id"] as? String
        }
        let session = try #require(open)

        // An auditor may look and not touch; and nobody without a reason.
        let auditor = try await gateway.command(
            "sessions", "terminate", session, "--justification", "looks odd", token: carol)
        #expect(auditor.status == 77, "\(auditor.status) \(auditor.errors)")
        #expect(try await gateway.command("sessions", "terminate", session, token: bob).status == 64)
        let ended = try await gateway.command(
            "sessions", "terminate", session, "--justification", "looks odd", token: bob)
        #expect(ended.status == 0, "\(ended.errors)")

        let answer = try await cut
        #expect(answer.exit != 0 || answer.status == 403, "\(answer)")
        #expect(!answer.body.contains("slept"))
        #expect(try await alice.get("\(gateway.url)/payments/customer").status == 200)
        let again = try await gateway.command(
            "sessions", "terminate", session, "--justification", "still odd", token: bob)
        #expect(again.status != 0)

        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let outcomes = RecordedOutcome.all(in: entries)
        #expect(outcomes.count == 2)
        #expect(outcomes.filter { $0.kind == "succeeded" }.map(\.command) == ["GET /customer"])
        let cutOutcome = outcomes.first { $0.kind != "succeeded" }
        #expect(cutOutcome?.reason?.hasPrefix("a session of this connection was terminated by ") == true, "\(outcomes)")
        let end = entries.first { $0["kind"] as? String == "session-end" && "\($0)".contains(session) }
        #expect(end.map { "\($0)".contains("bob") } == true, "\(String(describing: end))")
        #expect(entries.contains { "\($0)".contains("looks odd") })
        #expect(try await gateway.auditFault() == nil)
    }
}
