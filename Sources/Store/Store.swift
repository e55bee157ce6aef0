import Foundation
import GRDB

/// The gateway's embedded database: one SQLite file, mode 0600, for what must outlive a restart and is not evidence.
///
/// A transaction that has returned is on disk (write-ahead log, `synchronous=FULL`): an approval that was used stays
/// used when the power fails. Writers follow one another, readers do not wait for them. Transactions take the write
/// lock when they begin, so what one has read is still true when it writes, also with another process at the file.
public final class Store: Sendable {
    /// The path of the file.
    public let path: String
    private let pool: DatabasePool

    /// Marks the file as ours (`PRAGMA application_id`): the bytes "SPgw".
    static let applicationID: Int32 = 0x5350_6777

    /// Opens the file at `path`, makes it (and its folder, mode 0700) when it is not there, checks its pages and
    /// brings the tables of `schemas` up to date.
    public convenience init(path: String, schemas: [StoreSchema]) throws(StoreError) {
        try self.init(path: path, schemas: schemas, patience: 5)
    }

    /// - Parameter patience: Seconds that a transaction waits for another process's.
    init(path: String, schemas: [StoreSchema], patience: Double) throws(StoreError) {
        self.path = path
        try Self.makeFile(at: path)
        var configuration = Configuration()
        configuration.label = "store"
        configuration.busyMode = .timeout(patience)
        configuration.foreignKeysEnabled = true
        do {
            pool = try DatabasePool(path: path, configuration: configuration)
            try pool.writeWithoutTransaction { database in
                // Write-ahead logging alone survives a crash of the process; FULL also survives one of the machine.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                let damage = try String.fetchOne(database, sql: "PRAGMA quick_check(1)")
                guard damage == "ok" else {
                    throw StoreError.corrupt(path: path, detail: damage ?? "the check gave no answer")
                }
                try database.inTransaction(.immediate) {
                    try Self.claim(database, path: path)
                    try StoreSchema.bring(schemas, in: database, path: path)
                    return .commit
                }
            }
        } catch {
            throw StoreError(error, path: path)
        }
    }

    /// Reads from one consistent state.
    ///
    /// - Throws: `StoreError` when the database fails, else what `body` throws.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        do {
            return try await pool.read(body)
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Runs `body` in one transaction: all of it is on disk when this returns, or none of it happened.
    ///
    /// A caller that goes away does not cut a transaction short: what `body` did outside the database (an audit
    /// entry) would then be without its effect.
    ///
    /// - Throws: `StoreError` when the database fails, else what `body` throws.
    public func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        let pool = pool
        do {
            return try await Task { try await pool.write(body) }.value
        } catch let error as DatabaseError {
            throw StoreError(error, path: path)
        }
    }

    /// Ends the connections; the store must not be used after. A file that is no longer open can be moved or copied.
    public func close() throws(StoreError) {
        do { try pool.close() } catch { throw StoreError(error, path: path) }
    }

    /// SQLite gives its side files the mode of the database, so this one call decides for all three.
    private static func makeFile(at path: String) throws(StoreError) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreachable(path: path, detail: "the folder \(folder) cannot be made")
        }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            let detail = String(cString: strerror(code))
            throw code == EACCES || code == EROFS || code == EPERM
                ? .notWritable(path: path, detail: detail) : .unreachable(path: path, detail: detail)
        }
        defer { _ = Foundation.close(descriptor) }
        // A file from a backup may have come back readable by all.
        guard fchmod(descriptor, 0o600) == 0 else {
            throw .notWritable(path: path, detail: String(cString: strerror(errno)))
        }
    }

    private static func claim(_ database: Database, path: String) throws {
        let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        if found == applicationID { return }
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard found == 0, tables == 0 else { throw StoreError.foreign(path: path) }
        try database.execute(sql: "PRAGMA application_id = \(applicationID)")
    }
}
