import Foundation

/// Files that a command makes where the person said. What cannot be made is told by its path and the system's reason.
enum OutputFile {
    /// Makes the file, or puts a new one in its place: whole, or not at all.
    ///
    /// - Throws: `CommandFailure`
    static func replace(_ path: String, with bytes: [UInt8]) throws {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, errno) }
        var code = append(bytes, to: descriptor)
        if close(descriptor) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        guard code == 0 else {
            unlink(temporary)
            throw failure(path, code)
        }
    }

    /// Makes the folder and those above it; one that is there is no error.
    ///
    /// - Throws: `CommandFailure`
    static func makeFolder(_ path: String) throws {
        if isFolder(path) { return }
        let parent = (path as NSString).deletingLastPathComponent
        if !parent.isEmpty, parent != path { try makeFolder(parent) }
        guard mkdir(path, 0o777) != 0 else { return }
        let code = errno
        // Somebody may have made it meanwhile.
        if code == EEXIST, isFolder(path) { return }
        throw CommandFailure(
            "the folder \(Terminal.plain(path)) cannot be made: \(String(cString: strerror(code)))",
            status: .unavailable)
    }

    /// What is said of a file that cannot be written.
    ///
    /// - Parameter code: The system's error number.
    static func failure(_ path: String, _ code: Int32) -> CommandFailure {
        let folder = (path as NSString).deletingLastPathComponent
        if code == ENOENT, !folder.isEmpty, !isFolder(folder) {
            return CommandFailure(
                "\(Terminal.plain(path)) cannot be written: the folder \(Terminal.plain(folder)) does not exist",
                status: .unavailable)
        }
        return CommandFailure(
            "\(Terminal.plain(path)) cannot be written: \(String(cString: strerror(code)))", status: .unavailable)
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// - Returns: The error number, 0 for success.
    private static func append(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count < 0 ? errno : EIO }
                rest = rest.dropFirst(count)
            }
            return 0
        }
    }
}
