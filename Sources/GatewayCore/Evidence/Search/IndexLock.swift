#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Who may write an index, or put another in its place: a file beside it, held as long as this object lives and by no
/// two processes.
final class IndexLock: Sendable {
    private let descriptor: Int32

    init(index path: String) throws(IndexError) {
        let file = "\(path).lock"
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .notWritable(path: path, detail: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 20)
            let count = read(descriptor, &text, text.count)
            // `deinit` closes it: this object is whole.
            let number = String(decoding: text.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self)
            throw .inUse(path: path, holder: number.isEmpty ? "another process" : "process \(number)")
        }
        // The number only helps a person who reads the error; the lock is the flock.
        _ = ftruncate(descriptor, 0)
        let number = Array("\(getpid())\n".utf8)
        _ = pwrite(descriptor, number, number.count, 0)
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Closing is not enough: a child process that is just being started has the file open too.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
