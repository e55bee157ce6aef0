import Foundation

/// A file that holds a secret of the person who runs the command.
enum PrivateFile {
    /// Replaces the file in one step; it is never readable by others, not even for a moment.
    ///
    /// - Throws: `CommandFailure`
    static func replace(_ path: String, with bytes: some Sequence<UInt8>) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        do {
            try OutputFile.replace(path, with: bytes, mode: 0o600)
        } catch {
            throw CommandFailure("\(error.description); SALLYPORT_HOME names another folder", status: error.status)
        }
    }
}
