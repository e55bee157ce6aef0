import Approvals
import GatewayCore
import Identifiers
import Identity
import NIOCore
import StrictJSON

/// The answers that the gateway gives itself where the protocol is plain HTTP.
extension GatewayAnswer {
    /// A problem document (RFC 9457) with the rule that decided and what the caller can do.
    static func problem(
        status: Int, rule: String, detail: String, nextStep: String, command: UUIDv7? = nil,
        fields: [(name: String, value: String)] = []
    ) -> GatewayAnswer {
        var writer = CanonicalJSONWriter(capacity: 512)
        writer.beginObject()
        if let command {
            writer.name("command")
            writer.write(command.description)
        }
        writer.name("detail")
        writer.write(detail)
        writer.name("next_step")
        writer.write(nextStep)
        writer.name("rule")
        writer.write(rule)
        writer.name("status")
        writer.write(status)
        writer.name("title")
        writer.write(HTTPStatus.reason(status))
        writer.name("type")
        writer.write("urn:sallyport:problem:\(status == 403 ? "refused" : rule)")
        writer.endObject()
        return GatewayAnswer(
            status: status, fields: fields, contentType: "application/problem+json",
            body: ByteBuffer(bytes: writer.bytes + [0x0a]))
    }

    static func problem(_ error: MessageError) -> GatewayAnswer {
        problem(
            status: error.status, rule: error.rule, detail: error.reason, nextStep: error.nextStep,
            fields: error == .unknownMethod ? [("Allow", RequestHead.methods.joined(separator: ", "))] : [])
    }

    static func problem(_ failure: UpstreamFailure, command: UUIDv7?) -> GatewayAnswer {
        problem(
            status: failure.status, rule: failure.rule, detail: failure.reason, nextStep: failure.nextStep,
            command: command)
    }

    static func problem(_ refusal: RequestRefusal) -> GatewayAnswer {
        problem(status: refusal.status, rule: refusal.rule, detail: refusal.reason, nextStep: refusal.nextStep)
    }

    static func problem(_ refusal: Refusal) -> GatewayAnswer {
        problem(
            status: refusal.httpStatus, rule: refusal.rule, detail: refusal.reason, nextStep: refusal.nextStep,
            command: refusal.commandID,
            fields: refusal.httpStatus == 503 ? [("Retry-After", "5")] : [])
    }

    /// RFC 6750 section 3: what is wrong with the token, and how one is sent.
    static func problem(_ error: SignInError) -> GatewayAnswer {
        if case .issuerUnavailable = error {
            return problem(
                status: 503, rule: error.code, detail: error.reason, nextStep: error.nextStep,
                fields: [("Retry-After", "5")])
        }
        let challenge =
            error == .missing
            ? "Bearer realm=\"sallyport\""
            : "Bearer realm=\"sallyport\", error=\"invalid_token\", error_description=\"\(quotable(error.reason))\""
        return problem(
            status: 401, rule: error.code, detail: error.reason, nextStep: error.nextStep,
            fields: [("WWW-Authenticate", challenge)])
    }

    /// What may stand between quotes in a challenge.
    private static func quotable(_ text: String) -> String {
        String(
            text.unicodeScalars.map { $0.isASCII && $0.value >= 0x20 && $0 != "\"" && $0 != "\\" ? Character($0) : "'" }
        )
    }

    /// 202: people are asked, and this is where to look.
    static func pending(_ ticket: PendingTicket, poll: String, waited: Int?) -> GatewayAnswer {
        let document: JSONValue = [
            "status": "pending", "ticket": .string(ticket.id.description), "poll": .string(poll),
            "approve": .string(ticket.url), "expires": .string(ticket.expiresAt.description),
            "requires": .array(ticket.requirements.map { .string($0.description) }),
            "next_step": "Wait for the approvers, then send the same request again; it runs once.",
        ]
        var fields = [("Location", poll), ("Retry-After", "5")]
        if let waited { fields.append(("Preference-Applied", "wait=\(waited)")) }
        return GatewayAnswer(
            status: 202, fields: fields.map { (name: $0.0, value: $0.1) }, contentType: "application/json",
            body: ByteBuffer(bytes: document.canonicalBytes + [0x0a]))
    }

    /// What has become of a ticket.
    static func state(of ticket: Ticket) -> GatewayAnswer {
        let nextStep =
            switch ticket.state {
            case .pending: "Wait for the approvers."
            case .approved: "Send the same request again; it runs once."
            case .rejected: "Speak to the approver; a changed request opens a new ticket."
            case .expired, .redeemed: "Send the request again to open a new ticket."
            }
        let document: JSONValue = [
            "status": .string("\(ticket.state)"), "ticket": .string(ticket.id.description),
            "target": .string(ticket.target), "summary": .string(ticket.summary),
            "expires": .string(ticket.expiresAt.description), "next_step": .string(nextStep),
            "decisions": .array(
                ticket.decisions.map {
                    [
                        "approver": .string($0.approver.label ?? $0.approver.subject),
                        "verdict": .string("\($0.verdict)"), "justification": .string($0.justification),
                        "time": .string($0.time.description),
                    ]
                }),
        ]
        return GatewayAnswer(
            status: 200, fields: ticket.state == .pending ? [("Retry-After", "5")] : [],
            contentType: "application/json", body: ByteBuffer(bytes: document.canonicalBytes + [0x0a]))
    }
}

extension Refusal {
    var httpStatus: Int {
        switch kind {
        case .signInExpired: 401
        case .denied, .approvalRejected, .approvalExpired, .justificationMissing, .sessionEnded: 403
        case .unavailable: 503
        }
    }
}
