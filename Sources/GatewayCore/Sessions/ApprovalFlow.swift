import Approvals
import Identifiers
import Identity
import NIOCore
import Policy
import Synchronization

extension Session {
    /// Asks people about `needed`: finds the ticket that this caller already has for exactly this command, or opens
    /// one.
    ///
    /// - Parameters:
    ///   - justification: Why the caller asks; required to open a ticket, ignored when one is there.
    ///   - hold: How long to wait for the decision; without it a pending ticket is answered at once.
    ///   - patience: Who has given up waiting gets no approval: it stays in its ticket, for the same command sent again.
    /// - Returns: A future on this session's event loop. It does not fail: what goes wrong is a refusal, which is on
    ///   record.
    public func requestApproval(
        _ needed: ApprovalNeeded, justification: String?, hold: Duration? = nil,
        patience: Patience = Patience()
    ) -> EventLoopFuture<ApprovalAnswer> {
        if let refusal = refusalIfNobodyKnows(needed) {
            return lane.eventLoop.makeSucceededFuture(.refused(refuse(needed, refusal)))
        }
        let request = ApprovalRequest(
            needed: needed, caller: caller, target: target.name, justification: justification,
            consoleURL: lane.manager.parts.consoleURL, patience: patience)
        let desk = lane.manager.parts.approvals
        let deadline = hold.map { lane.manager.parts.clock().adding($0) }
        let answered = lane.eventLoop.makeFutureWithTask { await request.answer(from: desk, holdUntil: deadline) }
        return answered.assumeIsolated().map { answer in
            guard case .refused(let refusal) = answer else { return answer }
            return .refused(self.refuse(needed, refusal))
        }.nonisolated()
    }
}

extension Session {
    /// Approvers sign in with tokens. A caller whose certificate names somebody that no token names could be any of
    /// them, and nobody may decide on what they asked for themselves.
    private func refusalIfNobodyKnows(_ needed: ApprovalNeeded) -> Refusal? {
        guard caller.certificate != nil, !lane.manager.issuers.contains(caller.issuer) else { return nil }
        return Refusal(
            kind: .denied, rule: "approval-needs-token",
            reason:
                "This command needs approval, and nobody can tell whether a caller of \(caller.issuer) is one of the approvers.",
            nextStep: "Sign in with a token instead of a certificate, e.g. with `sallyport login --ssh`.")
    }
}

/// Whether somebody still waits for an approval. Given up once, for good.
public final class Patience: Sendable {
    private let isOver = Atomic(false)

    public init() {}

    public func giveUp() { isOver.store(true, ordering: .releasing) }
    var hasEnded: Bool { isOver.load(ordering: .acquiring) }
}

extension Lane {
    /// What has become of the ticket `id`; `nil` when `caller` has no such ticket. It needs no session: nothing is
    /// asked of a target.
    public func ticket(_ id: UUIDv7, of caller: Caller) -> EventLoopFuture<Ticket?> {
        let desk = manager.parts.approvals
        return eventLoop.makeFutureWithTask {
            guard let ticket = try await desk.ticket(id), ticket.isRequested(by: caller) else { return nil }
            return ticket
        }
    }
}

extension Ticket {
    func isRequested(by caller: Caller) -> Bool {
        requester.issuer == caller.issuer && requester.subject == caller.subject
    }
}

/// One caller's question to the approval desk.
private struct ApprovalRequest: Sendable {
    let needed: ApprovalNeeded
    let caller: Caller
    let target: String
    let justification: String?
    let consoleURL: String
    let patience: Patience

    func answer(from desk: ApprovalDesk, holdUntil deadline: Timestamp?) async -> ApprovalAnswer {
        do {
            let digest = needed.digest.description
            var ticket: Ticket
            if let known = try await desk.find(
                requester: caller, target: target, digest: digest, requirements: requirements,
                justification: justification)
            {
                ticket = known
            } else {
                guard let justification else { return .refused(justificationMissing) }
                ticket = try await desk.open(
                    requester: caller, target: target, digest: digest, summary: needed.summary,
                    redactedSummary: needed.redactedSummary, requirements: requirements, justification: justification)
            }
            if ticket.state == .pending, let deadline {
                ticket = try await desk.wait(ticket.id, until: deadline)
            }
            return try await answer(for: ticket, from: desk)
        } catch let error as ApprovalError {
            return .refused(
                Refusal(kind: .denied, rule: error.code, reason: error.reason, nextStep: error.nextStep))
        } catch {
            return .refused(
                Refusal(
                    kind: .unavailable, rule: "approvals-unavailable",
                    reason: "The approval desk cannot take the request now: \(error).",
                    nextStep: "Try again later; if it lasts, tell the gateway's operators."))
        }
    }

    private func answer(for ticket: Ticket, from desk: ApprovalDesk) async throws -> ApprovalAnswer {
        switch ticket.state {
        case .pending: return pending(ticket)
        case .approved where patience.hasEnded: return pending(ticket)
        case .approved:
            let redeemed = try await desk.redeem(
                ticket.id, requester: caller, target: target, digest: needed.digest.description,
                requirements: requirements)
            return .approved(Redemption(needed: needed, ticket: redeemed.ticket))
        case .rejected:
            let last = ticket.decisions.last { $0.verdict == .reject }
            let who = last.map { $0.approver.label ?? $0.approver.subject } ?? "an approver"
            return .refused(
                Refusal(
                    kind: .approvalRejected, rule: needed.rule,
                    reason: "\(who) rejected the request\(last.map { ": \($0.justification)" } ?? "").",
                    nextStep: "Speak to the approver; a changed command opens a new ticket."))
        case .expired, .redeemed:
            return .refused(
                Refusal(
                    kind: .approvalExpired, rule: needed.rule,
                    reason: "Ticket \(ticket.id) was not approved in time.",
                    nextStep: "Send the command again to open a new ticket."))
        }
    }

    private func pending(_ ticket: Ticket) -> ApprovalAnswer {
        .pending(
            PendingTicket(
                id: ticket.id, url: "\(consoleURL)/approvals/\(ticket.id)", requirements: needed.requirements,
                expiresAt: ticket.expiresAt))
    }

    private var requirements: [NeededApproval] { needed.requirements.map(NeededApproval.init) }

    private var justificationMissing: Refusal {
        let groups = needed.requirements.map(\.description).joined(separator: " and ")
        return Refusal(
            kind: .justificationMissing, rule: needed.rule,
            reason: "This command needs approval (\(groups)).",
            nextStep: "Send it again with a justification: a sentence that tells the approvers why you need it.")
    }
}

extension NeededApproval {
    /// What a policy's `@approve` asks for, as the approval desk knows it.
    init(_ requirement: ApprovalRequirement) {
        self.init(
            approvers: requirement.approvers, groups: requirement.groups, within: requirement.within,
            window: requirement.window)
    }
}
