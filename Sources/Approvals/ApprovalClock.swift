import Identifiers

/// The time as approvals see it; tests bring their own.
public struct ApprovalClock: Sendable {
    public let now: @Sendable () -> Timestamp
    /// Returns when `now` has reached the moment, or throws when the task is cancelled.
    public let sleep: @Sendable (_ until: Timestamp) async throws -> Void

    public init(
        now: @escaping @Sendable () -> Timestamp, sleep: @escaping @Sendable (_ until: Timestamp) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's wall clock. It may be set while something sleeps, so long sleeps are taken in parts.
    public static let system = ApprovalClock(
        now: { .now },
        sleep: { moment in
            while true {
                let now = Timestamp.now
                if now >= moment { return }
                try await Task.sleep(for: min(moment.duration(since: now), .seconds(60)))
            }
        })
}
