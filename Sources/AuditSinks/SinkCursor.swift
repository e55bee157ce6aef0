import Foundation
import StrictJSON

/// How far a sink has come: kept in a file of its own, replaced whole after each acknowledgement.
public struct SinkCursor: Sendable, Equatable {
    /// The index of the first entry that is not known to have been taken.
    public var next: UInt64
    /// SHA-256 of the entry before it, 64 hexadecimal digits: which log it was. `nil` at the beginning.
    public var lastDigest: String?

    public init(next: UInt64 = 0, lastDigest: String? = nil) {
        self.next = next
        self.lastDigest = lastDigest
    }
}

/// The file of a cursor.
public struct SinkCursorFile: Sendable {
    public let path: String

    /// - Parameter folder: Made with permissions 0700 when absent.
    public init(folder: String, sink: String) { path = "\(folder)/\(sink).json" }

    /// - Returns: The beginning where there is no file.
    /// - Throws: `SinkError.local` when the file is not one that this program wrote.
    public func load() throws(SinkError) -> SinkCursor {
        guard FileManager.default.fileExists(atPath: path) else { return SinkCursor() }
        guard let data = FileManager.default.contents(atPath: path),
            let value = try? JSONValue(parsing: Array(data)), let next = value["next"]?.integer, next >= 0,
            next == 0 || value["last_sha256"]?.string != nil
        else {
            throw .local(
                "\(path) is not a cursor: remove it to send the whole log again, or restore it from a backup")
        }
        return SinkCursor(next: UInt64(next), lastDigest: value["last_sha256"]?.string)
    }

    /// Returns when the cursor is on the disk.
    public func store(_ cursor: SinkCursor) throws(SinkError) {
        let value: JSONValue = [
            "last_sha256": cursor.lastDigest.map { .string($0) } ?? .null, "next": .number(String(cursor.next)),
        ]
        let temporary = "\(path).new"
        do {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SystemError("open", temporary) }
            let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            try file.write(contentsOf: Data(value.canonicalBytes + [0x0a]))
            try file.synchronize()
            try file.close()
            guard rename(temporary, path) == 0 else { throw SystemError("rename", path) }
        } catch {
            throw .local("the cursor \(path) cannot be written: \(error)")
        }
    }
}

/// What the system said to a call.
struct SystemError: Error, CustomStringConvertible {
    let description: String

    init(_ operation: String, _ path: String, code: Int32 = errno) {
        description = "\(operation) \(path): \(String(cString: strerror(code)))"
    }
}
