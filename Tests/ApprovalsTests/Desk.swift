import Foundation
import Identifiers
import Identity
import Logging
import Store
import Synchronization
import Testing

@testable import Approvals

/// A desk on a store of its own, with a clock and an audit log that the test holds.
final class Desk: Sendable {
    let clock = ManualClock()
    let audit = RecordedEvents()
    let told = RecordedEvents()
    let folder: String
    private let current: Mutex<(store: Store, desk: ApprovalDesk)>

    init() throws {
        folder = NSTemporaryDirectory() + "approvals-tests-\(UUID().uuidString)"
        let store = try Store(path: "\(folder)/store.sqlite", schemas: [ApprovalDesk.schema])
        current = Mutex((store, Self.desk(store, clock, audit, told)))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var desk: ApprovalDesk { current.withLock { $0.desk } }
    var store: Store { current.withLock { $0.store } }

    /// The process ends and starts again: nothing is left but the file.
    func restart() throws {
        try current.withLock { current in
            try current.store.close()
            let store = try Store(path: "\(folder)/store.sqlite", schemas: [ApprovalDesk.schema])
            current = (store, Self.desk(store, clock, audit, told))
        }
    }

    private static func desk(
        _ store: Store, _ clock: ManualClock, _ audit: RecordedEvents, _ told: RecordedEvents
    ) -> ApprovalDesk {
        var limits = ApprovalDesk.Limits()
        limits.pendingPerRequester = 5
        limits.summaryBytes = 100
        return ApprovalDesk(
            store: store, clock: clock.clock, limits: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            notifier: told, journal: { try audit.record($0) })
    }
}

/// Keeps what it was told, and refuses when the test says so.
final class RecordedEvents: ApprovalNotifier {
    struct Full: Error, CustomStringConvertible { let description = "no space left" }

    private let state = Mutex<(events: [ApprovalEvent], refuses: Bool)>(([], false))

    var events: [ApprovalEvent] { state.withLock { $0.events } }
    var kinds: [ApprovalEvent.Kind] { events.map(\.kind) }
    func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }

    func record(_ event: ApprovalEvent) throws {
        try state.withLock { state in
            if state.refuses { throw Full() }
            state.events.append(event)
        }
    }

    func notify(_ event: ApprovalEvent) { state.withLock { $0.events.append(event) } }
}

/// What these tests ask for.
enum Ask {
    static let digest = String(repeating: "a1", count: 32)
    /// The same command with one byte changed.
    static let otherDigest = String(repeating: "b2", count: 32)
    static let one = NeededApproval(approvers: 1, groups: ["approver"], within: .seconds(900))
    static let two = NeededApproval(approvers: 2, groups: ["approver", "sre"], within: .seconds(600))
    static let hour = NeededApproval(approvers: 1, groups: ["approver"], within: .seconds(900), window: .seconds(3600))
}

extension ApprovalDesk {
    func show(_ id: UUIDv7) async throws -> Ticket { try #require(try await ticket(id)) }

    func ask(
        _ needed: NeededApproval..., by requester: Caller = Callers.alice, target: String = "ledger",
        digest: String = Ask.digest, because justification: String? = "change 4711"
    ) async throws(ApprovalError) -> Ticket {
        try await open(
            requester: requester, target: target, digest: digest, summary: "POST /pay {}",
            requirements: needed.isEmpty ? [Ask.one] : needed, justification: justification)
    }

    func approve(_ ticket: Ticket, by caller: Caller = Callers.bob) async throws(ApprovalError) -> Ticket {
        try await decide(ticket.id, by: caller, verdict: .approve, justification: "looked at it")
    }

    func reject(_ ticket: Ticket, by caller: Caller = Callers.bob) async throws(ApprovalError) -> Ticket {
        try await decide(ticket.id, by: caller, verdict: .reject, justification: "not today")
    }

    func use(
        _ ticket: Ticket, _ needed: NeededApproval..., by requester: Caller = Callers.alice, target: String = "ledger",
        digest: String = Ask.digest
    ) async throws(ApprovalError) -> RedeemedTicket {
        try await redeem(
            ticket.id, requester: requester, target: target, digest: digest,
            requirements: needed.isEmpty ? [Ask.one] : needed)
    }
}
