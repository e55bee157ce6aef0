import Identifiers
import Identity

/// Why a step on a ticket was refused. Nothing has changed when one of these is thrown.
public enum ApprovalError: Error, Sendable, Hashable {
    case notFound(UUIDv7)
    /// A justification is missing, or is blanks alone.
    case justificationMissing
    /// `limit` is in bytes of UTF-8.
    case justificationTooLong(limit: Int)
    /// It holds a control character, named as `U+001B`.
    case justificationUnreadable(String)
    /// No ticket can be made of what the policy asks for.
    case requirementImpossible(String)
    /// The requester has this many undecided tickets already.
    case tooManyPending(limit: Int)
    /// The requester (issuer and subject) tried to decide.
    case ownTicket
    /// The groups of the one who tried to decide are not known.
    case groupsUnknown(GroupsUnknown)
    /// The one who tried to decide is in none of these groups.
    case notAnApprover(groups: [String])
    case alreadyDecided
    /// The ticket is no longer pending (to decide) or not approved (to redeem).
    case wrongState(TicketState)
    case expired(Timestamp)
    /// The single use of the ticket has been made.
    case alreadyRedeemed
    /// Redeemed by another caller, for another target, for another command or under stricter rules than approved.
    case doesNotCover(TicketMismatch)
    /// The audit log could not take the step.
    case notRecorded(String)
    case store(String)
}

/// In what a ticket differs from the command it was presented for.
public enum TicketMismatch: String, Sendable, Hashable {
    case requester, target, command, requirements
}

extension ApprovalError {
    /// A short name that does not change, for programs: `own-ticket`, `not-an-approver`, …
    public var code: String {
        switch self {
        case .notFound: "ticket-not-found"
        case .justificationMissing: "justification-missing"
        case .justificationTooLong: "justification-too-long"
        case .justificationUnreadable: "justification-unreadable"
        case .requirementImpossible: "requirement-impossible"
        case .tooManyPending: "too-many-pending"
        case .ownTicket: "own-ticket"
        case .groupsUnknown: "groups-unknown"
        case .notAnApprover: "not-an-approver"
        case .alreadyDecided: "already-decided"
        case .wrongState: "wrong-state"
        case .expired: "ticket-expired"
        case .alreadyRedeemed: "already-redeemed"
        case .doesNotCover: "ticket-does-not-cover"
        case .notRecorded: "audit-unavailable"
        case .store: "store-unavailable"
        }
    }

    /// One sentence.
    public var reason: String {
        switch self {
        case .notFound(let id): "There is no ticket \(id)."
        case .justificationMissing: "A justification is required and none was given."
        case .justificationTooLong(let limit): "The justification is longer than \(limit) bytes."
        case .justificationUnreadable(let name): "The justification holds the control character \(name)."
        case .requirementImpossible(let fault): "The policy's approval cannot be given: \(fault)."
        case .tooManyPending(let limit): "You have \(limit) tickets waiting for a decision already."
        case .ownTicket: "Nobody decides on a ticket of their own."
        case .groupsUnknown(let why): why.reason
        case .notAnApprover(let groups):
            "You are in none of the groups that may decide: \(groups.joined(separator: ", "))."
        case .alreadyDecided: "You have decided on this ticket already; each person counts once."
        case .wrongState(let state): "The ticket is \(state.rawValue)."
        case .expired(let time): "The ticket expired at \(time)."
        case .alreadyRedeemed: "The ticket was good for one command, and that has been used."
        case .doesNotCover(.requester): "The ticket belongs to another caller."
        case .doesNotCover(.target): "The ticket is for another target."
        case .doesNotCover(.command): "The ticket is for another command; one byte of difference is enough."
        case .doesNotCover(.requirements): "The rules now ask for more than this ticket was approved under."
        case .notRecorded(let detail):
            "The step could not be recorded in the audit log (\(detail)), so it was not taken."
        case .store(let detail): "The store failed: \(detail)."
        }
    }

    /// One sentence that says what can be done.
    public var nextStep: String {
        switch self {
        case .notFound: "List the tickets that you may see with `sallyport approvals list`."
        case .justificationMissing: "Say in a few words why, for example with the number of the change."
        case .justificationTooLong: "Shorten it, and refer to a document for the rest."
        case .justificationUnreadable: "Type it as plain text."
        case .requirementImpossible: "Ask the owner of the policy to correct its `@approve` annotation."
        case .tooManyPending: "Wait until some are decided or expire."
        case .ownTicket: "Ask someone else from the approver groups."
        case .groupsUnknown(let why): why.nextStep
        case .notAnApprover(let groups): "Ask someone from \(groups.joined(separator: " or "))."
        case .alreadyDecided: "If more approvals are needed, another person must give them."
        case .wrongState(.pending): "Wait until the approvers have decided."
        case .wrongState, .expired, .alreadyRedeemed, .doesNotCover:
            "Send the command again to ask for a new approval."
        case .notRecorded, .store: "Try again later; the operator finds the cause in the gateway's log."
        }
    }
}

extension ApprovalError: CustomStringConvertible {
    public var description: String { "\(code): \(reason) \(nextStep)" }
}
