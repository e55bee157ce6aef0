import Identifiers

/// One step on a ticket, as it goes to the audit log before it takes effect.
public struct ApprovalEvent: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case opened
        /// One person approved; `ticket.state` says whether that was enough.
        case approved
        case rejected
        /// A command was let through on the ticket.
        case redeemed
        case expired
        /// The step recorded before under the same ticket and time did not take effect: the store failed.
        case undone
    }

    public let kind: Kind
    /// The ticket as it stands once the step has taken effect.
    public let ticket: Ticket
    /// Who took the step; `nil` when time did.
    public let actor: TicketParty?
    /// The requester's words on opening, the approver's on deciding.
    public let justification: String?
    /// The digest of the command that was asked for (opened) or let through (redeemed).
    public let digest: String?
    public let time: Timestamp

    func undone(at time: Timestamp) -> ApprovalEvent {
        ApprovalEvent(
            kind: .undone, ticket: ticket, actor: actor, justification: nil, digest: digest, time: time)
    }
}

/// Told of every step after it has taken effect. It must not block: whoever waits for the step waits for this.
public protocol ApprovalNotifier: Sendable {
    func notify(_ event: ApprovalEvent)
}
