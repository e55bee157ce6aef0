import Identifiers

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What went wrong with evidence at rest.
public enum VaultError: Error, Equatable, Sendable {
    /// An operation that the system refused, with its error number.
    case failed(operation: String, path: String, code: Int32)
    /// The file is not what was written.
    case damaged(path: String, reason: String)
    /// What was sealed cannot be opened any more.
    case keyMissing(path: String, key: String)
    /// The file is sealed, and whoever reads it has no keys.
    case sealed(path: String)

    /// Whether there is no such file.
    public var isNotFound: Bool {
        if case .failed(_, _, let code) = self { code == ENOENT || code == ENOTDIR } else { false }
    }
}

extension VaultError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .failed(let operation, let path, let code):
            "\(operation) failed for \(path): \(String(cString: strerror(code)))"
        case .damaged(let path, let reason): "\(path) is damaged: \(reason)"
        case .keyMissing(let path, let key):
            "\(path) is sealed under the key \(key), which is not there; `sallyport audit verify --evidence` says whether it was destroyed when due"
        case .sealed(let path): "\(path) is sealed; read it through the gateway, or beside its state folder"
        }
    }
}
