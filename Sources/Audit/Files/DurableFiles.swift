#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

extension FileOperations {
    /// The whole file, or `nil` when there is none.
    func contents(of path: String) throws(AuditError) -> [UInt8]? {
        do {
            let descriptor = try open(path, .read, 0)
            defer { close(descriptor) }
            let expected = Int(try size(descriptor))
            return try Self.readFully(descriptor, count: expected, with: self)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw AuditError(error, path: path)
        }
    }

    private static func readFully(
        _ descriptor: Int32, count: Int, with files: FileOperations
    ) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let offset = filled
            let taken = try bytes.withMutableBytes { buffer throws(Failure) in
                try files.read(descriptor, UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]), UInt64(offset))
            }
            if taken == 0 { break }
            filled += taken
        }
        if filled < count { bytes.removeLast(count - filled) }
        return bytes
    }

    /// Puts `bytes` at `path` so that a crash leaves the old file or the new one, whole: written beside under
    /// `temporary`, made durable, then renamed. The directory of `path` is the caller's to synchronize.
    func replace(
        _ path: String, with bytes: [UInt8], temporary: String, permissions: UInt32 = 0o600
    ) throws(AuditError) {
        do throws(Failure) {
            do { try remove(temporary) } catch  where error.code == ENOENT {}
            let descriptor = try open(temporary, .createForAppending, permissions)
            do throws(Failure) {
                try writeFully(descriptor, bytes)
                try synchronize(descriptor)
            } catch {
                close(descriptor)
                try? remove(temporary)
                throw error
            }
            close(descriptor)
            try rename(temporary, path)
        } catch {
            throw AuditError(error, path: path)
        }
    }

    /// Writes all of `bytes`, in as many calls as it takes; a call that takes nothing counts as a full disk.
    func writeFully(_ descriptor: Int32, _ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let start = written
            let taken = try bytes.withBytes { buffer throws(Failure) in
                try write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[start...]))
            }
            if taken == 0 { throw Failure(operation: "write", path: "", code: ENOSPC) }
            written += taken
        }
    }

    /// Makes what was created, renamed or removed in a directory durable.
    func synchronizeDirectory(_ path: String) throws(AuditError) {
        do {
            let descriptor = try open(path, .read, 0)
            defer { close(descriptor) }
            try synchronize(descriptor)
        } catch {
            throw AuditError(error, path: path)
        }
    }

    /// Makes a directory with permission bits 0700 unless it is there; says whether it was made.
    @discardableResult
    func ensureDirectory(_ path: String) throws(AuditError) -> Bool {
        do {
            try makeDirectory(path, 0o700)
            return true
        } catch {
            if error.code == EEXIST { return false }
            throw AuditError(error, path: path)
        }
    }

    /// Removes a file; `false` when there was none.
    @discardableResult
    func removeIfPresent(_ path: String) throws(AuditError) -> Bool {
        do {
            try remove(path)
            return true
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return false }
            throw AuditError(error, path: path)
        }
    }

    /// The names in a directory; none when there is no such directory.
    func names(in path: String) throws(AuditError) -> [String] {
        do {
            return try list(path)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return [] }
            throw AuditError(error, path: path)
        }
    }

    /// Whether a link stands at `path` itself. Whoever walks through folders that others made follows none.
    func isSymbolicLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && UInt32(status.st_mode) & UInt32(S_IFMT) == UInt32(S_IFLNK)
    }

    /// What is at `path`; `nil` when nothing is.
    func statusIfPresent(_ path: String) throws(AuditError) -> Status? {
        do {
            return try status(path)
        } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw AuditError(error, path: path)
        }
    }
}
