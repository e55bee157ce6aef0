import Foundation
import GatewayCore
import NIOCore
import StrictJSON

/// A message of the Model Context Protocol over its Streamable HTTP transport.
///
/// 2026-07-28 is stateless and repeats method and name in header fields, by which a proxy may decide without reading
/// the body; this gateway reads the body, and refuses when the fields say something else. Versions from 2025-03-26 on,
/// with sessions, work too.
struct MCPMessage {
    /// The error for header fields that disagree with the body (specification 2026-07-28, "Streamable HTTP").
    static let headerMismatch = -32020
    /// The first version that requires the header fields.
    private static let stateless = "2026-07-28"
    /// What our own `requestState` starts with.
    static let ticketState = "sallyport-ticket:"

    let command: Command

    static func version(of request: FunctionRequest) -> String? { request.headers["mcp-protocol-version"] }

    init(_ call: PlainCall, _ request: FunctionRequest, shape: inout RequestShape) throws(RequestRefusal) {
        let version = Self.version(of: request) ?? ""
        shape.envelope = .mcp(version: version, id: call.json?["id"])
        guard request.method == "POST" else {
            command = try Self.sessionRequest(call, request, version)
            return
        }
        guard let json = call.json else { throw RPCCalls.invalid("There is no JSON body with a message in it.") }
        guard json.array == nil else { throw RPCCalls.invalid("MCP has no batches.") }
        if json["method"] == nil, json["result"] != nil || json["error"] != nil {
            command = Command(
                effects: [Effect(action: "mcp.response", resource: Self.method("response", request))],
                text: "\(PlainCall.text(request)) response",
                parameters: [Parameter(name: "message", value: json, encoding: "rpc")],
                facts: call.factsOfRequest + [Fact("mcp.version", .string(version))])
            return
        }
        let message = try RPCCall(json)
        let named = try Self.name(in: message)
        try Self.checkHeaders(request, message, named, version)
        let resource: Resource =
            switch MCPMethod.touches(message.method) {
            case .method: Self.method(message.method, request)
            case .tool: Resource(type: "Tool", name: named ?? "", attributes: ["path": .string(request.decodedPath)])
            case .prompt:
                Resource(type: "Prompt", name: named ?? "", attributes: ["path": .string(request.decodedPath)])
            case .document:
                Resource(type: "Document", name: named ?? "", attributes: ["path": .string(request.decodedPath)])
            }
        let (parameters, isRetry) = Self.parameters(of: message)
        if isRetry { shape.body = Self.withoutTicketState(json) }
        if message.method == "tools/list" { shape.filter = ToolListFilter(path: request.decodedPath).filter }
        command = Command(
            effects: [Effect(action: MCPMethod.action(of: message.method), resource: resource)],
            text: "\(PlainCall.text(request)) \(message.method)\(named.map { " \($0)" } ?? "")",
            parameters: call.queryAndHeaders + parameters,
            facts: call.factsOfRequest + [
                Fact("mcp.version", .string(version)), Fact("rpc.method", .string(message.method)),
                Fact("rpc.notification", .bool(message.isNotification)),
            ])
    }

    private static func method(_ name: String, _ request: FunctionRequest) -> Resource {
        Resource(type: "Method", name: name, attributes: ["path": .string(request.decodedPath)])
    }

    /// Before 2026-07-28 a session has an event stream (GET) and an end (DELETE).
    private static func sessionRequest(
        _ call: PlainCall, _ request: FunctionRequest, _ version: String
    ) throws(RequestRefusal) -> Command {
        let action: String
        switch request.method {
        case "GET": action = "mcp.stream"
        case "DELETE": action = "mcp.session-end"
        default:
            throw RequestRefusal(
                status: 405, rule: "mcp-method",
                reason: "MCP is spoken with POST, and with GET and DELETE for sessions.",
                nextStep: "Send messages with POST.")
        }
        return Command(
            effects: [Effect(action: action, resource: method(action, request))], text: PlainCall.text(request),
            parameters: call.queryAndHeaders, facts: call.command.facts + [Fact("mcp.version", .string(version))])
    }

    // MARK: Names

    private static func name(in message: RPCCall) throws(RequestRefusal) -> String? {
        let member: String
        switch MCPMethod.touches(message.method) {
        case .method: return nil
        case .tool, .prompt: member = "name"
        case .document: member = "uri"
        }
        guard let name = message.params?[member]?.string, !name.isEmpty else {
            throw RequestRefusal(
                status: 400, rule: "mcp-invalid-params", reason: "\(message.method) needs the text params.\(member).",
                nextStep: "Send what is to be used in params.\(member).")
        }
        return name
    }

    private static func checkHeaders(
        _ request: FunctionRequest, _ message: RPCCall, _ named: String?, _ version: String
    ) throws(RequestRefusal) {
        let isRequired = version >= stateless
        try check("Mcp-Method", request.headers.values("mcp-method"), is: message.method, isRequired: isRequired)
        try check(
            "Mcp-Name", request.headers.values("mcp-name"), is: named, isRequired: isRequired && named != nil)
        if let stated = message.params?["_meta"]?["io.modelcontextprotocol/protocolVersion"]?.string, !version.isEmpty,
            stated != version
        {
            throw mismatch("MCP-Protocol-Version says \"\(version)\", the body says \"\(stated)\".")
        }
        guard request.headers.values("mcp-protocol-version").count <= 1 else {
            throw mismatch("MCP-Protocol-Version stands twice.")
        }
        let repeated = request.headers.texts.filter { $0.name.lowercased().hasPrefix("mcp-param-") }
        guard !repeated.isEmpty else { return }
        // Thousands of fields can stand against tens of thousands of arguments, so these are gone through once.
        var arguments: Set<[UInt8]> = []
        for member in message.params?["arguments"]?.object ?? [] { collect(member.value, into: &arguments) }
        for (name, value) in repeated {
            guard let decoded = decode(value), arguments.contains(Array(decoded.utf8)) else {
                throw mismatch("\(name) has a value that none of the arguments has.")
            }
        }
    }

    private static func check(
        _ field: String, _ values: [String], is expected: String?, isRequired: Bool
    ) throws(RequestRefusal) {
        guard values.count <= 1 else { throw mismatch("\(field) stands twice.") }
        guard let value = values.first else {
            if isRequired { throw mismatch("\(field) is missing, which this version requires.") }
            return
        }
        guard let decoded = decode(value), let expected, Array(decoded.utf8) == Array(expected.utf8) else {
            throw mismatch("\(field) says \"\(value)\", the body says \"\(expected ?? "")\".")
        }
    }

    private static func mismatch(_ reason: String) -> RequestRefusal {
        RequestRefusal(
            status: 400, rule: "mcp-header-mismatch", reason: reason,
            nextStep: "Send header fields that say what the body says.")
    }

    /// A field's value, or what it wraps: texts that a field cannot carry stand as `=?base64?…?=`.
    private static func decode(_ value: String) -> String? {
        guard value.hasPrefix("=?base64?"), value.hasSuffix("?="), value.utf8.count >= 11 else { return value }
        guard let data = Data(base64Encoded: String(value.dropFirst(9).dropLast(2))) else { return nil }
        return String(validating: Array(data), as: UTF8.self)
    }

    /// The texts that a field may repeat: of all members, also of those within, but not of lists.
    private static func collect(_ value: JSONValue, into texts: inout Set<[UInt8]>) {
        switch value {
        case .string(let text), .number(let text): texts.insert(Array(text.utf8))
        case .bool(let flag): texts.insert(Array((flag ? "true" : "false").utf8))
        case .object(let members): for member in members { collect(member.value, into: &texts) }
        default: break
        }
    }

    // MARK: Parameters

    /// A tool's arguments under their own names, everything else of `params` as `params.NAME`. What a client adds when
    /// it comes back after our `input_required` is not part of the call that was approved, and `_meta` is about the
    /// message.
    private static func parameters(of message: RPCCall) -> ([Parameter], isRetry: Bool) {
        let isRetry = message.params?["requestState"]?.string?.hasPrefix(ticketState) ?? false
        var parameters: [Parameter] = []
        for member in message.params?.object ?? [] {
            if member.name == "_meta" || isRetry && ["requestState", "inputResponses"].contains(member.name) {
                continue
            }
            if member.name == "arguments", message.method == "tools/call", let arguments = member.value.object {
                parameters += arguments.map { Parameter(name: $0.name, value: $0.value, encoding: "rpc") }
            } else {
                parameters.append(Parameter(name: "params.\(member.name)", value: member.value, encoding: "rpc"))
            }
        }
        if case .array(let elements) = message.params {
            parameters = elements.enumerated().map {
                Parameter(name: "params.\($0.offset)", value: $0.element, encoding: "rpc")
            }
        }
        return (parameters, isRetry)
    }

    private static func withoutTicketState(_ json: JSONValue) -> ByteBuffer {
        let members = (json.object ?? []).map { member -> JSONMember in
            guard member.name == "params", let params = member.value.object else { return member }
            return JSONMember(
                "params", .object(params.filter { $0.name != "requestState" && $0.name != "inputResponses" }))
        }
        return ByteBuffer(bytes: JSONValue.object(members).canonicalBytes)
    }
}
