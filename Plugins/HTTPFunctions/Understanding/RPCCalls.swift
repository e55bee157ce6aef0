import GatewayCore
import StrictJSON

/// JSON-RPC 2.0: one call, or a batch whose calls are judged together and run together or not at all.
struct RPCCalls {
    /// The standard error codes (specification section 5.1).
    enum Code: Int {
        case parse = -32700
        case invalidRequest = -32600
        case invalidParameters = -32602
    }

    let command: Command

    init(_ call: PlainCall, _ request: FunctionRequest) throws(RequestRefusal) {
        guard let json = call.json else {
            throw Self.invalid("There is no JSON body with a call in it.")
        }
        let messages: [JSONValue]
        if let batch = json.array {
            guard !batch.isEmpty else { throw Self.invalid("A batch holds at least one call.") }
            messages = batch
        } else {
            messages = [json]
        }
        var calls: [RPCCall] = []
        for message in messages { calls.append(try RPCCall(message)) }
        var parameters: [Parameter] = []
        for (index, call) in calls.enumerated() {
            parameters += call.parameters(prefix: calls.count == 1 ? "" : "\(index).")
        }
        command = Command(
            effects: calls.map { call in
                Effect(
                    action: "rpc.call",
                    resource: Resource(
                        type: "Method", name: call.method, attributes: ["path": .string(request.decodedPath)]))
            },
            text: "\(PlainCall.text(request)) \(calls.map(\.method).joined(separator: ", "))",
            parameters: call.queryAndHeaders + parameters,
            facts: call.factsOfRequest + [
                Fact("rpc.batch", .integer(Int64(calls.count))), Fact("rpc.method", .string(calls[0].method)),
                Fact("rpc.notification", .bool(calls.allSatisfy(\.isNotification))),
            ])
    }

    static func invalid(_ reason: String) -> RequestRefusal {
        RequestRefusal(
            status: 400, rule: "rpc-invalid", reason: reason, nextStep: "Send a JSON-RPC 2.0 request object.")
    }
}

/// One request object (specification section 4).
struct RPCCall {
    let method: String
    /// An object, an array, or nothing.
    let params: JSONValue?
    let id: JSONValue?
    /// Whether the member `id` was there at all: a call without one wants no answer.
    let isNotification: Bool

    init(_ message: JSONValue) throws(RequestRefusal) {
        guard let members = message.object else { throw RPCCalls.invalid("A call is an object.") }
        guard message["jsonrpc"] == "2.0" else { throw RPCCalls.invalid("A call says \"jsonrpc\": \"2.0\".") }
        // What no reader expects could be what one of them acts on.
        if let unknown = members.first(where: { !["jsonrpc", "method", "params", "id"].contains($0.name) }) {
            throw RPCCalls.invalid("A call has no member \"\(unknown.name)\".")
        }
        guard let method = message["method"]?.string, !method.isEmpty else {
            throw RPCCalls.invalid("A call names its method.")
        }
        switch message["params"] {
        case .none, .object, .array: break
        default: throw RPCCalls.invalid("The params of a call are an object or an array.")
        }
        id = message["id"]
        switch id {
        case .none, .string, .number, .null: break
        default: throw RPCCalls.invalid("The id of a call is a text, a number or null.")
        }
        self.method = method
        params = message["params"]
        isNotification = id == nil
    }

    /// The params by name or by position, each behind `prefix`.
    func parameters(prefix: String) -> [Parameter] {
        switch params {
        case .object(let members):
            members.map { Parameter(name: "\(prefix)\($0.name)", value: $0.value, encoding: "rpc") }
        case .array(let elements):
            elements.enumerated().map { Parameter(name: "\(prefix)\($0.offset)", value: $0.element, encoding: "rpc") }
        default: []
        }
    }
}

extension PlainCall {
    /// The parameters that do not come from the body.
    var queryAndHeaders: [Parameter] { command.parameters.filter { $0.encoding == "query" || $0.encoding == "header" } }

    /// The facts that do not depend on the body's bytes: two sends of one call differ in their ids alone, and an
    /// approval is for the call. Everything else in the body stands in the parameters.
    var factsOfRequest: [Fact] {
        command.facts.filter { $0.name != "http.body_bytes" && $0.name != "http.body_sha256" }
    }
}
