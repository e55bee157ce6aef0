import NIOCore

/// How long the caller of one connection or stream may make the gateway wait: for bytes of a request, and for room to
/// write an answer. Compared when a sweep comes by, so that a request schedules nothing.
struct CallerDeadlines {
    enum Missed {
        /// The caller did not send what was waited for.
        case sending
        /// The caller does not take its answer.
        case taking
    }

    private var nextBytes: NIODeadline?
    private var wholeBody: NIODeadline?
    private var room: NIODeadline?

    /// The caller has `time` to send anything, or to finish what it has begun.
    mutating func expectBytes(within time: TimeAmount) { nextBytes = .now() + time }

    /// A body comes: each piece has `options.bodyTimeout`, and all of it has 30 times that, however steadily it drips.
    mutating func expectBody(_ options: ListenerOptions) {
        let now = NIODeadline.now()
        nextBytes = now + options.bodyTimeout
        wholeBody = now + .nanoseconds(options.bodyTimeout.nanoseconds * 30)
    }

    mutating func expectNothing() {
        nextBytes = nil
        wholeBody = nil
    }

    /// While the connection takes no more, its caller has `time` to read some of what waits.
    mutating func writabilityChanged(_ isWritable: Bool, within time: TimeAmount) {
        room = isWritable ? nil : .now() + time
    }

    /// What was not done in time; told once.
    mutating func missed(at now: NIODeadline) -> Missed? {
        if let room, room < now {
            self.room = nil
            return .taking
        }
        guard nextBytes.map({ $0 < now }) == true || wholeBody.map({ $0 < now }) == true else { return nil }
        expectNothing()
        return .sending
    }
}
