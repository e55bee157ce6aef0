import AdapterTestKit
import GatewayCore
import Identifiers
import NIOCore
import Policy
import StrictJSON
import Testing

@testable import HTTPFunctions

@Suite("JSON-RPC and MCP")
struct RPCTests {
    private func call(_ method: String, _ params: String = "{}", id: Int = 1) -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#
    }

    @Test("a batch is judged whole: each call is an effect with its own parameters")
    func batch() throws {
        let read = try understand("json-rpc", body: "[\(call("a", #"{"x":1}"#)),\(call("b", "[2]"))]")
        #expect(read.effects == ["rpc.call Method/a", "rpc.call Method/b"])
        #expect(read.parameters == ["0.x=1", "1.0=2"])
        #expect(read.fact("rpc.batch") == .integer(2))
    }

    @Test(
        "what is no call is refused in JSON-RPC's words",
        arguments: [
            ("{", -32700), ("[]", -32600), ("1", -32600), (#"{"method":"m"}"#, -32600), (#"{"jsonrpc":"2.0"}"#, -32600),
            (#"{"jsonrpc":"2.0","method":"m","params":1}"#, -32600),
            (#"{"jsonrpc":"2.0","method":"m","id":{}}"#, -32600),
            (#"{"jsonrpc":"2.0","method":"m","extra":1}"#, -32600), (#"[{"jsonrpc":"2.0","method":"m"},1]"#, -32600),
        ])
    func malformed(body: String, code: Int) throws {
        let read = try understand("json-rpc", body: body)
        let refusal = try #require(read.refusal)
        let answer = try #require(read.shape.answer(refusing: refusal))
        let json = try JSONValue(parsing: Array(answer.body.readableBytesView))
        #expect(json["error"]?["code"]?.integer == Int64(code) && json["jsonrpc"] == "2.0")
        #expect(answer.status == 400)
    }

    @Test("the id is not part of what is approved, everything else is")
    func digest() throws {
        func digest(_ body: String) throws -> CommandDigest? {
            try understand("mcp", body: body).command?.digest(target: "t")
        }
        let base = try digest(call("tools/call", #"{"name":"pay","arguments":{"amount":5}}"#))
        #expect(try digest(call("tools/call", #"{"name":"pay","arguments":{"amount":5}}"#, id: 99)) == base)
        #expect(try digest(call("tools/call", #"{"name":"pay","arguments":{"amount":6}}"#)) != base)
        #expect(try digest(call("tools/call", #"{"name":"pay","arguments":{"amount":5},"task":{}}"#)) != base)
        // Coming back after our own `input_required` is the same call.
        let retry = #"{"name":"pay","arguments":{"amount":5},"requestState":"sallyport-ticket:1","inputResponses":{}}"#
        #expect(try digest(call("tools/call", retry)) == base)
        // A state that is not ours belongs to the server, and to the call.
        #expect(try digest(call("tools/call", retry.replacing("sallyport-ticket:", with: "other:"))) != base)
    }

    @Test("our own state does not reach the server")
    func ticketState() throws {
        let body = call(
            "tools/call", #"{"name":"pay","arguments":{},"requestState":"sallyport-ticket:1","inputResponses":{}}"#)
        let forwarded = try #require(try understand("mcp", body: body).shape.body)
        #expect(!String(buffer: forwarded).contains("sallyport-ticket"))
        #expect(try understand("mcp", body: call("tools/call", #"{"name":"pay"}"#)).shape.body == nil)
    }

    @Test(
        "each method names what it touches",
        arguments: [
            ("tools/call", #"{"name":"pay"}"#, "mcp.tools/call Tool/pay"),
            ("prompts/get", #"{"name":"p"}"#, "mcp.prompts/get Prompt/p"),
            ("resources/read", #"{"uri":"file:///x"}"#, "mcp.resources/read Document/file:///x"),
            ("tools/list", "{}", "mcp.tools/list Method/tools/list"),
            ("initialize", "{}", "mcp.initialize Method/initialize"),
            ("notifications/initialized", "{}", "mcp.notification Method/notifications/initialized"),
            ("made/up", "{}", "mcp.other Method/made/up"),
        ])
    func methods(method: String, params: String, effect: String) throws {
        #expect(try understand("mcp", body: call(method, params)).effects == [effect])
    }

    /// Header fields of a 2026-07-28 request, and whether they agree with `tools/call` of `pay` with amount 5.
    private static let headers: [([(String, String)], Bool)] = [
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay")], true),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Mcp-Param-Amount", "5")], true),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?cGF5?=")], true),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "read")], false),
        ([("Mcp-Method", "tools/list"), ("Mcp-Name", "pay")], false),
        ([("Mcp-Method", "tools/call")], false), ([("Mcp-Name", "pay")], false), ([], false),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Mcp-Name", "pay")], false),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Mcp-Param-Amount", "6")], false),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?!?=")], false),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Mcp-Param-Amount", "=?base64?NQ==?=")], true),
        ([("Mcp-Method", "tools/call"), ("Mcp-Name", "pay"), ("Mcp-Param-Name", "pay")], false),
    ]

    @Test("header fields that disagree with the body are refused with -32020", arguments: 0..<headers.count)
    func headerMismatch(index: Int) throws {
        let (fields, agrees) = Self.headers[index]
        let read = try understand(
            "mcp", body: call("tools/call", #"{"name":"pay","arguments":{"amount":5}}"#),
            headers: fields + [("MCP-Protocol-Version", "2026-07-28")])
        #expect((read.refusal == nil) == agrees)
        guard let refusal = read.refusal, let answer = read.shape.answer(refusing: refusal) else { return }
        let json = try JSONValue(parsing: Array(answer.body.readableBytesView))
        #expect(json["error"]?["code"]?.integer == -32020 && json["id"]?.integer == 1 && answer.status == 400)
    }

    @Test("fields are compared with each argument once, however many there are of both", .timeLimit(.minutes(1)))
    func manyFields() throws {
        let arguments = (0..<60_000).map { "\"a\($0)\":\"\($0)\"" }.joined(separator: ",")
        let headers = (0..<4000).map { ("Mcp-Param-A\($0)", "59999") }
        let body = call("tools/call", "{\"name\":\"pay\",\"arguments\":{\(arguments)}}")
        #expect(try understand("mcp", body: body, headers: headers).refusal == nil)
        let wrong = headers + [("Mcp-Param-X", "60000")]
        #expect(try understand("mcp", body: body, headers: wrong).refusal?.rule == "mcp-header-mismatch")
    }

    @Test("before 2026-07-28 the fields may be absent and must still be true")
    func olderVersions() throws {
        let body = call("tools/call", #"{"name":"pay"}"#)
        #expect(try understand("mcp", body: body, headers: [("MCP-Protocol-Version", "2025-06-18")]).refusal == nil)
        #expect(
            try understand(
                "mcp", body: body, headers: [("MCP-Protocol-Version", "2025-06-18"), ("Mcp-Name", "other")]
            ).refusal?.rule == "mcp-header-mismatch")
        #expect(try understand("mcp", "GET", type: nil).effects == ["mcp.stream Method/mcp.stream"])
        #expect(try understand("mcp", body: "[\(body)]").refusal != nil)
    }

    @Test("a waiting call answers as its version knows waiting")
    func pending() throws {
        let ticket = PendingTicket(
            id: UUIDv7(milliseconds: 1), url: "https://gate.example/approvals/1",
            requirements: [ApprovalRequirement(groups: ["approver"])], expiresAt: Timestamp(milliseconds: 2))
        let body = call("tools/call", #"{"name":"pay"}"#, id: 7)
        func answer(_ version: String, _ fields: [(String, String)]) throws -> JSONValue {
            let shape = try understand("mcp", body: body, headers: [("MCP-Protocol-Version", version)] + fields).shape
            let answer = try #require(shape.answer(pending: ticket, poll: "/p"))
            return try JSONValue(parsing: Array(answer.body.readableBytesView))
        }
        let new = try answer("2026-07-28", [("Mcp-Method", "tools/call"), ("Mcp-Name", "pay")])
        #expect(new["id"]?.integer == 7 && new["result"]?["resultType"] == "input_required")
        #expect(new["result"]?["requestState"]?.string == "sallyport-ticket:\(ticket.id)")
        #expect(new["result"]?["inputRequests"]?["approval"]?["method"] == "elicitation/create")
        let old = try answer("2025-06-18", [])
        #expect(old["result"]?["isError"] == true)
    }

    @Test("tools/list shows what the caller may call, plain and in an event stream")
    func toolsList() throws {
        let read = try understand("mcp", body: call("tools/list"))
        let filter = try #require(read.shape.filter)
        let list = #"{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"pay"},{"name":"read"}],"ttlMs":5}}"#
        func allows(_ command: Command) -> Bool { command.effects[0].resource.name == "read" }
        let plain = String(buffer: try filter.rewrite(ByteBuffer(string: list), "application/json", allows))
        #expect(plain == #"{"id":1,"jsonrpc":"2.0","result":{"tools":[{"name":"read"}],"ttlMs":5}}"#)
        let stream = "event: message\r\ndata: \(list)\r\n\r\n"
        let events = String(buffer: try filter.rewrite(ByteBuffer(string: stream), "text/event-stream", allows))
        #expect(events == "event: message\ndata: \(plain)\n\n")
        for bad in ["nonsense", "{}", #"{"result":{"tools":[{}]}}"#, #"{"result":{}}"#] {
            #expect(throws: RequestRefusal.self) {
                try filter.rewrite(ByteBuffer(string: bad), "application/json", allows)
            }
        }
    }
}
