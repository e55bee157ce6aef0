import Foundation
import Testing

// Whom a hold is put on, and how much it keeps.

extension RetentionTests {
    private static let holdPolicy = """
        \(TestGateway.Options.usualPolicy)
        @id("auditors-hold") permit (principal in Group::"auditor", action in Action::"console.holds", resource);
        """

    @Test("a hold says how much it covers, one of nobody so far warns, and none is put on a session that is not there")
    func holdExtent() async throws {
        let gateway = try await TestGateway.payments(
            policy: Self.holdPolicy, extra: "retention: {default: {recordings: 400d}}")
        let (alice, carol) = (
            try await gateway.issuer.token(for: "alice"), try await gateway.issuer.token(for: "carol")
        )
        func hold(_ option: String, _ value: String) async throws -> RunningProcess.Finished {
            try await gateway.command("retention", "hold", "add", option, value, "--reason", "case 4711", token: carol)
        }
        let issuer = gateway.issuer.url
        let missing = try await hold("--session", "01a2173b-51f9-7e16-ab9c-7d8c15205d77")
        #expect(missing.status == 1 && missing.output.isEmpty, "\(missing)")
        #expect(missing.errors.contains("no session with this id in the audit log"), "\(missing)")
        let mistyped = try await hold("--caller", "\(issuer)|local|alcie")
        #expect(mistyped.status == 0 && mistyped.output.contains("covers 0 sessions now"), "\(mistyped)")
        #expect(mistyped.errors.contains("WARNING: the log knows no session of \(issuer)|local|alcie"), "\(mistyped)")

        // At once, before anything of it is signed or in the index.
        #expect(try await Curl(token: alice).get("\(gateway.url)/payments/customer.json").status == 200)
        let started = try await gateway.auditEntries().first { $0["kind"] as? String == "session-start" }
        let session = try #require(started?["session"] as? String)
        let ofSession = try await hold("--session", session)
        #expect(ofSession.status == 0 && ofSession.output.contains("covers 1 session now"), "\(ofSession)")
        // Once its recording is sealed.
        try await waitUntil {
            try await gateway.command("retention", "plan", "--output", "json", token: carol)
                .output.contains(#""files": 1"#)
        }
        for form in ["\(issuer)|local|alice", "\(issuer)#local|alice"] {
            let held = try await hold("--caller", form)
            #expect(held.status == 0 && held.errors.isEmpty, "\(held)")
            #expect(held.output.contains("is in force: it covers 1 session now, with 1 sealed file\n"), "\(held)")
        }
        let listed = try await gateway.command("retention", "hold", "list", token: carol)
        #expect(listed.output.contains("caller \(issuer)|local|alice"), "\(listed)")
        let holds = try await gateway.auditEntries().filter { $0["kind"] as? String == "retention-hold" }
        #expect(holds.count == 4, "a hold of what is not there is none")
        #expect(try await gateway.stop() == 0)
    }
}
