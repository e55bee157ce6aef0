import GRDB

/// Why the store could not be opened, read or written. Each reads as a sentence that says what to do.
public enum StoreError: Error, Sendable, Equatable {
    /// The file is not an SQLite database, or pages of it are damaged.
    case corrupt(path: String, detail: String)
    /// The file is an SQLite database of another program.
    case foreign(path: String)
    /// A newer version of this program has changed the tables of `module`.
    case newerSchema(path: String, module: String, found: Int, known: Int)
    /// The file or its folder cannot be written.
    case notWritable(path: String, detail: String)
    /// The file or its folder cannot be opened or made.
    case unreachable(path: String, detail: String)
    /// Another process held the write lock for longer than the store waits.
    case locked(path: String)
    /// The disk is full.
    case full(path: String)
    /// The disk failed.
    case inputOutput(path: String, detail: String)
    /// A statement was refused: a fault of this program, not of the file.
    case statement(path: String, detail: String)
}

extension StoreError {
    /// What an SQLite result means to whoever runs the gateway.
    init(_ error: any Error, path: String) {
        guard let error = error as? DatabaseError else {
            self = (error as? StoreError) ?? .statement(path: path, detail: String(describing: error))
            return
        }
        let detail = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, detail: detail)
        case .SQLITE_READONLY, .SQLITE_PERM: self = .notWritable(path: path, detail: detail)
        case .SQLITE_CANTOPEN: self = .unreachable(path: path, detail: detail)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(path: path)
        case .SQLITE_FULL: self = .full(path: path)
        case .SQLITE_IOERR: self = .inputOutput(path: path, detail: detail)
        default: self = .statement(path: path, detail: detail)
        }
    }
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .corrupt(let path, let detail):
            "the store \(path) is damaged (\(detail)); move it aside and restore a copy, or start with a new one: "
                + "open approvals are then asked for again"
        case .foreign(let path):
            "\(path) is a database of another program; give the store a path of its own"
        case .newerSchema(let path, let module, let found, let known):
            "the store \(path) was written by a newer version (\(module) is at \(found), this version knows \(known)); "
                + "run that version, or restore the copy made before the upgrade"
        case .notWritable(let path, let detail):
            "the store \(path) cannot be written (\(detail)); give this user write access to the file and its folder"
        case .unreachable(let path, let detail):
            "the store \(path) cannot be opened (\(detail)); check the path and the access to its folder"
        case .locked(let path):
            "the store \(path) is locked by another process; end that process, or give this gateway its own store"
        case .full(let path):
            "the disk that holds the store \(path) is full; make space, nothing was changed"
        case .inputOutput(let path, let detail):
            "the disk that holds the store \(path) failed (\(detail)); check the disk and the system log"
        case .statement(let path, let detail):
            "the store \(path) refused a statement (\(detail)); please report this"
        }
    }
}
