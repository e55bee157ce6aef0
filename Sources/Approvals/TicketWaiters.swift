import Identifiers
import Synchronization

/// Those who wait for a ticket to change, in this process.
final class TicketWaiters: Sendable {
    private struct State {
        var next = 0
        var waiting: [UUIDv7: [Int: AsyncStream<Void>.Continuation]] = [:]
    }

    private let state = Mutex(State())

    struct Waiter {
        let ticket: UUIDv7
        let number: Int
        let changes: AsyncStream<Void>
        /// Wakes this waiter alone.
        let signal: AsyncStream<Void>.Continuation
    }

    /// From here on no change of `ticket` is missed; changes that come while nobody looks are one.
    func enter(_ ticket: UUIDv7) -> Waiter {
        let (changes, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.next += 1
            state.waiting[ticket, default: [:]][state.next] = signal
            return state.next
        }
        return Waiter(ticket: ticket, number: number, changes: changes, signal: signal)
    }

    func leave(_ waiter: Waiter) {
        state.withLock { state in
            state.waiting[waiter.ticket]?[waiter.number] = nil
            if state.waiting[waiter.ticket]?.isEmpty == true { state.waiting[waiter.ticket] = nil }
        }
    }

    func wake(_ ticket: UUIDv7) {
        for signal in state.withLock({ state in state.waiting[ticket].map { Array($0.values) } ?? [] }) {
            signal.yield()
        }
    }

    var count: Int { state.withLock { state in state.waiting.values.reduce(0) { $0 + $1.count } } }
}
