import Foundation

/// A file that holds a secret of the person who runs the command.
enum PrivateFile {
    /// Replaces the file in one step; it is never readable by others, not even for a moment.
    static func replace(_ path: String, with bytes: some Sequence<UInt8>) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                "\(temporary) cannot be written (\(String(cString: strerror(errno)))); SALLYPORT_HOME names another folder",
                status: .unavailable)
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(bytes))
            try handle.close()
        } catch {
            unlink(temporary)
            throw CommandFailure("\(temporary) cannot be written (\(error))", status: .unavailable)
        }
        guard rename(temporary, path) == 0 else {
            let code = errno
            unlink(temporary)
            throw CommandFailure("\(path) cannot be written (\(String(cString: strerror(code))))", status: .unavailable)
        }
    }
}
