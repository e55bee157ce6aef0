import Foundation
import Testing

/// The official MCP SDK on both sides of the gateway.
@Suite("MCP with the official SDK, end to end", .serialized)
struct MCPClientTests {
    private static let policy = """
        @id("session") permit (principal in Group::"payments", action in [Action::"mcp.session", Action::"mcp.list"], resource);
        @id("read") @mask("customer-pii")
        permit (principal in Group::"payments", action == Action::"mcp.tools/call", resource)
        when { resource.name == "read" || resource.name == "calls" };
        @id("small-payments")
        permit (principal in Group::"payments", action == Action::"mcp.tools/call", resource == Tool::"tools/pay")
        when { context.parameters.amount < 100 };
        """

    @Test(
        "a client signs on, sees the tools that it may call, and is told why it may not call others",
        arguments: ["legacy", "auto", "2026-07-28"])
    func session(mode: String) async throws {
        let server = try await PythonServer("mcp_server.py")
        var options = TestGateway.Options(
            targets: """
                  - {name: tools, kind: http, prefix: /tools, url: "\(server.url)", protocol: mcp}
                """)
        options.upstreams = [server]
        options.policy = Self.policy
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let got = try await PythonClient.run(
            "mcp_client.py",
            [
                "--url", "\(gateway.url)/tools/mcp", "--token", try await gateway.issuer.token(for: "alice"), "--mode",
                mode,
            ])
        let version = got["version"] as? String ?? ""
        #expect(mode == "legacy" ? version < "2026-07-28" : version >= "2026-07-28", "\(got)")
        #expect((got["tools"] as? [String])?.sorted() == ["calls", "pay", "read"], "\(got)")
        func text(_ name: String) -> String? { (got[name] as? [String: Any])?["text"] as? String }
        func refusal(_ name: String) -> String? { (got[name] as? [String: Any])?["refused"] as? String }
        #expect(text("read")?.contains("holds 1204.50") == true && text("read")?.contains("dana.reyes") == false)
        #expect(text("small") == "paid 5")
        #expect(refusal("large")?.isEmpty == false && refusal("drop")?.isEmpty == false, "\(got)")
        #expect(text("calls") == "read,pay", "what was refused reached the server")

        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let refused = entries.filter { $0["kind"] as? String == "refusal" }.count
        #expect(refused >= 2, "\(Set(entries.compactMap { $0["kind"] as? String }))")
        #expect(try await gateway.auditFault() == nil)
    }
}
