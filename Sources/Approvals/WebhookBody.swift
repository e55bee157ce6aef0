import Identifiers
import StrictJSON

/// The JSON that a chat tool receives for one step on a ticket.
///
/// What people typed and what the command says may hold regulated values, and a chat tool is outside the gateway:
/// these texts are left out unless the operator gives a filter for them.
struct WebhookBody {
    /// `ticket.opened`, `ticket.approved`, `ticket.rejected`, `ticket.expired`.
    let event: String
    let bytes: [UInt8]

    /// `nil` for steps of which a chat is not told: each use of a ticket, and what was undone.
    init?(
        _ event: ApprovalEvent, delivery: UUIDv7, consoleURL: String, text: (@Sendable (String) -> String)?
    ) {
        switch event.kind {
        case .opened, .approved, .rejected, .expired: self.event = "ticket.\(event.kind.rawValue)"
        case .redeemed, .undone: return nil
        }
        let ticket = event.ticket
        var members: [JSONMember] = [
            JSONMember("id", .string(ticket.id.description)),
            JSONMember("state", .string(ticket.state.rawValue)),
            JSONMember("url", .string("\(consoleURL)/approvals/\(ticket.id)")),
            JSONMember("requester", Self.json(ticket.requester)),
            JSONMember("target", .string(ticket.target)),
            JSONMember("digest", .string(ticket.digest)),
            JSONMember("approver_groups", .array(ticket.approverGroups.map { .string($0) })),
            JSONMember("approvals_needed", .number(String(ticket.approvalsNeeded))),
            JSONMember("approvals_given", .number(String(ticket.approvalsGiven))),
            JSONMember("created_at", .string(ticket.createdAt.description)),
            JSONMember("expires_at", .string(ticket.expiresAt.description)),
        ]
        if let window = ticket.window {
            members.append(JSONMember("window_seconds", .number(String(window.components.seconds))))
        }
        if let text {
            members.append(JSONMember("summary", .string(text(VisibleText.escape(ticket.redactedSummary)))))
            members.append(JSONMember("justification", .string(text(VisibleText.escape(ticket.justification)))))
        }
        var body: [JSONMember] = [
            JSONMember("id", .string(delivery.description)),
            JSONMember("event", .string(self.event)),
            JSONMember("time", .string(event.time.description)),
            JSONMember("ticket", .object(members)),
        ]
        if event.kind != .opened, let actor = event.actor {
            var decision = [JSONMember("approver", Self.json(actor))]
            if let text, let justification = event.justification {
                decision.append(JSONMember("justification", .string(text(VisibleText.escape(justification)))))
            }
            body.append(JSONMember("decision", .object(decision)))
        }
        bytes = JSONValue.object(body).canonicalBytes
    }

    private static func json(_ party: TicketParty) -> JSONValue {
        .object([
            JSONMember("issuer", .string(party.issuer)), JSONMember("subject", .string(party.subject)),
            JSONMember("label", party.label.map { .string(VisibleText.escape($0)) } ?? .null),
        ])
    }
}
