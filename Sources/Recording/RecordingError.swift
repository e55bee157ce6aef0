import Vault

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// What went wrong with a session's recording.
public enum RecordingError: Error, Equatable, Sendable {
    /// The disk or the quota is full.
    case storeFull(path: String)
    /// The disk took only a part of an event; that part was removed again where possible.
    case shortWrite(path: String)
    /// Any other operation that the system refused, with its error number.
    case storeFailed(operation: String, path: String, code: Int32)
    /// A recording of this session is there already.
    case exists(path: String)
    case notFound(path: String)
    case closed(path: String)
    /// The file is not a recording: its first line is not a header.
    case notARecording(path: String, reason: String)
    /// It is sealed, and what was sealed cannot be opened.
    case unreadable(reason: String)
    /// A line before the last cannot be read.
    case damaged(path: String, line: Int, reason: String)

    init(operation: String, path: String, code: Int32) {
        self =
            switch code {
            case ENOSPC, EDQUOT: .storeFull(path: path)
            default: .storeFailed(operation: operation, path: path, code: code)
            }
    }

    /// What `body` gives, with its errors in the words of this module.
    static func wrap<Value>(
        _ path: String, _ body: () throws(VaultError) -> Value
    ) throws(RecordingError) -> Value {
        do {
            return try body()
        } catch {
            if error.isNotFound { throw .notFound(path: path) }
            guard case .failed(let operation, _, let code) = error else { throw .unreadable(reason: "\(error)") }
            throw RecordingError(operation: operation, path: path, code: code)
        }
    }
}

extension RecordingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .storeFull(let path): "no space left for the recording \(path)"
        case .shortWrite(let path): "the disk took only a part of an event of the recording \(path)"
        case .storeFailed(let operation, let path, let code):
            "\(operation) failed for the recording \(path): \(String(cString: strerror(code)))"
        case .exists(let path): "the recording \(path) exists already"
        case .notFound(let path): "there is no recording \(path)"
        case .closed(let path): "the recording \(path) is closed"
        case .notARecording(let path, let reason): "\(path) is not a recording: \(reason)"
        case .unreadable(let reason): reason
        case .damaged(let path, let line, let reason): "line \(line) of the recording \(path) is damaged: \(reason)"
        }
    }
}
