import GatewayCore
import NIOCore
import StrictJSON

/// How refusals and waits are worded where requests have an envelope of their own; `nil` leaves it to plain HTTP.
extension RequestShape {
    func answer(refusing refusal: RequestRefusal) -> GatewayAnswer? {
        let code =
            switch refusal.rule {
            case "json-malformed": RPCCalls.Code.parse.rawValue
            case "mcp-header-mismatch": MCPMessage.headerMismatch
            case "mcp-invalid-params": RPCCalls.Code.invalidParameters.rawValue
            default: RPCCalls.Code.invalidRequest.rawValue
            }
        return error(
            code: code, status: refusal.status, rule: refusal.rule, reason: refusal.reason, nextStep: refusal.nextStep,
            command: nil)
    }

    func answer(refusing refusal: Refusal) -> GatewayAnswer? {
        // Servers choose their codes from -32000 down (specification section 5.1). The HTTP status stays that of plain
        // HTTP: a client that looks at nothing else must not take a refusal for a success.
        error(
            code: -32003, status: refusal.httpStatus, rule: refusal.rule, reason: refusal.reason,
            nextStep: refusal.nextStep, command: refusal.commandID?.description)
    }

    func answer(pending ticket: PendingTicket, poll: String) -> GatewayAnswer? {
        let message =
            "This call waits for approval (\(ticket.requirements.map(\.description).joined(separator: " and "))). "
            + "Once it is approved at \(ticket.url), send it again; it then runs once."
        switch envelope {
        case .plain: return nil
        case .jsonRPC(let id):
            return response(
                id, "error",
                [
                    "code": -32002, "message": .string(message),
                    "data": [
                        "ticket": .string(ticket.id.description), "poll": .string(poll), "url": .string(ticket.url),
                    ],
                ], status: 202, poll: poll)
        case .mcp(let version, let id) where version >= "2026-07-28":
            return response(
                id, "result",
                [
                    "resultType": "input_required",
                    "inputRequests": [
                        "approval": [
                            "method": "elicitation/create",
                            "params": [
                                "mode": "form", "message": .string(message),
                                "requestedSchema": ["type": "object", "properties": [:]],
                            ],
                        ]
                    ], "requestState": .string("\(MCPMessage.ticketState)\(ticket.id)"),
                ], status: 200, poll: poll)
        case .mcp(_, let id):
            // Older versions know no waiting; a tool's own failure is what a model reads and acts on.
            return response(
                id, "result",
                ["content": [["type": "text", "text": .string(message)]], "isError": true], status: 200, poll: poll)
        }
    }

    private func error(
        code: Int, status: Int, rule: String, reason: String, nextStep: String, command: String?
    ) -> GatewayAnswer? {
        let id: JSONValue?
        switch envelope {
        case .plain: return nil
        case .jsonRPC(let own): id = own
        case .mcp(_, let own): id = own
        }
        var data = [JSONMember("rule", .string(rule)), JSONMember("next_step", .string(nextStep))]
        if let command { data.append(JSONMember("command", .string(command))) }
        return response(
            id, "error",
            [
                "code": .number(String(code)), "message": .string("\(reason) \(nextStep)"), "data": .object(data),
            ], status: status, poll: nil)
    }

    private func response(
        _ id: JSONValue?, _ member: String, _ value: JSONValue, status: Int, poll: String?
    ) -> GatewayAnswer {
        let document = JSONValue.object([
            JSONMember("jsonrpc", "2.0"), JSONMember("id", id ?? .null), JSONMember(member, value),
        ])
        var fields: [(name: String, value: String)] = []
        if let poll { fields = [("Location", poll), ("Retry-After", "5")] }
        return GatewayAnswer(
            status: status, fields: fields, contentType: "application/json",
            body: ByteBuffer(bytes: document.canonicalBytes))
    }
}
