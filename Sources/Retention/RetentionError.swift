import Identifiers

/// Why retention cannot do what it was asked.
public enum RetentionError: Error, Sendable, Equatable, CustomStringConvertible {
    case noSuchHold(UUIDv7)
    /// A file of holds or deletions that cannot be read.
    case damaged(path: String)

    public var description: String {
        switch self {
        case .noSuchHold(let id): "there is no hold \(id); `sallyport retention hold list` lists those in force"
        case .damaged(let path):
            "\(path) cannot be read, and nothing is deleted meanwhile; restore it, or remove it when its entry in the log says that it may go"
        }
    }
}
