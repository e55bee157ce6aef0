import GRDB
import Identifiers
import Identity
import Logging
import Store
import Synchronization

/// Where people agree to a command before it runs.
///
/// What holds, also over a restart and with any number of callers at once:
/// - A ticket is good for exactly one command, by digest and once, or until the absolute end of a window on a target.
/// - The requester never decides; each person decides once and fills one seat; whose groups are unknown does not decide.
/// - Every step is in the audit log before it takes effect; what cannot be recorded does not happen.
/// - A ticket whose time has passed is neither decided nor used, whether or not anybody has marked it expired.
public final class ApprovalDesk: Sendable {
    /// The tables that the desk needs; the store must have been opened with them.
    public static var schema: StoreSchema { TicketTable.schema }

    /// Bounds on what one requester can ask for.
    public struct Limits: Sendable {
        /// Undecided tickets of one requester.
        public var pendingPerRequester = 50
        /// Bytes of a summary that are kept; a longer one is cut and marked so.
        public var summaryBytes = 65_536

        public init() {}
    }

    /// Writes one step to the audit log, or throws.
    public typealias Journal = @Sendable (ApprovalEvent) throws -> Void

    let store: Store
    let clock: ApprovalClock
    let waiters = TicketWaiters()
    let deadlines = TicketDeadlines()
    let logger: Logger
    private let limits: Limits
    private let notifier: (any ApprovalNotifier)?
    private let journal: Journal

    public init(
        store: Store, clock: ApprovalClock = .system, limits: Limits = Limits(),
        logger: Logger = Logger(label: "approvals"), notifier: (any ApprovalNotifier)? = nil,
        journal: @escaping Journal
    ) {
        self.store = store
        self.clock = clock
        self.limits = limits
        self.logger = logger
        self.notifier = notifier
        self.journal = journal
    }

    /// The ticket that serves this command, or would once it is approved: an approved one before a pending one.
    ///
    /// Where there is neither, a rejected one whose time has not passed: a rejection answers the same request when it
    /// comes again, so that a client that repeats itself does not ask the approvers over and over.
    ///
    /// - Parameters:
    ///   - requirements: What the rules in force ask for; a ticket asked for under others is passed over.
    ///   - justification: What the requester says this time; other words than those rejected ask anew.
    public func find(
        requester: Caller, target: String, digest: String, requirements: [NeededApproval], justification: String? = nil
    ) async throws(ApprovalError) -> Ticket? {
        let clock = clock
        // Words that could not open a ticket do not ask anew either.
        let words = justification.flatMap { try? Justification($0).text }
        return try await read { database in
            try Self.serving(
                TicketParty(requester), target: target, digest: digest, needed: requirements, words: words,
                at: clock.now(), in: database)
        }
    }

    /// Asks for approval. The ticket that `find` gives, if any, is the answer; otherwise a new one.
    ///
    /// - Parameters:
    ///   - summary: The command as an approver should read it.
    ///   - redactedSummary: The same as the audit log and chat tools may have it; `summary` itself where it holds
    ///     nothing that they may not.
    ///   - requirements: All of them must be met; the shortest times count.
    ///   - justification: Why; required, at most 2,000 bytes.
    public func open(
        requester: Caller, target: String, digest: String, summary: String, redactedSummary: String? = nil,
        requirements: [NeededApproval], justification: String?
    ) async throws(ApprovalError) -> Ticket {
        let justification = try Justification(justification)
        guard let within = requirements.map(\.within).min() else { throw .requirementImpossible("it asks for nobody") }
        if let fault = requirements.lazy.compactMap(\.fault).first { throw .requirementImpossible(fault) }
        let party = TicketParty(requester)
        let (redactedSummary, _) = Self.cut(redactedSummary ?? summary, to: limits.summaryBytes)
        let (summary, isCut) = Self.cut(summary, to: limits.summaryBytes)
        let limit = limits.pendingPerRequester
        return try await take { database, now in
            if let known = try Self.serving(
                party, target: target, digest: digest, needed: requirements, words: justification.text, at: now,
                in: database)
            {
                return .unchanged(known)
            }
            guard try TicketTable.pendingCount(of: party, at: now, in: database) < limit else {
                throw ApprovalError.tooManyPending(limit: limit)
            }
            let ticket = Ticket(
                id: UUIDv7(milliseconds: now.milliseconds), requester: party, target: target, digest: digest,
                summary: summary, redactedSummary: redactedSummary, isSummaryCut: isCut, requirements: requirements,
                justification: justification.text, createdAt: now, expiresAt: now.adding(within), state: .pending,
                decisions: [], uses: 0)
            return .changed(
                from: nil,
                ApprovalEvent(
                    kind: .opened, ticket: ticket, actor: party, justification: justification.text, digest: digest,
                    time: now))
        }
    }

    /// Takes one person's decision. One rejection is enough to end the ticket.
    public func decide(
        _ id: UUIDv7, by caller: Caller, verdict: TicketVerdict, justification: String?
    ) async throws(ApprovalError) -> Ticket {
        let justification = try Justification(justification)
        return try await take { database, now in
            guard let ticket = try TicketTable.find(id, in: database) else { throw ApprovalError.notFound(id) }
            let next = try ticket.decided(by: caller, verdict, justification, at: now)
            return .changed(
                from: ticket,
                ApprovalEvent(
                    kind: verdict == .approve ? .approved : .rejected, ticket: next, actor: TicketParty(caller),
                    justification: justification.text, digest: nil, time: now))
        } ifExpired: {
            id
        }
    }

    /// Takes an approved ticket for one command: once, or as often as wanted until its window ends.
    ///
    /// - Parameter requirements: What the rules in force ask for now.
    public func redeem(
        _ id: UUIDv7, requester: Caller, target: String, digest: String, requirements: [NeededApproval]
    ) async throws(ApprovalError) -> RedeemedTicket {
        let party = TicketParty(requester)
        let redeemedAt = Mutex(Timestamp(milliseconds: 0))
        let ticket = try await take { database, now in
            guard let ticket = try TicketTable.find(id, in: database) else { throw ApprovalError.notFound(id) }
            let next = try ticket.redeemed(
                requester: party, target: target, digest: digest, needed: requirements, at: now)
            redeemedAt.withLock { $0 = now }
            return .changed(
                from: ticket,
                ApprovalEvent(
                    kind: .redeemed, ticket: next, actor: party, justification: nil, digest: digest, time: now))
        } ifExpired: {
            id
        }
        return RedeemedTicket(ticket: ticket, digest: digest, redeemedAt: redeemedAt.withLock { $0 })
    }

    /// The ticket as it stands now; `nil` when there is none of this name.
    public func ticket(_ id: UUIDv7) async throws(ApprovalError) -> Ticket? {
        let clock = clock
        return try await read { try TicketTable.find(id, in: $0)?.asOf(clock.now()) }
    }

    /// Tickets, newest first.
    ///
    /// - Parameters:
    ///   - before: The last ticket of the page before this one.
    ///   - limit: At most this many, 1 to 500.
    public func list(
        _ filter: TicketFilter = TicketFilter(), before: UUIDv7? = nil, limit: Int = 100
    ) async throws(ApprovalError) -> [Ticket] {
        let clock = clock
        return try await read {
            try TicketTable.list(filter, before: before, limit: min(max(limit, 1), 500), at: clock.now(), in: $0)
        }
    }
}

/// Which tickets to list; `nil` does not restrict.
public struct TicketFilter: Sendable, Hashable {
    public var state: TicketState?
    public var requester: TicketParty?
    public var target: String?

    public init(state: TicketState? = nil, requester: TicketParty? = nil, target: String? = nil) {
        self.state = state
        self.requester = requester
        self.target = target
    }
}

/// How every step is taken: judged, recorded and written in one transaction, then told.
extension ApprovalDesk {
    enum Step: Sendable {
        /// The ticket serves as it is.
        case unchanged(Ticket)
        /// From the ticket as it is stored (`nil`: a new one) to `event.ticket`.
        case changed(from: Ticket?, ApprovalEvent)
    }

    /// Takes the step that `judge` returns.
    ///
    /// The audit entry is written inside the transaction, after all checks and before the rows: when it fails, nothing
    /// happened. Should the store fail after it, a second entry says that the step was undone.
    ///
    /// - Parameter expiring: The ticket to mark expired when that is why the step was refused.
    func take(
        _ judge: @escaping @Sendable (Database, Timestamp) throws -> Step,
        ifExpired expiring: () -> UUIDv7? = { nil }
    ) async throws(ApprovalError) -> Ticket {
        let recorded = RecordedStep()
        let step: Step
        do {
            step = try await store.write { [clock, journal] database in
                let step = try judge(database, clock.now())
                guard case .changed(let old, let event) = step else { return step }
                do { try journal(event) } catch { throw ApprovalError.notRecorded(String(describing: error)) }
                recorded.set(event)
                if let old {
                    guard try TicketTable.update(old, to: event.ticket, in: database) else {
                        throw ApprovalError.store("the ticket changed while it was looked at")
                    }
                } else {
                    try TicketTable.insert(event.ticket, in: database)
                }
                return step
            }
        } catch {
            recordUndone(recorded.event)
            let refusal = Self.refusal(error)
            if case .expired = refusal, let id = expiring() { await expire(id) }
            throw refusal
        }
        switch step {
        case .unchanged(let ticket): return ticket
        case .changed(_, let event):
            waiters.wake(event.ticket.id)
            deadlines.changed()
            notifier?.notify(event)
            return event.ticket
        }
    }

    /// Marks the ticket expired when its time has passed. That it has is true without the mark; the mark is for the
    /// record, so a failure is logged and tried again.
    ///
    /// - Returns: false when the mark could not be made.
    @discardableResult
    func expire(_ id: UUIDv7) async -> Bool {
        do {
            _ = try await take { database, now in
                guard let ticket = try TicketTable.find(id, in: database) else { throw ApprovalError.notFound(id) }
                let next = ticket.asOf(now)
                guard next.state == .expired, ticket.state != .expired else { return .unchanged(next) }
                return .changed(
                    from: ticket,
                    ApprovalEvent(
                        kind: .expired, ticket: next, actor: nil, justification: nil, digest: nil, time: now))
            }
            return true
        } catch {
            logger.warning(
                "the expiry of a ticket could not be recorded", metadata: ["ticket": "\(id)", "error": "\(error)"])
            return false
        }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(ApprovalError) -> T {
        do { return try await store.read(body) } catch { throw Self.refusal(error) }
    }

    private func recordUndone(_ event: ApprovalEvent?) {
        guard let event else { return }
        do {
            try journal(event.undone(at: clock.now()))
        } catch {
            logger.error(
                "a step stands in the audit log that did not take effect, and that could not be recorded",
                metadata: ["ticket": "\(event.ticket.id)", "step": "\(event.kind.rawValue)", "error": "\(error)"])
        }
    }

    private static func refusal(_ error: any Error) -> ApprovalError {
        (error as? ApprovalError) ?? .store(String(describing: error))
    }

    private static func serving(
        _ party: TicketParty, target: String, digest: String, needed: [NeededApproval], words: String?,
        at now: Timestamp, in database: Database
    ) throws -> Ticket? {
        let serving = try TicketTable.current(of: party, target: target, at: now, in: database).filter {
            $0.mismatch(requester: party, target: target, digest: digest, needed: needed) == nil
        }
        func newest(_ state: TicketState) -> Ticket? { serving.first { $0.state == state } }
        if let open = newest(.approved) ?? newest(.pending) { return open }
        // A rejection is about one command, also where a window was asked for.
        return serving.first {
            $0.state == .rejected && $0.digest == digest && (words == nil || words == $0.justification)
        }
    }

    /// At most `limit` bytes of UTF-8, cut between characters.
    private static func cut(_ text: String, to limit: Int) -> (String, isCut: Bool) {
        guard text.utf8.count > limit else { return (text, false) }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, String.Index(end, within: text.unicodeScalars) == nil {
            end = text.utf8.index(before: end)
        }
        return (String(text.unicodeScalars[..<end]), true)
    }
}

/// What a transaction has recorded so far; the transaction may still fail.
private final class RecordedStep: Sendable {
    private let step = Mutex<ApprovalEvent?>(nil)

    func set(_ event: ApprovalEvent) { step.withLock { $0 = event } }
    var event: ApprovalEvent? { step.withLock { $0 } }
}
