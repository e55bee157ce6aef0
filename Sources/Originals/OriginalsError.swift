#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What went wrong with sealed originals.
public enum OriginalsError: Error, Sendable, Equatable {
    /// The disk or the quota is full.
    case storeFull(path: String)
    /// The disk took only a part of a chunk; that part was removed again where possible.
    case shortWrite(path: String)
    /// Any other operation that the system refused, with its error number.
    case storeFailed(operation: String, path: String, code: Int32)
    /// Sealing itself failed.
    case notSealed(path: String)
    /// An earlier chunk could not be written, so that no other may follow in this file.
    case broken(path: String)
    case notFound(path: String)
    /// It is there and does not open, e.g. as its key at rest is gone.
    case unreadable(path: String, reason: String)
    /// The file is not one of sealed originals.
    case notSealedOriginals(path: String, reason: String)
    /// The key is not the one that the file is sealed to.
    case otherKey(path: String, sealedTo: String)
    /// A chunk cannot be opened: it, its header or its place was changed.
    case notOpened(path: String, sequence: UInt64)

    init(operation: String, path: String, code: Int32) {
        self =
            switch code {
            case ENOSPC, EDQUOT: .storeFull(path: path)
            default: .storeFailed(operation: operation, path: path, code: code)
            }
    }
}

extension OriginalsError {
    /// The same of a file that is read, under a name that says more to people than where a copy of it lies.
    public func naming(_ name: String) -> OriginalsError {
        switch self {
        case .notFound: .notFound(path: name)
        case .unreadable(_, let reason): .unreadable(path: name, reason: reason)
        case .notSealedOriginals(_, let reason): .notSealedOriginals(path: name, reason: reason)
        case .otherKey(_, let key): .otherKey(path: name, sealedTo: key)
        case .notOpened(_, let sequence): .notOpened(path: name, sequence: sequence)
        case .storeFull, .shortWrite, .storeFailed, .notSealed, .broken: self
        }
    }
}

extension OriginalsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .storeFull(let path): "no space left for the sealed originals \(path)"
        case .shortWrite(let path): "the disk took only a part of a chunk of the sealed originals \(path)"
        case .storeFailed(let operation, let path, let code):
            "\(operation) failed for the sealed originals \(path): \(String(cString: strerror(code)))"
        case .notSealed(let path): "a chunk of \(path) could not be sealed"
        case .broken(let path): "an earlier chunk of the sealed originals \(path) could not be written"
        case .notFound(let path): "there are no sealed originals \(path)"
        case .unreadable(let path, let reason): "the sealed originals \(path) cannot be read: \(reason)"
        case .notSealedOriginals(let path, let reason): "\(path) does not hold sealed originals: \(reason)"
        case .otherKey(let path, let id): "\(path) is sealed to the key \(id), and this is another"
        case .notOpened(let path, let sequence):
            "chunk \(sequence) of \(path) cannot be opened: it or its header was changed, or stood elsewhere; "
                + "`sallyport audit check-masking` says which"
        }
    }
}
