import ConfigFile
import NIOCore
import Synchronization

/// A secret that a credential uses. One in a file is read again when it may have changed, so that whoever rotates it
/// needs no restart.
final class CredentialSecret: Sendable {
    private struct State {
        var value: String
        var readAt: NIODeadline
    }

    /// Between two looks at the file.
    private static let interval = TimeAmount.seconds(1)
    private let reference: SecretReference
    private let baseDirectory: String
    private let state: Mutex<State>

    init(_ reference: SecretReference, baseDirectory: String) throws(SecretError) {
        self.reference = reference
        self.baseDirectory = baseDirectory
        let value = try reference.resolve(relativeTo: baseDirectory).reveal()
        state = Mutex(State(value: value, readAt: .now()))
    }

    /// Whether the secret stays what it is for the life of the process.
    var isFixed: Bool { if case .environment = reference { true } else { false } }

    /// The secret now. When its file cannot be read any more, the last one goes on being used: a rotation replaces the
    /// file, and between two writes it may be gone.
    var current: String {
        state.withLock { state in
            let now = NIODeadline.now()
            if !isFixed, now - state.readAt > Self.interval {
                state.readAt = now
                if let value = try? reference.resolve(relativeTo: baseDirectory).reveal() { state.value = value }
            }
            return state.value
        }
    }
}
