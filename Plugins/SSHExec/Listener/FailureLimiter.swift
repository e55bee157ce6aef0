import NIOCore
import Synchronization

/// Counts failed attempts to sign in by address, so that guessing is slow however many connections it is spread over.
final class FailureLimiter: Sendable {
    private struct Window {
        var start: NIODeadline
        var count: Int
    }

    private static let length = TimeAmount.minutes(1)
    /// Beyond it, addresses whose minute is over are forgotten.
    private static let mostAddresses = 10_000

    private let windows = Mutex<[String: Window]>([:])

    /// - Returns: How many failures of this minute the address has now.
    @discardableResult
    func failed(_ address: String, at now: NIODeadline = .now()) -> Int {
        windows.withLock { windows in
            if windows.count > Self.mostAddresses { windows = windows.filter { now - $0.value.start < Self.length } }
            var window = windows[address] ?? Window(start: now, count: 0)
            if now - window.start >= Self.length { window = Window(start: now, count: 0) }
            window.count += 1
            windows[address] = window
            return window.count
        }
    }

    func failures(of address: String, at now: NIODeadline = .now()) -> Int {
        windows.withLock { windows in
            guard let window = windows[address], now - window.start < Self.length else { return 0 }
            return window.count
        }
    }
}
