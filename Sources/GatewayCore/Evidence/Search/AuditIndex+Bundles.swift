import Foundation
import GRDB
import Identifiers

/// Which bundles of the log to look into.
extension AuditIndex {
    struct Candidates: Sendable, Equatable {
        /// The highest first.
        var bundles: [Int64] = []
        /// Where to go on: all that are left lie below; `nil` when there are none.
        var rest: Int64?
    }

    /// The bundles below `end` in which entries that match stand, as far as the index knows: `count` or some more, or all
    /// that there are. By its text no entry is known.
    func bundles(matching query: EntryQuery, below end: Int64, atLeast count: Int) throws(IndexError) -> Candidates {
        try read { database in
            if let session = query.session {
                return try Self.bundles(of: session, query, below: end, atMost: count, in: database)
            }
            let profiles = query.asksForFacets ? try Profiles(matching: query, in: database) : nil
            var found = Candidates()
            var chunk = (end - 1) / Int64(BundleSet.size)
            while end > 0, chunk >= 0 {
                let base = chunk * Int64(BundleSet.size)
                if var set = try Self.inTime(query, chunk, database) {
                    if let profiles { set.formIntersection(try profiles.bundles(in: chunk, database)) }
                    found.bundles += set.descending.lazy.map { base + Int64($0) }.filter { $0 < end }
                }
                if found.bundles.count >= count, chunk > 0 {
                    found.rest = base
                    break
                }
                chunk -= 1
            }
            return found
        }
    }

    private static func bundles(
        of session: UUIDv7, _ query: EntryQuery, below end: Int64, atMost count: Int, in database: Database
    ) throws -> Candidates {
        let bundles = try Int64.fetchAll(
            database,
            sql: """
                SELECT bundle FROM session_bundle WHERE session = (SELECT number FROM session WHERE id = ?)
                AND bundle < ? ORDER BY bundle DESC LIMIT ?
                """, arguments: [SessionIndex.key(of: session), end, count])
        return Candidates(bundles: bundles, rest: bundles.count == count ? bundles.last : nil)
    }

    /// The bundles of the chunk with entries of the time that is asked for; `nil` for none.
    private static func inTime(_ query: EntryQuery, _ chunk: Int64, _ database: Database) throws -> BundleSet? {
        let base = chunk * Int64(BundleSet.size)
        let statement = try database.cachedStatement(
            sql: "SELECT number FROM bundle WHERE number >= ? AND number < ? AND latest >= ? AND earliest < ?")
        let from = query.from.map { Int64(clamping: $0.milliseconds) } ?? 0
        let to = query.to.map { Int64(clamping: $0.milliseconds) } ?? .max
        // Without a time, entries count that have none.
        if query.from == nil, query.to == nil { return .all }
        var set = BundleSet()
        let numbers = try Int64.fetchCursor(
            statement, arguments: [base, base + Int64(BundleSet.size), from, to])
        while let number = try numbers.next() { set.insert(Int(number - base)) }
        return set.isEmpty ? nil : set
    }

    /// All bundles with entries of a session, the lowest first.
    func bundles(of session: UUIDv7) throws(IndexError) -> [Int64] {
        try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT bundle FROM session_bundle WHERE session = (SELECT number FROM session WHERE id = ?)
                    ORDER BY bundle
                    """, arguments: [SessionIndex.key(of: session)])
        }
    }

    /// Who the caller of a session is.
    func caller(of session: UUIDv7) throws(IndexError) -> EntryFacets.Party? {
        try read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT issuer, subject, label FROM session JOIN caller ON caller.id = session.caller
                    WHERE session.id = ?
                    """, arguments: [SessionIndex.key(of: session)])
            return row.map { row in
                let label: String = row["label"]
                return EntryFacets.Party(
                    issuer: ExactText(row["issuer"]), subject: ExactText(row["subject"]),
                    label: label.isEmpty ? nil : ExactText(label))
            }
        }
    }
}

/// The profiles that a query asks for.
private struct Profiles {
    private let found: [(id: Int64, chunks: ClosedRange<Int64>)]
    /// Whether they are so many of all that a chunk is read faster from end to end.
    private let areMany: Bool

    init(matching query: EntryQuery, in database: Database) throws {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        func one(_ column: String, _ text: String?) {
            guard let text else { return }
            conditions.append("\(column) = (SELECT id FROM word WHERE text = ?)")
            arguments += [text]
        }
        // As `ExactText.lists` has it.
        func among(_ column: String, _ text: String?, orBelow: Bool = false) {
            guard let text else { return }
            let ends = orBelow ? [", ", "."] : [", "]
            let found = ends.map { "instr(', ' || text || ', ', ', ' || ? || '\($0)') > 0" }
            conditions.append("\(column) IN (SELECT id FROM word WHERE \(found.joined(separator: " OR ")))")
            arguments += StatementArguments(ends.map { _ in text })
        }
        if let caller = query.caller {
            let people = "(SELECT id FROM caller WHERE subject = ? OR label = ?)"
            conditions.append("(caller IN \(people) OR requester IN \(people))")
            arguments += [caller, caller, caller, caller]
        }
        one("target", query.target)
        among("actions", query.action, orBelow: true)
        among("rule", query.rule)
        one("decision", query.decision)
        if !query.kinds.isEmpty {
            let marks = query.kinds.map { _ in "?" }.joined(separator: ", ")
            conditions.append("kind IN (SELECT id FROM word WHERE text IN (\(marks)))")
            arguments += StatementArguments(query.kinds)
        }
        let size = Int64(BundleSet.size)
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, first_bundle, last_bundle FROM profile WHERE \(conditions.joined(separator: " AND "))
                """, arguments: arguments)
        var found: [(Int64, ClosedRange<Int64>)] = []
        while let row = try rows.next() {
            let (first, last): (Int64, Int64) = (row[1], row[2])
            found.append((row[0], first / size...max(first, last) / size))
        }
        self.found = found
        let all = try Int64.fetchOne(database, sql: "SELECT max(id) FROM profile") ?? 0
        areMany = Int64(found.count) > all / 8
    }

    /// The bundles of the chunk with entries of theirs.
    func bundles(in chunk: Int64, _ database: Database) throws -> BundleSet {
        var set = BundleSet()
        let alive = found.filter { $0.chunks.contains(chunk) }
        if alive.isEmpty { return set }
        var isWhole = true
        if areMany {
            let ids = Set(alive.map(\.id))
            let statement = try database.cachedStatement(
                sql: "SELECT profile, bundles FROM posting WHERE chunk = ?")
            let rows = try Row.fetchCursor(statement, arguments: [chunk])
            while let row = try rows.next() {
                if ids.contains(row[0]) { isWhole = set.insert(row[1] as Data) && isWhole }
            }
        } else {
            let statement = try database.cachedStatement(
                sql: "SELECT bundles FROM posting WHERE chunk = ? AND profile = ?")
            for profile in alive {
                guard let stored = try Data.fetchOne(statement, arguments: [chunk, profile.id]) else { continue }
                isWhole = set.insert(stored) && isWhole
            }
        }
        guard isWhole else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a posting is no set of bundles")
        }
        return set
    }
}
