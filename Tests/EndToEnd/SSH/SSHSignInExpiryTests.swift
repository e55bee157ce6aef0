import Foundation
import Testing

/// Connections that outlive what their caller has signed in with.
@Suite("The end of a sign-in, end to end", .serialized)
struct SSHSignInExpiryTests {
    /// Of the times below: long enough to sign in also where the machine is busy.
    private static let lasting = 25

    /// Issues tokens that have just ended, and are taken for what is left of the minute by which clocks may differ.
    private static func issuer() async throws -> EmbeddedIssuer {
        try await EmbeddedIssuer(lifetime: lasting - 60)
    }

    @Test("a multiplexed connection runs no new commands once the token has ended; what runs goes on")
    func multiplexed() async throws {
        let fixture = try await SSHFixture(issuer: try await Self.issuer())
        var client = try OpenSSHClient.token(
            try await fixture.gateway.issuer.token(for: "alice"), fixture.gateway)
        // The token is of before this moment, so that it has ended by then at the latest.
        let ended = ContinuousClock.now + .seconds(Self.lasting + 1)
        client.options = ["-S", "\(client.folder.path)/mux"]
        let running = client
        let done = client.folder.appendingPathComponent("done").path
        async let long = running.run(
            "web-1", "while ! test -e '\(done)'; do sleep 0.2; done; echo still here", ["-M"])
        try await waitUntil {
            FileManager.default.fileExists(atPath: "\(running.folder.path)/mux")
        }
        #expect(try await client.run("web-1", "echo in").output == "in\n")
        try await Task.sleep(until: ended)
        let late = try await client.run("web-1", "echo leaked")
        #expect(FileManager.default.createFile(atPath: done, contents: nil))
        #expect(late.status == 126 && late.output.isEmpty, "\(late)")
        #expect(late.errors.contains("sign-in-expired") && late.errors.contains("Sign in again"), "\(late)")
        #expect(try await long.output == "still here\n")
        let refusals = try await fixture.gateway.auditEntries().filter { $0["kind"] as? String == "refusal" }
        #expect(refusals.count == 1, "\(refusals)")
    }

    @Test("a database connection ends with its caller's token")
    func database() async throws {
        let ledger = try await Ledger(issuer: try await Self.issuer())
        let ran = try await ledger.psql(
            input: "BEGIN;\nSELECT 'in';\n\\! sleep \(Self.lasting + 1)\nSELECT 'leaked';\nSELECT 'leaked';\n")
        #expect(ran.status != 0 && ran.output.contains("in\n") && !ran.output.contains("leaked"), "\(ran)")
        #expect(ran.errors.contains("FATAL:  Your sign-in ended at"), "\(ran)")
        #expect(ran.errors.contains("sign-in-expired") && ran.errors.contains("Sign in again"), "\(ran)")
    }
}
