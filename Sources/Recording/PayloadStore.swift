import Crypto
import Foundation
import Identifiers

/// Keeps what is too large for an entry of the audit log: one file for each command, named by its id, whose SHA-256
/// stands in the entry.
public struct PayloadStore: Sendable {
    public let directory: String

    /// - Parameter directory: Made on first use, mode 0700.
    public init(directory: String) { self.directory = directory }

    /// Writes `payload` (mode 0600) and returns its SHA-256 as 64 hexadecimal digits.
    ///
    /// - Throws: `PayloadError` when the disk refuses; nothing of it is left then.
    public func store(_ payload: [UInt8], under id: UUIDv7) throws(PayloadError) -> String {
        let path = path(of: id)
        let temporary = "\(path).part"
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard
                FileManager.default.createFile(
                    atPath: temporary, contents: Data(payload), attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            try FileManager.default.moveItem(atPath: temporary, toPath: path)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw .notWritten(path: path, detail: "\(error)")
        }
        return SHA256.hash(data: payload).hexadecimal
    }

    /// Where the payload of the command `id` is kept.
    public func path(of id: UUIDv7) -> String { "\(directory)/\(Self.name(of: id))" }

    /// The name of its file in the folder.
    public static func name(of id: UUIDv7) -> String { "\(id).json" }
}

public enum PayloadError: Error, Sendable, Equatable, CustomStringConvertible {
    case notWritten(path: String, detail: String)

    public var description: String {
        switch self {
        case .notWritten(let path, let detail): "the payload \(path) cannot be written (\(detail)); is the disk full?"
        }
    }
}
