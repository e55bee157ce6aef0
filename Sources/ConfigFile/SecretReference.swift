import Foundation

/// Where a secret, or a certificate, is to be found; the configuration holds no secret itself.
public enum SecretReference: Sendable, Hashable {
    case environment(String)
    case file(String)

    /// Reads `env:NAME` or `file:PATH`.
    init?(_ text: String) {
        if text.hasPrefix("env:"), text.utf8.count > 4 {
            self = .environment(String(text.dropFirst(4)))
        } else if text.hasPrefix("file:"), text.utf8.count > 5 {
            self = .file(String(text.dropFirst(5)))
        } else {
            return nil
        }
    }

    /// Fetches the secret as it is now; a file's last line break does not belong to it.
    ///
    /// - Parameter folder: The folder that relative paths start from.
    public func resolve(relativeTo folder: String) throws(SecretError) -> Secret {
        switch self {
        case .environment(let name):
            guard let value = ProcessInfo.processInfo.environment[name] else { throw .variableMissing(name) }
            guard !value.isEmpty else { throw .empty("the environment variable \(name)") }
            return Secret(value)
        case .file(let path):
            let full = Self.full(path, relativeTo: folder)
            guard let data = FileManager.default.contents(atPath: full) else { throw .fileUnreadable(full) }
            guard data.count <= 1 << 20, var text = String(validating: Array(data), as: UTF8.self) else {
                throw .notText(full)
            }
            while let last = text.unicodeScalars.last, last == "\n" || last == "\r" { text.unicodeScalars.removeLast() }
            guard !text.isEmpty else { throw .empty("the file \(full)") }
            return Secret(text)
        }
    }

    /// What lies there now, byte by byte, to be compared; `nil` where nothing does.
    ///
    /// - Parameter folder: The folder that relative paths start from.
    /// - Returns: `nil` also for what is no regular file, which may be readable only once, and for more than 16 MiB.
    public func contents(relativeTo folder: String) -> [UInt8]? {
        switch self {
        case .environment(let name): return ProcessInfo.processInfo.environment[name].map { Array($0.utf8) }
        case .file(let path):
            let full = URL(fileURLWithPath: Self.full(path, relativeTo: folder)).resolvingSymlinksInPath().path
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: full),
                attributes[.type] as? FileAttributeType == .typeRegular,
                (attributes[.size] as? UInt64).map({ $0 <= 16 << 20 }) == true
            else { return nil }
            return FileManager.default.contents(atPath: full).map(Array.init)
        }
    }

    private static func full(_ path: String, relativeTo folder: String) -> String {
        URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true)).path
    }
}

extension SecretReference: CustomStringConvertible {
    /// As the configuration writes it.
    public var description: String {
        switch self {
        case .environment(let name): "env:\(name)"
        case .file(let path): "file:\(path)"
        }
    }
}

/// A secret that does not print: interpolating, logging or dumping it shows nothing of it.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let value: String

    public init(_ value: String) { self.value = value }

    /// The secret itself, for the place that must send it.
    public func reveal() -> String { value }

    public var description: String { "«secret»" }
    public var debugDescription: String { "«secret»" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a secret could not be fetched.
public enum SecretError: Error, Sendable, Hashable, CustomStringConvertible {
    case variableMissing(String)
    case fileUnreadable(String)
    case notText(String)
    case empty(String)

    public var description: String {
        switch self {
        case .variableMissing(let name): "the environment variable \(name) is not set"
        case .fileUnreadable(let path): "the file \(path) cannot be read; does it exist, and may this user read it?"
        case .notText(let path): "the file \(path) is not a text of at most 1 MiB"
        case .empty(let what): "\(what) is empty"
        }
    }
}
