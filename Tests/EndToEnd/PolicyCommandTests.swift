import Foundation
import Testing

/// The commands that try policies, as operators run them.
@Suite("Policy commands, end to end", .serialized)
struct PolicyCommandTests {
    @Test("a case of `policy test` is in its resource's target unless it says otherwise, as `policy explain` has it")
    func targets() async throws {
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:1"}
                """)
        options.policy = """
            @id("in-payments")
            permit (principal, action in Action::"http.read", resource in Target::"payments");
            """
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        func run(_ more: String, _ expected: String, wrapped: Bool = false) async throws -> Int32 {
            let row =
                "- {principal: alice, action: http.get, resource: 'Function::\"payments/c\"'\(more), expect: \(expected)}"
            try (wrapped ? "cases:\n  \(row)\n" : "\(row)\n").write(
                to: gateway.folder.appendingPathComponent("cases.yaml"), atomically: true, encoding: .utf8)
            return try await gateway.command("policy", "test", "cases.yaml", "--config", "sallyport.yaml").status
        }
        #expect(try await run("", "allow") == 0)
        #expect(try await run("", "allow", wrapped: true) == 0)
        #expect(try await run(", in: ['Target::\"payments\"']", "allow") == 0)
        #expect(try await run(", in: ['Target::\"other\"']", "deny") == 0)
        #expect(try await run(", in: []", "deny") == 0)
        let explained = try await gateway.command(
            "policy", "explain", "--config", "sallyport.yaml", "--principal", "alice", "--action", "http.get",
            "--resource", "Function::\"payments/c\"", "--output", "json")
        #expect(explained.status == 0 && explained.output.contains("\"allowed\": true"), "\(explained)")
    }
}
