import Audit
import Foundation
import Identifiers
import Synchronization

/// The disk under the audit log, which a test may fill up and empty again.
public final class KitDisk: Sendable {
    private let full = Atomic(false)

    /// While it is, nothing can be written to the log: `ENOSPC`.
    public var isFull: Bool {
        get { full.load(ordering: .acquiring) }
        set { full.store(newValue, ordering: .releasing) }
    }

    var operations: FileOperations {
        var operations = FileOperations.system
        // Each append has to ask the disk, so that it is refused at once when there is no room.
        operations.mapForWriting = { _, _, _ in nil }
        let write = operations.write
        operations.write = { [self] descriptor, bytes throws(FileOperations.Failure) in
            if isFull { throw FileOperations.Failure(operation: "write", path: "", code: ENOSPC) }
            return try write(descriptor, bytes)
        }
        return operations
    }
}

/// The wall clock, which a test may put forward.
public final class KitClock: Sendable {
    private let ahead = Mutex(Duration.zero)

    public var now: Timestamp { Timestamp.now.adding(ahead.withLock { $0 }) }

    public func advance(by duration: Duration) { ahead.withLock { $0 += duration } }
}
