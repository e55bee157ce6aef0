import Approvals
import Identifiers
import Policy
import StrictJSON
import Synchronization

/// What the session manager says to one command.
public enum Decision: ~Copyable {
    /// The intent is recorded: the command may run, once.
    case permitted(Permit)
    case refused(Refusal)
    /// Policy wants a person to decide; `Session.requestApproval` asks.
    case needsApproval(ApprovalNeeded)
}

/// A command that policy allows once people have agreed to it.
public struct ApprovalNeeded: Sendable {
    public let command: Command
    public let digest: CommandDigest
    /// All of them must be met.
    public let requirements: [ApprovalRequirement]
    /// The names of the policies that ask for it.
    public let rule: String
    let redaction: Redaction

    /// The command as an approver reads it: its text and everything it is called with, since that is what will run.
    var summary: String { summary(text: command.text, command.parameters.map(\.value)) }

    /// The same as the log and chat tools may have it.
    var redactedSummary: String { summary(text: redaction.text(of: command), redaction.values(of: command)) }

    private func summary(text: String, _ values: [JSONValue]) -> String {
        var lines = [text]
        for (parameter, value) in zip(command.parameters, values) {
            let shown = String(decoding: value.canonicalBytes, as: UTF8.self)
            lines.append("\(parameter.name) (\(parameter.encoding)): \(shown)")
        }
        return lines.joined(separator: "\n")
    }
}

/// What became of asking for approval.
public enum ApprovalAnswer: Sendable {
    /// The people needed have not decided yet. The same command, sent again, finds this ticket.
    case pending(PendingTicket)
    /// Approved and taken for this one command: `Session.permit` turns it into a permit.
    case approved(Redemption)
    case refused(Refusal)
}

/// A ticket that waits for people, as the requester may see it.
public struct PendingTicket: Sendable {
    public let id: UUIDv7
    /// Where an approver decides.
    public let url: String
    public let requirements: [ApprovalRequirement]
    public let expiresAt: Timestamp

    public init(id: UUIDv7, url: String, requirements: [ApprovalRequirement], expiresAt: Timestamp) {
        self.id = id
        self.url = url
        self.requirements = requirements
        self.expiresAt = expiresAt
    }
}

/// An approval taken out of its ticket, good for one permit.
public final class Redemption: Sendable {
    let needed: ApprovalNeeded
    let ticket: Ticket
    private let isSpent = Atomic(false)

    init(needed: ApprovalNeeded, ticket: Ticket) {
        self.needed = needed
        self.ticket = ticket
    }

    /// True exactly once.
    func spend() -> Bool {
        isSpent.exchange(true, ordering: .acquiringAndReleasing) == false
    }
}
