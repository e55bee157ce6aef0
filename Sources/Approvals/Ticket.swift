import Identifiers
import Identity

/// A person or workload on a ticket. Issuer and subject are the identity; the label (an email address) only helps
/// people to read it, since another account may carry the same.
public struct TicketParty: Sendable, Hashable {
    public let issuer: String
    public let subject: String
    public let label: String?

    public init(issuer: String, subject: String, label: String?) {
        self.issuer = issuer
        self.subject = subject
        self.label = label
    }

    public init(_ caller: Caller) {
        self.init(issuer: caller.issuer, subject: caller.subject, label: caller.label)
    }

    /// Issuer and subject as bytes: texts that only look alike are other people.
    public func isSamePerson(as other: TicketParty) -> Bool {
        issuer.isExactly(other.issuer) && subject.isExactly(other.subject)
    }
}

public enum TicketState: String, Sendable, Hashable, CaseIterable {
    /// Waits for approvers.
    case pending
    /// Enough people approved; good for one command, or until the window ends.
    case approved
    case rejected
    /// Its time has passed, undecided, unused, or at the end of its window.
    case expired
    /// Its one command has been let through.
    case redeemed
}

public enum TicketVerdict: String, Sendable, Hashable, CaseIterable {
    case approve, reject
}

/// What one person decided, once and for good.
public struct TicketDecision: Sendable, Hashable {
    public let approver: TicketParty
    /// The groups of the ticket's requirements that the person was in at that time.
    public let groups: [String]
    public let verdict: TicketVerdict
    public let justification: String
    public let time: Timestamp
}

/// A request for people's agreement to exactly one command, or to a window of time on a target.
public struct Ticket: Sendable, Hashable {
    public let id: UUIDv7
    public let requester: TicketParty
    public let target: String
    /// The digest of the command that was asked for, as 64 hexadecimal digits. A ticket without a window is good for
    /// this digest alone.
    public let digest: String
    /// The command as a person reads it; show it through `VisibleText`.
    public let summary: String
    /// The summary without what masking rules select: for the audit log and for chat tools.
    public let redactedSummary: String
    /// The summary does not show all of the command; the digest still covers all of it.
    public let isSummaryCut: Bool
    /// All of them must be met, by different people.
    public let requirements: [NeededApproval]
    public let justification: String
    public let createdAt: Timestamp
    /// From this moment on the ticket can be neither decided nor used. Set once when it is opened and, where there is a
    /// window, once more when it is approved; nothing that the requester does moves it.
    public internal(set) var expiresAt: Timestamp
    public internal(set) var state: TicketState
    /// In the order in which they were taken.
    public internal(set) var decisions: [TicketDecision]
    /// How many commands were let through on it.
    public internal(set) var uses: Int

    /// How long commands may run on the target once it is approved; `nil` for exactly one command. The shortest one
    /// counts, and one requirement without a window makes the whole ticket single-use.
    public var window: Duration? { Self.window(of: requirements) }

    static func window(of requirements: [NeededApproval]) -> Duration? {
        var shortest: Duration?
        for requirement in requirements {
            guard let window = requirement.window else { return nil }
            shortest = min(shortest ?? window, window)
        }
        return shortest
    }

    /// The groups whose members may decide, sorted.
    public var approverGroups: [String] { Set(requirements.flatMap(\.groups)).sorted() }
    /// How many different people must approve.
    public var approvalsNeeded: Int { Quorum(requirements).size }
    /// How many of the needed approvals have been given; a second member of a group whose seats are taken does not add.
    public var approvalsGiven: Int {
        Quorum(requirements).filled(by: decisions.filter { $0.verdict == .approve }.map { Set($0.groups) })
    }
}

/// What a ticket may become. Pure: no clock, no store.
extension Ticket {
    /// The ticket as it stands at `time`: expired when its time has passed, whatever was stored.
    func asOf(_ time: Timestamp) -> Ticket {
        guard state == .pending || state == .approved, time >= expiresAt else { return self }
        var expired = self
        expired.state = .expired
        return expired
    }

    /// The ticket after `caller` has decided at `time`.
    func decided(
        by caller: Caller, _ verdict: TicketVerdict, _ justification: Justification, at time: Timestamp
    ) throws(ApprovalError) -> Ticket {
        let approver = TicketParty(caller)
        // Who asks is looked at before anything else: nothing about the state makes an own ticket decidable.
        guard !approver.isSamePerson(as: requester) else { throw .ownTicket }
        let groups: [String]
        switch caller.groups {
        case .unknown(let why): throw .groupsUnknown(why)
        case .known(let known): groups = approverGroups.filter(known.contains)
        }
        guard !groups.isEmpty else { throw .notAnApprover(groups: approverGroups) }
        let current = asOf(time)
        switch current.state {
        case .pending: break
        case .expired: throw .expired(expiresAt)
        case .approved, .rejected, .redeemed: throw .wrongState(current.state)
        }
        guard !decisions.contains(where: { $0.approver.isSamePerson(as: approver) }) else { throw .alreadyDecided }
        var next = current
        next.decisions.append(
            TicketDecision(
                approver: approver, groups: groups, verdict: verdict, justification: justification.text, time: time))
        switch verdict {
        case .reject: next.state = .rejected
        case .approve:
            if next.approvalsGiven >= next.approvalsNeeded {
                next.state = .approved
                if let window { next.expiresAt = time.adding(window) }
            }
        }
        return next
    }

    /// Why the ticket is not good for this command, whatever its state; `nil` when it is.
    ///
    /// `needed` is what the rules in force ask for now: an approval given under weaker rules does not serve.
    func mismatch(
        requester: TicketParty, target: String, digest: String, needed: [NeededApproval]
    ) -> TicketMismatch? {
        if !requester.isSamePerson(as: self.requester) { return .requester }
        if !target.isExactly(self.target) { return .target }
        if window == nil && digest != self.digest { return .command }
        if needed.isEmpty || !Set(needed).isSubset(of: requirements) { return .requirements }
        return nil
    }

    /// The ticket after a command was let through on it at `time`.
    func redeemed(
        requester: TicketParty, target: String, digest: String, needed: [NeededApproval], at time: Timestamp
    ) throws(ApprovalError) -> Ticket {
        if let mismatch = mismatch(requester: requester, target: target, digest: digest, needed: needed) {
            throw .doesNotCover(mismatch)
        }
        let current = asOf(time)
        switch current.state {
        case .approved: break
        case .expired: throw .expired(expiresAt)
        case .redeemed: throw .alreadyRedeemed
        case .pending, .rejected: throw .wrongState(current.state)
        }
        var next = current
        next.uses += 1
        if window == nil { next.state = .redeemed }
        return next
    }
}

/// Proof that a ticket was used for one command just now; only the desk makes one.
public struct RedeemedTicket: Sendable {
    /// As it stands after this use.
    public let ticket: Ticket
    /// The digest of the command that it was used for.
    public let digest: String
    public let redeemedAt: Timestamp
}
