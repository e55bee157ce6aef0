#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The exclusive hold on a log's directory, for as long as this object lives. The system releases it when the process
/// ends in any way.
final class DirectoryLock: Sendable {
    private let descriptor: Int32
    private let files: FileOperations

    convenience init(paths: LogPaths, files: FileOperations) throws(AuditError) {
        try self.init(file: paths.lock, of: paths.root, files: files)
    }

    /// - Parameter folder: What the file stands for.
    init(file: String, of folder: String, files: FileOperations) throws(AuditError) {
        self.files = files
        do {
            descriptor = try files.open(file, .readWrite, 0o600)
        } catch {
            throw AuditError(error, path: file)
        }
        // From here on `deinit` closes it, also when this throws.
        do {
            try files.lock(descriptor)
        } catch {
            let holder = (try? files.contents(of: file)).flatMap { $0 }
            guard error.code == EWOULDBLOCK else { throw AuditError(error, path: file) }
            let text = holder.map { String(decoding: $0, as: UTF8.self) } ?? ""
            throw .directoryInUse(path: folder, processID: Int32(text.prefix { $0 != "\n" }))
        }
        do {
            // The number only helps a person who reads the error; the lock is the flock.
            try files.truncate(descriptor, 0)
            try files.writeFully(descriptor, Array("\(getpid())\n".utf8))
        } catch {
            throw AuditError(error, path: file)
        }
    }

    deinit {
        files.unlock(descriptor)
        files.close(descriptor)
    }
}
