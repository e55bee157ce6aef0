import Audit
import Foundation
import GRDB
import Identifiers
import Synchronization

/// An index over the audit log, one SQLite file: what makes sessions and entries fast to find. Never the truth: whoever
/// searches reads the log itself, and an index that is missing, of another version or of another log is made anew from it.
///
/// The entries of the log are added in their order, whole batches at a time (`add`), by one process: the gateway while it
/// runs, or `audit reindex` while it does not.
public final class AuditIndex: Sendable {
    public let path: String
    private let database: Mutex<any DatabaseWriter>
    private let writer = Mutex(IndexWriter())
    /// Held by who writes it.
    private let lock: IndexLock?

    private init(path: String, database: any DatabaseWriter, lock: IndexLock?) {
        self.path = path
        self.database = Mutex(database)
        self.lock = lock
    }

    // MARK: Opening

    /// Opens the index that a gateway keeps, and begins a new one where there is none that can be used.
    ///
    /// - Parameter discarded: Is told why what was there is not used.
    public static func kept(at path: String, discarded: (IndexError) -> Void = { _ in }) throws(IndexError)
        -> AuditIndex
    {
        let lock = try IndexLock(index: path)
        do throws(IndexError) {
            return AuditIndex(path: path, database: try openKept(path, isNew: false), lock: lock)
        } catch .missing {
        } catch .otherSchema {
            discarded(.otherSchema(path: path))
        } catch .damaged(_, let detail) {
            discarded(.damaged(path: path, detail: detail))
        }
        remove(path)
        return AuditIndex(path: path, database: try openKept(path, isNew: true), lock: lock)
    }

    /// Opens an index to search in, and changes nothing.
    public static func reading(_ path: String) throws(IndexError) -> AuditIndex {
        guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        let database = try trying(path) { () throws in
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            guard try queue.read(IndexSchema.isIn) else { throw IndexError.otherSchema(path: path) }
            return queue
        }
        return AuditIndex(path: path, database: database, lock: nil)
    }

    /// Makes an index at `path` with `fill`, and puts it in the place of what was there only when it is whole.
    ///
    /// - Throws: `IndexError.inUse` while a gateway runs, before or after; what was there stays then.
    @discardableResult
    public static func rebuild<Result>(at path: String, _ fill: (AuditIndex) throws -> Result) throws -> Result {
        // Asked at once, so that nobody waits in vain; and not held while the index is made, so that a gateway can start.
        _ = try IndexLock(index: path)
        let temporary = "\(path).new-\(getpid())"
        remove(temporary)
        defer { remove(temporary) }
        let result: Result
        do {
            try makeFile(temporary)
            var configuration = Configuration()
            configuration.prepareDatabase { database in
                // A file that is not whole is thrown away, so nothing has to be undone in it.
                try database.execute(
                    sql: "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
            }
            let queue = try trying(temporary) { () throws in
                let queue = try DatabaseQueue(path: temporary, configuration: configuration)
                try queue.writeWithoutTransaction { try IndexSchema.make(in: $0) }
                return queue
            }
            result = try fill(AuditIndex(path: temporary, database: queue, lock: nil))
            try trying(temporary) { () throws in
                try queue.writeWithoutTransaction { try $0.execute(sql: "ANALYZE") }
                try queue.close()
            }
            guard let file = FileHandle(forUpdatingAtPath: temporary) else {
                throw IndexError.notWritable(path: temporary, detail: "it has gone")
            }
            try file.synchronize()
            try file.close()
        }
        let lock = try IndexLock(index: path)
        defer { withExtendedLifetime(lock) {} }
        // The old one's write-ahead log would be taken for the new one's. Between these steps there is no index, never
        // half of one: whoever opens it then makes it anew.
        remove(path)
        guard rename(temporary, path) == 0 else {
            throw IndexError.notWritable(path: path, detail: String(cString: strerror(errno)))
        }
        return result
    }

    /// Begins anew with no entries: what was there is of another log, or damaged.
    public func renew() throws(IndexError) {
        let path = path
        let result = database.withLock { database -> Result<Void, IndexError> in
            do throws(IndexError) {
                // Who reads the old file still does so, of what has no name any more.
                try? database.close()
                Self.remove(path)
                database = try Self.openKept(path, isNew: true)
                writer.withLock { $0 = IndexWriter() }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    private static func openKept(_ path: String, isNew: Bool) throws(IndexError) -> any DatabaseWriter {
        if isNew {
            try makeFile(path)
        } else if !FileManager.default.fileExists(atPath: path) {
            throw .missing(path: path)
        }
        var configuration = Configuration()
        configuration.label = "index"
        configuration.busyMode = .timeout(5)
        return try trying(path) { () throws in
            let pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // With write-ahead logging NORMAL loses the last transactions with the power at most, which are made again.
                try database.execute(sql: "PRAGMA synchronous = NORMAL")
                if isNew {
                    try database.inTransaction(.immediate) {
                        try IndexSchema.make(in: database)
                        return .commit
                    }
                } else if try !IndexSchema.isIn(database) {
                    throw IndexError.otherSchema(path: path)
                }
            }
            return pool
        }
    }

    /// Mode 0600, which SQLite then gives its side files too.
    private static func makeFile(_ path: String) throws(IndexError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .notWritable(path: path, detail: String(cString: strerror(errno))) }
        close(descriptor)
    }

    private static func remove(_ path: String) {
        for name in ["", "-wal", "-shm", "-journal"] { unlink(path + name) }
    }

    private static func trying<Result>(_ path: String, _ body: () throws -> Result) throws(IndexError) -> Result {
        do {
            return try body()
        } catch let error as IndexError {
            throw error
        } catch let error as DatabaseError {
            throw IndexError(error, path: path)
        } catch {
            throw .damaged(path: path, detail: "\(error)")
        }
    }

    // MARK: Reading and writing

    /// How far it has come.
    public struct Position: Sendable, Equatable {
        /// The log index of the first entry that is not in it yet.
        public let next: UInt64
        /// The leaf hash of the entry before that one.
        public let lastHash: [UInt8]?
    }

    public func position() throws(IndexError) -> Position {
        try read { database in
            let row = try Row.fetchOne(database, sql: "SELECT next, last_hash FROM position")
            return Position(
                next: UInt64(clamping: (row?["next"] as Int64?) ?? 0),
                lastHash: (row?["last_hash"] as Data?).map(Array.init))
        }
    }

    /// Adds the entries that follow, in the order of the log; all of them or, when this throws, none.
    ///
    /// Entries that do not follow what is in it are passed over.
    public func add(_ entries: [AuditEntry], from first: UInt64) throws(IndexError) {
        let current = database.withLock { $0 }
        try Self.trying(path) {
            try writer.withLock { writer in
                do {
                    try current.write { try writer.add(entries, from: first, to: $0) }
                } catch {
                    // What the writer remembers may not be in the database.
                    writer = IndexWriter()
                    throw error
                }
            }
        }
    }

    /// Holds the index against the log that it should be of, by its last entry.
    ///
    /// - Throws: `IndexError.disagrees` when it is of another; `AuditError` when the log cannot be read.
    public func check(against log: AuditReader) throws {
        let position = try position()
        guard position.next > 0 else { return }
        let size = try log.checkpoint().treeSize
        guard position.next <= size else {
            throw IndexError.disagrees(
                path: path, detail: "it knows \(position.next) entries, and the log has \(size)")
        }
        let last = try log.entry(at: position.next - 1)
        guard TreeHash.leaf(last.bytes).bytes == position.lastHash else {
            throw IndexError.disagrees(path: path, detail: "entry \(position.next - 1) is another")
        }
    }

    func read<Result>(_ body: (Database) throws -> Result) throws(IndexError) -> Result {
        let current = database.withLock { $0 }
        return try Self.trying(path) { try current.read(body) }
    }

    func write(_ body: (Database) throws -> Void) throws(IndexError) {
        let current = database.withLock { $0 }
        try Self.trying(path) { try current.write(body) }
    }

    /// `read` without waiting on the caller's thread.
    func readAside<Result: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws(IndexError) -> Result {
        let current = database.withLock { $0 }
        do {
            return try await current.read(body)
        } catch let error as DatabaseError {
            throw IndexError(error, path: path)
        } catch let error as IndexError {
            throw error
        } catch {
            throw .damaged(path: path, detail: "\(error)")
        }
    }
}

extension AuditIndex {
    /// Adds what the log has beyond the index.
    ///
    /// - Parameters:
    ///   - limit: At most so many entries.
    ///   - progress: Is told how many of the log's entries are in the index.
    /// - Returns: False when there was nothing to add.
    @discardableResult
    public func follow(
        _ log: AuditReader, atMost limit: UInt64 = .max,
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws -> Bool {
        let size = try log.checkpoint().treeSize
        var next = try position().next
        guard next < size else { return false }
        let end = size - next > limit ? next + limit : size
        var cursor = try log.entries(in: next..<end)
        while next < end {
            var batch: [AuditEntry] = []
            batch.reserveCapacity(Self.batch)
            while batch.count < Self.batch, let entry = try cursor.next() { batch.append(entry) }
            guard !batch.isEmpty else { break }
            try add(batch, from: next)
            next += UInt64(batch.count)
            progress(next, size)
        }
        return true
    }

    /// Entries of one transaction.
    private static let batch = 8192
}
