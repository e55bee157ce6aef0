import Approvals
import GatewayCore
import Hummingbird
import Identifiers
import Identity
import StrictJSON

/// Tickets: who waits for what, and deciding.
struct ApprovalsAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/approvals", list),
            Route(.get, "/api/v1/approvals/{id}", show),
            Route(.post, "/api/v1/approvals/{id}/approve") { try await decide($0, .approve) },
            Route(.post, "/api/v1/approvals/{id}/reject") { try await decide($0, .reject) },
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        let query = try exchange.query("state", "requester", "target", "limit", "cursor")
        var filter = TicketFilter(state: try query.choice("state", of: TicketState.self), target: query["target"])
        switch query["requester"] {
        case nil: try await backend.admit(caller, .readApprovals, on: ConsoleResource(.approvals))
        // What is one's own needs no permission.
        case "me": filter.requester = TicketParty(caller)
        case let other?: throw Problem.badRequest("requester must be \"me\", not \"\(other.prefix(64))\".")
        }
        let limit = try query.number("limit", in: 1...200) ?? 50
        let tickets = try await backend.approvals.list(filter, before: query.id("cursor"), limit: limit + 1)
        return .json(Page(tickets, limit: limit, cursor: \.id.description).json("approvals") { $0.json })
    }

    private func show(_ exchange: Exchange) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        _ = try exchange.query()
        return .json(try await backend.ticket(exchange.id(of: "approval"), for: caller, .readApprovals).json)
    }

    private func decide(_ exchange: Exchange, _ verdict: TicketVerdict) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        _ = try exchange.query()
        let id = try exchange.id(of: "approval")
        let justification = try await exchange.jsonBody("justification").text("justification")
        _ = try await backend.ticket(id, for: caller, .decideApprovals)
        return .json(
            try await backend.approvals.decide(id, by: caller, verdict: verdict, justification: justification).json)
    }
}

extension ConsoleBackend {
    /// The ticket, once `caller` may do `action` on it. Reading their own needs no permission.
    func ticket(_ id: UUIDv7, for caller: Caller, _ action: ConsoleAction) async throws -> Ticket {
        let ticket = try await approvals.ticket(id)
        let isOwn = ticket?.requester.isSamePerson(as: TicketParty(caller)) ?? false
        if !isOwn || action != .readApprovals {
            // Asked before it is said whether there is such a ticket: who may not read them learns nothing.
            try await admit(
                caller, action,
                on: ConsoleResource(
                    .approval, name: id.description, target: ticket?.target, owner: ticket?.requester))
        }
        guard let ticket else { throw ApprovalError.notFound(id) }
        return ticket
    }
}

extension Ticket {
    var json: JSONValue {
        [
            "id": .string(id.description), "state": .string(state.rawValue), "requester": requester.json,
            "target": .string(target), "digest": .string(digest), "summary": .string(summary),
            "summary_cut": .bool(isSummaryCut), "justification": .string(justification),
            "requirements": .array(requirements.map(\.json)), "approvals_needed": .number(String(approvalsNeeded)),
            "approvals_given": .number(String(approvalsGiven)), "uses": .number(String(uses)),
            "window_seconds": window.map { .number(String($0.components.seconds)) } ?? .null,
            "created_at": .string(createdAt.description), "expires_at": .string(expiresAt.description),
            "decisions": .array(decisions.map(\.json)),
        ]
    }
}

extension TicketParty {
    var json: JSONValue {
        ["issuer": .string(issuer), "subject": .string(subject), "label": label.map { .string($0) } ?? .null]
    }
}

extension NeededApproval {
    fileprivate var json: JSONValue {
        [
            "approvers": .number(String(approvers)), "groups": .array(groups.map { .string($0) }),
            "within_seconds": .number(String(within.components.seconds)),
            "window_seconds": window.map { .number(String($0.components.seconds)) } ?? .null,
        ]
    }
}

extension TicketDecision {
    fileprivate var json: JSONValue {
        [
            "approver": approver.json, "groups": .array(groups.map { .string($0) }),
            "verdict": .string(verdict.rawValue), "justification": .string(justification),
            "time": .string(time.description),
        ]
    }
}
