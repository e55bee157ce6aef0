#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Tells who reads a recording whether somebody still writes it: a recorder holds a lock on its file, which the system
/// takes from it at its end, also when the process is killed.
enum RecordingLock {
    /// Locks the file until its descriptor is closed.
    static func hold(_ descriptor: Int32) {
        // Where a file system has no locks, a recording ends by its last event alone.
        _ = flock(descriptor, LOCK_EX)
    }

    /// Whether another descriptor of the file is locked.
    static func isHeld(_ descriptor: Int32) -> Bool {
        guard flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        _ = flock(descriptor, LOCK_UN)
        return false
    }
}
