import GRDB

/// Why the index of the audit log cannot be used. It is never the truth: what it held is made again from the log.
public enum IndexError: Error, Sendable, Equatable {
    case missing(path: String)
    /// Of another version of this program, or no index at all.
    case otherSchema(path: String)
    case damaged(path: String, detail: String)
    /// It tells of another log than the one that stands beside it.
    case disagrees(path: String, detail: String)
    /// Too much of the log is not in it yet.
    case behind(indexed: UInt64, treeSize: UInt64)
    /// A gateway, or somebody who makes the index anew, has it.
    case inUse(path: String, holder: String)
    case notWritable(path: String, detail: String)

    init(_ error: DatabaseError, path: String) {
        let detail = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY,
            .SQLITE_LOCKED:
            self = .notWritable(path: path, detail: detail)
        default: self = .damaged(path: path, detail: detail)
        }
    }
}

extension IndexError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missing(let path): "there is no index \(path); `sallyport audit reindex` makes it from the log"
        case .otherSchema(let path):
            "the index \(path) is of another version; `sallyport audit reindex` makes it anew"
        case .damaged(let path, let detail):
            "the index \(path) is damaged (\(detail)); `sallyport audit reindex` makes it anew"
        case .disagrees(let path, let detail):
            "the index \(path) is not of this log (\(detail)); `sallyport audit reindex` makes it anew"
        case .behind(let indexed, let treeSize):
            "the index holds \(indexed) of the log's \(treeSize) entries and is being made; try again in a moment"
        case .inUse(let path, let holder):
            "the index \(path) is in use by \(holder): a gateway that runs keeps its index itself, and makes it anew "
                + "when it is missing or wrong; stop the gateway first"
        case .notWritable(let path, let detail):
            "the index \(path) cannot be used (\(detail)); check the disk and the access to its folder"
        }
    }
}
