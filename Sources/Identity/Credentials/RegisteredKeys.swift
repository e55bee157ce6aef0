import Identifiers
import Synchronization

/// SSH public keys that callers who have signed in with a token have registered. Whoever proves to hold the private key
/// is that caller, as long as the token lasts; a restart of the gateway forgets them all.
public final class RegisteredKeys: Sendable {
    private struct Entry {
        let key: RegisteredKey
        /// Grows with each registration: what of one caller is the oldest.
        let number: UInt64
    }

    private struct State {
        var entries: [[UInt8]: Entry] = [:]
        var registrations: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Of one caller; the oldest gives way.
    static let mostOfOneCaller = 32

    public init() {}

    /// Registers the key for `caller`, or renews what they have registered before.
    ///
    /// - Throws: `SSHKeyError.registeredByAnother`
    public func register(
        _ proven: ProvenSSHKey, to caller: Caller, at now: Timestamp
    ) throws(SSHKeyError) -> RegisteredKey {
        let key = proven.key
        let registered = RegisteredKey(key: key, caller: caller)
        let isFree = state.withLock { state in
            state.entries = state.entries.filter { now < $0.value.key.expiresAt }
            if let known = state.entries[key.blob], !known.key.belongs(to: caller) { return false }
            state.entries[key.blob] = nil
            let own = state.entries.filter { $0.value.key.belongs(to: caller) }
            if own.count >= Self.mostOfOneCaller, let oldest = own.min(by: { $0.value.number < $1.value.number }) {
                state.entries[oldest.key] = nil
            }
            state.registrations += 1
            state.entries[key.blob] = Entry(key: registered, number: state.registrations)
            return true
        }
        guard isFree else { throw .registeredByAnother(fingerprint: key.fingerprint) }
        return registered
    }

    /// Who has registered the key with this wire form; `nil` when nobody has, or their token has ended.
    public func holder(of blob: [UInt8], at now: Timestamp) -> RegisteredKey? {
        state.withLock { state in
            guard let entry = state.entries[blob], now < entry.key.expiresAt else { return nil }
            return entry.key
        }
    }

    /// What `caller` has registered, the oldest first.
    public func keys(of caller: Caller, at now: Timestamp) -> [RegisteredKey] {
        state.withLock { state in
            state.entries.values.filter { now < $0.key.expiresAt && $0.key.belongs(to: caller) }
                .sorted { $0.number < $1.number }.map(\.key)
        }
    }

    /// Forgets a key of `caller`'s.
    ///
    /// - Returns: What was forgotten; `nil` when they have registered no such key.
    @discardableResult
    public func forget(_ fingerprint: String, of caller: Caller, at now: Timestamp) -> RegisteredKey? {
        state.withLock { state in
            let found = state.entries.first {
                now < $0.value.key.expiresAt && $0.value.key.belongs(to: caller)
                    && $0.value.key.fingerprint.utf8.elementsEqual(fingerprint.utf8)
            }
            guard let found else { return nil }
            state.entries[found.key] = nil
            return found.value.key
        }
    }
}

/// A public key and who has registered it. Public keys are known to many: only the proof of the private key gives the
/// caller.
public struct RegisteredKey: Sendable {
    public let key: SSHPublicKey
    /// As OpenSSH shows it.
    public let fingerprint: String
    private let caller: Caller

    init(key: SSHPublicKey, caller: Caller) {
        self.key = key
        self.caller = caller
        fingerprint = key.fingerprint
    }

    public var expiresAt: Timestamp { caller.expiresAt }

    /// Who has registered the key. Whoever calls this states that the peer has proved to hold the private key: that a
    /// signature of this very connection's session identifier was verified with `key` (RFC 4252 section 7). That a
    /// client merely offers the key, as it does before it signs, is no proof.
    public func callerAfterProof() -> Caller { caller }

    func belongs(to other: Caller) -> Bool { caller.isSamePerson(as: other) }
}
