import Synchronization

/// A value that a test replaces while others look at it: a server that is ended and started again.
final class Replaceable<Value: Sendable>: Sendable {
    private let stored: Mutex<Value?>

    init(_ value: Value?) { stored = Mutex(value) }

    var value: Value? {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}
