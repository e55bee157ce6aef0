import Audit
import GRDB
import Identifiers

/// Which sessions the log knows, those of its newest entries too: what the index has not come to yet is looked for in
/// the log itself.
public struct LoggedSessions: Sendable {
    private let log: AuditReader
    private let index: AuditIndex

    public init(log: AuditReader, index: AuditIndex) {
        self.log = log
        self.index = index
    }

    /// Whether there is such a session, or was.
    ///
    /// - Throws: `AuditError` when the log cannot be read.
    public func contains(_ id: UUIDv7) throws -> Bool {
        let indexed = "SELECT count(*) FROM session WHERE id = ? AND started IS NOT NULL"
        let key = SessionIndex.key(of: id)
        // Then there is no need to look through anything.
        let known = try? index.read { try Int.fetchOne($0, sql: indexed, arguments: [key]) }
        if known ?? 0 > 0 { return true }
        return try count(indexed, [key]) { entry in entry.session?.isExactly(id.description) ?? false } > 0
    }

    /// How many sessions a person has had, the open ones among them.
    ///
    /// - Throws: `AuditError` when the log cannot be read.
    public func count(issuer: String, subject: String) throws -> Int {
        let indexed = """
            SELECT count(*) FROM session JOIN caller ON caller.id = session.caller
            WHERE issuer = ? AND subject = ? AND started IS NOT NULL
            """
        var scanner = FacetScanner()
        return try count(indexed, [issuer, subject]) { entry in
            scanner.scan(entry.bytes)
            guard let caller = scanner.facets.caller else { return false }
            return caller.issuer.text.isExactly(issuer) && caller.subject.text.isExactly(subject)
        }
    }

    /// How many sessions the index counts, and how many besides began in entries that are not in it.
    private func count(
        _ sql: String, _ arguments: StatementArguments, orIn matches: (AuditEntry) -> Bool
    ) throws -> Int {
        // The index first, then the journals, then the tree: what goes on from one to the next meanwhile is seen twice
        // rather than not at all, and told apart.
        let indexed = try? index.read { database in
            (
                count: try Int.fetchOne(database, sql: sql, arguments: arguments) ?? 0,
                next: UInt64(clamping: try Int64.fetchOne(database, sql: "SELECT next FROM position") ?? 0)
            )
        }
        let filter = AuditFilter(kinds: ["session-start"])
        var found: Set<String> = []
        for entry in try log.pendingEntries(matching: filter) where matches(entry) {
            if let session = entry.session { found.insert(session) }
        }
        // An index that cannot be read helps nobody: then all of the log is looked through.
        let (next, size) = (indexed?.next ?? 0, try log.checkpoint().treeSize)
        if next < size {
            var entries = try log.entries(in: next..<size, matching: filter)
            while let entry = try entries.next() {
                if matches(entry), let session = entry.session { found.insert(session) }
            }
        }
        return (indexed?.count ?? 0) + found.count
    }
}
