import NIOCore
import Synchronization

/// Counts failed attempts to sign in by network, so that guessing is slow however many connections it is spread over.
///
/// A minute slides over two fixed ones: of the one before counts what of it lies within the last sixty seconds, taken as
/// spread evenly. So nothing is searched for what is over: a whole minute is forgotten at once.
final class FailureLimiter: Sendable {
    private struct Minutes {
        var start: NIODeadline
        var current: [ClientNetwork: Int] = [:]
        var previous: [ClientNetwork: Int] = [:]

        mutating func advance(to now: NIODeadline) {
            guard now - start >= FailureLimiter.minute else { return }
            let isLongAgo = now - start >= FailureLimiter.minute * 2
            previous = isLongAgo ? [:] : current
            current = [:]
            start = isLongAgo ? now : start + FailureLimiter.minute
        }

        func count(of network: ClientNetwork, at now: NIODeadline) -> Int {
            let elapsed = Double((now - start).nanoseconds) / Double(FailureLimiter.minute.nanoseconds)
            let before = Double(previous[network] ?? 0) * max(0, 1 - elapsed)
            return (current[network] ?? 0) + Int(before.rounded(.up))
        }
    }

    private static let minute = TimeAmount.minutes(1)
    /// Of each of the two minutes. Each failure has cost its client a key exchange: as many in a minute mean an attack
    /// by a great many machines, of which the first may then be forgotten early.
    private static let mostNetworks = 100_000

    private let minutes: Mutex<Minutes>

    init(at now: NIODeadline = .now()) { minutes = Mutex(Minutes(start: now)) }

    /// - Returns: How many failures of the last minute the network has now.
    @discardableResult
    func failed(_ network: ClientNetwork, at now: NIODeadline = .now()) -> Int {
        minutes.withLock { minutes in
            minutes.advance(to: now)
            if minutes.current.count >= Self.mostNetworks, minutes.current[network] == nil {
                minutes.previous = minutes.current
                minutes.current = [:]
                minutes.start = now
            }
            minutes.current[network, default: 0] += 1
            return minutes.count(of: network, at: now)
        }
    }

    func failures(of network: ClientNetwork, at now: NIODeadline = .now()) -> Int {
        minutes.withLock { minutes in
            minutes.advance(to: now)
            return minutes.count(of: network, at: now)
        }
    }
}
