import Foundation
import Testing

/// Connections that outlive what their caller has signed in with.
@Suite("The end of a sign-in, end to end", .serialized)
struct SSHSignInExpiryTests {
    /// Tokens that have just ended, and are taken for what is left of the minute by which clocks may differ.
    private static func issuer(lasting seconds: Int) async throws -> EmbeddedIssuer {
        try await EmbeddedIssuer(lifetime: seconds - 60)
    }

    @Test("a multiplexed connection runs no new commands once the token has ended; what runs goes on")
    func multiplexed() async throws {
        let fixture = try await SSHFixture(issuer: try await Self.issuer(lasting: 14))
        let start = ContinuousClock.now
        var client = try OpenSSHClient.token(
            try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        client.options = ["-S", "\(client.folder.path)/mux"]
        let running = client
        async let long = running.run("web-1", "sleep 18; echo still here", ["-M"])
        try await waitUntil {
            FileManager.default.fileExists(atPath: "\(running.folder.path)/mux")
        }
        #expect(try await client.run("web-1", "echo in").output == "in\n")
        try await Task.sleep(until: start + .seconds(16))
        let late = try await client.run("web-1", "echo leaked")
        #expect(late.status == 126 && late.output.isEmpty, "\(late)")
        #expect(late.errors.contains("sign-in-expired") && late.errors.contains("Sign in again"), "\(late)")
        #expect(try await long.output == "still here\n")
        let refusals = try await fixture.gateway.auditEntries().filter { $0["kind"] as? String == "refusal" }
        #expect(refusals.count == 1, "\(refusals)")
    }

    @Test("a database connection ends with its caller's token")
    func database() async throws {
        let ledger = try await Ledger(issuer: try await Self.issuer(lasting: 12))
        let ran = try await ledger.psql(
            input: "BEGIN;\nSELECT 'in';\n\\! sleep 14\nSELECT 'leaked';\nSELECT 'leaked';\n")
        #expect(ran.status != 0 && ran.output.contains("in\n") && !ran.output.contains("leaked"), "\(ran)")
        #expect(ran.errors.contains("FATAL:  Your sign-in ended at"), "\(ran)")
        #expect(ran.errors.contains("sign-in-expired") && ran.errors.contains("Sign in again"), "\(ran)")
    }
}
