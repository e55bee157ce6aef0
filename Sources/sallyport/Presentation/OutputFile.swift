import Foundation

/// Files that a command makes where the person said. What cannot be made is told by its path and the system's reason.
enum OutputFile {
    /// Makes the file, or puts a new one in its place: whole, or not at all.
    ///
    /// - Parameter mode: Its permissions, from its first moment on, as far as the person's mask leaves them.
    /// - Throws: `CommandFailure`
    static func replace(_ path: String, with bytes: some Sequence<UInt8>, mode: mode_t = 0o666) throws(CommandFailure) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(path, errno) }
        var code = StandardStreams.put(Data(bytes), on: descriptor)
        if close(descriptor) != 0, code == nil { code = errno }
        if code == nil, rename(temporary, path) != 0 { code = errno }
        if let code {
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
}
