import Identifiers
import Synchronization

@testable import Approvals

/// A clock that moves only when the test says so, and wakes what sleeps until then.
final class ManualClock: Sendable {
    private struct State {
        var now = Timestamp(milliseconds: 1_790_000_000_000)
        var next = 0
        var sleepers: [Int: (until: Timestamp, wake: AsyncStream<Void>.Continuation)] = [:]
    }

    private let state = Mutex(State())

    var now: Timestamp { state.withLock { $0.now } }
    /// How many sleep now.
    var sleepers: Int { state.withLock { $0.sleepers.count } }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.adding(duration)
            let due = state.sleepers.filter { $0.value.until <= state.now }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.wake)
        }
        for wake in due { wake.finish() }
    }

    func sleep(until moment: Timestamp) async throws {
        let (ended, wake) = AsyncStream.makeStream(of: Void.self)
        let number: Int? = state.withLock { state in
            guard state.now < moment else { return nil }
            state.next += 1
            state.sleepers[state.next] = (moment, wake)
            return state.next
        }
        guard let number else { return }
        for await _ in ended {}
        _ = state.withLock { $0.sleepers.removeValue(forKey: number) }
        try Task.checkCancellation()
    }

    var clock: ApprovalClock {
        ApprovalClock(now: { self.now }, sleep: { try await self.sleep(until: $0) })
    }
}
