import Foundation
import Testing

/// An MCP server behind the gateway: tools are what policies speak of.
@Suite("MCP, end to end", .serialized)
struct MCPTests {
    private static let policy = """
        @id("session") permit (principal in Group::"payments", action in Action::"mcp.list", resource);
        @id("read") permit (principal in Group::"payments", action == Action::"mcp.tools/call", resource == Tool::"tools/read");
        @id("small-payments")
        permit (principal in Group::"payments", action == Action::"mcp.tools/call", resource == Tool::"tools/pay")
        when { context.parameters.amount < 100 };
        """

    @Test("the list shows what could be called, arguments are judged, and headers must say what the body says")
    func tools() async throws {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: tools, kind: http, prefix: /tools, url: "\(functions.url)", protocol: mcp}
                """)
        options.upstreams = [functions]
        options.policy = Self.policy
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/tools/mcp"
        func call(_ tool: String, _ arguments: String, _ more: String...) async throws -> CurlAnswer {
            let body =
                #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"\#(tool)","arguments":\#(arguments)}}"#
            return try await alice.send([url, "-H", "Content-Type: application/json", "--data-binary", body] + more)
        }

        let list = try await alice.post(url, json: #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#)
        let tools = (list.member("result") as? [String: Any])?["tools"] as? [[String: Any]]
        #expect(tools?.compactMap { $0["name"] as? String } == ["read", "pay"], "\(list)")

        #expect(try await call("pay", #"{"amount":5}"#).body.contains("ran pay"))
        let large = try await call("pay", #"{"amount":500}"#)
        #expect(large.status == 403 && large.member("id") as? Int == 7)
        let error = large.member("error") as? [String: Any]
        #expect((error?["data"] as? [String: Any])?["rule"] as? String == "default-deny")
        #expect(try await call("drop", "{}").status == 403)

        let version = ["-H", "MCP-Protocol-Version: 2026-07-28", "-H", "Mcp-Method: tools/call"]
        let honest = try await call(
            "pay", #"{"amount":5}"#, version[0], version[1], version[2], version[3], "-H", "Mcp-Name: pay")
        #expect(honest.status == 200)
        let lying = try await call(
            "pay", #"{"amount":5}"#, version[0], version[1], version[2], version[3], "-H", "Mcp-Name: read")
        #expect(lying.status == 400)
        #expect((lying.member("error") as? [String: Any])?["code"] as? Int == -32020)
    }
}
