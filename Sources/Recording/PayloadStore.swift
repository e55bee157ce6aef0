import Crypto
import Identifiers
import Vault

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Keeps what is too large for an entry of the audit log: one file for each command, named by its id, whose SHA-256
/// stands in the entry.
public struct PayloadStore: Sendable {
    public let directory: String
    /// Whether each payload is on the disk before the log names it.
    private let synchronizes: Bool
    private let file: GrowingFile

    /// - Parameters:
    ///   - directory: Made on first use, mode 0700; the folder that it is in is there.
    ///   - synchronizes: Whether each payload is on the disk before the log names it, as at the log's durability `disk`.
    public init(directory: String, synchronizes: Bool = false) {
        self.init(directory: directory, synchronizes: synchronizes, file: .system)
    }

    init(directory: String, synchronizes: Bool, file: GrowingFile) {
        self.directory = directory
        self.synchronizes = synchronizes
        self.file = file
    }

    /// Writes `payload` (mode 0600) and returns its SHA-256 as 64 hexadecimal digits.
    ///
    /// - Throws: `PayloadError` when the disk refuses; nothing of it is left then.
    public func store(_ payload: [UInt8], under id: UUIDv7) throws(PayloadError) -> String {
        let path = path(of: id)
        // Under its name it is whole, whenever the process ends.
        let temporary = "\(path).part"
        try check(file.makeDirectory(directory), "mkdir", path)
        do throws(PayloadError) {
            try write(payload, to: temporary, for: path)
            try check(file.rename(temporary, path), "rename", path)
        } catch {
            _ = file.remove(temporary)
            throw error
        }
        do throws(PayloadError) {
            if synchronizes { try synchronizeFolders(for: path) }
        } catch {
            _ = file.remove(path)
            throw error
        }
        return SHA256.hash(data: payload).hexadecimal
    }

    private func write(_ payload: [UInt8], to temporary: String, for path: String) throws(PayloadError) {
        let descriptor = file.create(temporary)
        guard descriptor >= 0 else { throw PayloadError("open", path, -descriptor) }
        defer { file.close(descriptor) }
        var written = 0
        while written < payload.count {
            let taken = payload.withUnsafeBytes {
                file.write(descriptor, UnsafeRawBufferPointer(rebasing: $0[written...]))
            }
            // A call that takes nothing counts as a full disk.
            guard taken > 0 else { throw PayloadError("write", path, taken == 0 ? ENOSPC : Int32(-taken)) }
            written += taken
        }
        if synchronizes { try check(file.synchronize(descriptor), "fsync", path) }
    }

    /// The file's name, and that of its folder, which may be new.
    private func synchronizeFolders(for path: String) throws(PayloadError) {
        try check(file.synchronizeDirectory(directory), "fsync", path)
        guard let slash = directory.lastIndex(of: "/"), slash > directory.startIndex else { return }
        try check(file.synchronizeDirectory(String(directory[..<slash])), "fsync", path)
    }

    private func check(_ code: Int32, _ operation: String, _ path: String) throws(PayloadError) {
        guard code == 0 else { throw PayloadError(operation, path, code) }
    }

    /// Where the payload of the command `id` is kept.
    public func path(of id: UUIDv7) -> String { "\(directory)/\(Self.name(of: id))" }

    /// The name of its file in the folder.
    public static func name(of id: UUIDv7) -> String { "\(id).json" }
}

public enum PayloadError: Error, Sendable, Equatable, CustomStringConvertible {
    case notWritten(path: String, detail: String)

    init(_ operation: String, _ path: String, _ code: Int32) {
        self = .notWritten(path: path, detail: "\(operation): \(String(cString: strerror(code)))")
    }

    public var description: String {
        switch self {
        case .notWritten(let path, let detail): "the payload \(path) cannot be written (\(detail)); is the disk full?"
        }
    }
}
