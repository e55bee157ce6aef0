import Crypto
import Identifiers

/// Callers whose tokens one event loop has seen: saves the signature check on every further command.
///
/// Not shared between threads and without a lock. A token is known by its SHA-256, so no token stays in memory.
public struct CallerCache {
    private struct Entry {
        let caller: Caller
        let verifyAgainAt: Timestamp
    }

    /// How long a verified token is believed before its keys are looked at again.
    private static let confidence: Duration = .seconds(60)
    private let capacity: Int
    private var entries: [SHA256Digest: Entry] = [:]
    private var generation = -1

    /// - Parameter capacity: How many tokens are kept; when there are more, all are forgotten and verified again.
    public init(capacity: Int = 4096) { self.capacity = capacity }

    /// The caller of `token`, if it was verified under the keys of `generation` and is still good at `now`.
    public mutating func caller(for token: String, at now: Timestamp, generation: Int) -> Caller? {
        guard generation == self.generation else {
            entries.removeAll(keepingCapacity: true)
            self.generation = generation
            return nil
        }
        guard let entry = entries[Self.key(token)], now < entry.verifyAgainAt else { return nil }
        return entry.caller
    }

    /// Remembers that `token` is `caller`'s; `generation` is that of before the verification.
    public mutating func insert(_ caller: Caller, for token: String, at now: Timestamp, generation: Int) {
        guard generation == self.generation else { return }
        if entries.count >= capacity { entries.removeAll(keepingCapacity: true) }
        let verifyAgainAt = min(caller.expiresAt, now.adding(Self.confidence))
        entries[Self.key(token)] = Entry(caller: caller, verifyAgainAt: verifyAgainAt)
    }

    private static func key(_ token: String) -> SHA256Digest {
        var token = token
        return token.withUTF8 { SHA256.hash(data: UnsafeRawBufferPointer($0)) }
    }
}
