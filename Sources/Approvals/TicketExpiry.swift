import Identifiers
import ServiceLifecycle

/// Waiting for a decision, and the end of waiting.
extension ApprovalDesk {
    /// Returns as soon as the ticket is no longer pending, and at `deadline` at the latest, with the ticket as it then
    /// stands. A cancelled task gets the ticket as it is.
    public func wait(_ id: UUIDv7, until deadline: Timestamp) async throws(ApprovalError) -> Ticket {
        // Before the first look, so that no decision falls between the look and the wait.
        let waiter = waiters.enter(id)
        defer { waiters.leave(waiter) }
        guard var ticket = try await ticket(id) else { throw .notFound(id) }
        guard ticket.state == .pending else { return ticket }
        let end = min(deadline, ticket.expiresAt)
        let alarm = Task { [clock] in
            try await clock.sleep(end)
            waiter.signal.yield()
        }
        defer { alarm.cancel() }
        for await _ in waiter.changes {
            if let now = try await self.ticket(id) { ticket = now }
            if ticket.state != .pending || clock.now() >= end { break }
        }
        if ticket.state == .expired { await expire(id) }
        return ticket
    }
}

/// Marks tickets expired when their time comes, so that the record, the waiting and the chat hear of it then.
extension ApprovalDesk: Service {
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let next = await self.expireDue()
                let alarm = Task { [clock = self.clock, deadlines = self.deadlines] in
                    guard let next else { return }
                    try await clock.sleep(next)
                    deadlines.changed()
                }
                await self.deadlines.wait()
                alarm.cancel()
            }
        }
    }

    /// Marks all that is due.
    ///
    /// - Returns: When to look again; `nil` when no ticket is open.
    func expireDue() async -> Timestamp? {
        do {
            while true {
                let now = clock.now()
                let due = try await read { try TicketTable.due(at: now, limit: 100, in: $0) }
                for id in due {
                    // A full audit log refuses this too; it is no reason to spin.
                    guard await expire(id) else { return now.adding(.seconds(5)) }
                }
                if due.isEmpty { return try await read { try TicketTable.nextExpiry(in: $0) } }
            }
        } catch {
            if !Task.isCancelled {
                logger.warning("expired tickets could not be looked for", metadata: ["error": "\(error)"])
            }
            return clock.now().adding(.seconds(5))
        }
    }
}

/// Wakes the one who watches the deadlines when there is a new one, or when one has come.
final class TicketDeadlines: Sendable {
    private let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init() { (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    func changed() { signal.yield() }

    func wait() async {
        var iterator = changes.makeAsyncIterator()
        await iterator.next()
    }
}
