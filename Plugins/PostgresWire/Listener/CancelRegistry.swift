import NIOCore
import Synchronization

/// The sessions that a CancelRequest can name. It comes on a connection of its own, which may be on any event loop.
final class CancelRegistry: Sendable {
    private struct Entry: Sendable {
        let key: BackendKeyData
        let cancel: @Sendable () -> Void
    }

    private let entries = Mutex<[Int32: Entry]>([:])

    /// Makes up a key for a session.
    ///
    /// - Parameter secretLength: 4 bytes in protocol 3.0, which no client of that version can hold more of.
    func register(secretLength: Int, cancel: @escaping @Sendable () -> Void) -> BackendKeyData {
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<secretLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return entries.withLock { entries in
            var process: Int32
            repeat { process = Int32.random(in: 1 ... .max, using: &generator) } while entries[process] != nil
            let key = BackendKeyData(processID: process, secret: secret)
            entries[process] = Entry(key: key, cancel: cancel)
            return key
        }
    }

    func remove(_ key: BackendKeyData) { entries.withLock { $0[key.processID] = nil } }

    /// Cancels what runs in the session that has this key; a wrong one is ignored, as PostgreSQL does.
    func cancel(_ key: BackendKeyData) {
        guard let entry = entries.withLock({ $0[key.processID] }), entry.key.secret.count == key.secret.count else {
            return
        }
        // No byte says by its time whether it was right.
        let difference = zip(entry.key.secret, key.secret).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        if difference == 0 { entry.cancel() }
    }
}
