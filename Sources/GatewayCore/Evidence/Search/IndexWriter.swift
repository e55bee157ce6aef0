import Audit
import Foundation
import GRDB
import Identifiers

/// Adds entries to the index, and remembers what it has looked up there.
struct IndexWriter {
    private var scanner = FacetScanner()
    private var profiles: [[UInt8]: Int64] = [:]
    private var words: [ExactText: Int64] = [:]
    private var callers: [EntryFacets.Party: Int64] = [:]
    private var sessions: [UUIDv7: KnownSession] = [:]

    private struct KnownSession {
        let number: Int64
        let caller: Int64
        /// The last bundle of which it is known that the session has entries in it.
        var bundle: Int64 = -1
    }

    /// How much of each is remembered: a log has few profiles and many sessions.
    private static let limit = 100_000

    /// What a batch adds, so that each row is written once.
    private struct Batch {
        var profiles: [Int64: Occurrences] = [:]
        var times: [Int64: ClosedRange<Int64>] = [:]
        var tallies: [Int64: SessionTally] = [:]
    }

    private struct Occurrences {
        var entries = 0
        /// Ascending.
        var bundles: [Int64] = []

        mutating func note(_ bundle: Int64) {
            entries += 1
            if bundles.last != bundle { bundles.append(bundle) }
        }
    }

    mutating func add(_ entries: [AuditEntry], from first: UInt64, to database: Database) throws {
        let next = try Int64.fetchOne(database, sql: "SELECT next FROM position") ?? 0
        guard next == Int64(first), let last = entries.last else { return }
        forgetWhatIsTooMuch()
        var batch = Batch()
        for (offset, entry) in entries.enumerated() { try add(entry, at: next + Int64(offset), &batch, database) }
        try write(batch, to: database)
        try database.execute(
            sql: "UPDATE position SET next = ?, last_hash = ?",
            arguments: [next + Int64(entries.count), Data(TreeHash.leaf(last.bytes).bytes)])
    }

    private mutating func forgetWhatIsTooMuch() {
        if profiles.count > Self.limit { profiles.removeAll(keepingCapacity: true) }
        if words.count > Self.limit { words.removeAll(keepingCapacity: true) }
        if callers.count > Self.limit { callers.removeAll(keepingCapacity: true) }
        if sessions.count > Self.limit { sessions.removeAll(keepingCapacity: true) }
    }

    private mutating func add(
        _ entry: AuditEntry, at position: Int64, _ batch: inout Batch, _ database: Database
    ) throws {
        let bundle = position >> 8
        scanner.scan(entry.bytes)
        var caller: Int64 = 0
        if let text = entry.session, let id = UUIDv7(text) {
            var session = try session(id, database)
            caller = session.caller
            if session.bundle != bundle {
                session.bundle = bundle
                sessions[id] = session
                try database.cachedStatement(
                    sql: "INSERT INTO session_bundle (session, bundle) VALUES (?, ?) ON CONFLICT DO NOTHING"
                ).execute(arguments: [session.number, bundle])
            }
            switch entry.kind {
            case "session-start": try SessionIndex.addStart(entry, of: session.number, to: database)
            case "session-end": try SessionIndex.addEnd(entry, of: session.number, to: database)
            default: batch.tallies[session.number, default: SessionTally()].count(entry)
            }
        }
        let profile = try profile(inheriting: caller, bundle, database)
        batch.profiles[profile, default: Occurrences()].note(bundle)
        if let time = entry.time.flatMap({ Timestamp($0) }).map({ Int64(clamping: $0.milliseconds) }) {
            let known = batch.times[bundle] ?? time...time
            batch.times[bundle] = min(known.lowerBound, time)...max(known.upperBound, time)
        }
    }

    // MARK: What is looked up

    /// The profile of the entry that was scanned. Who its session's caller is counts where it names nobody.
    private mutating func profile(inheriting caller: Int64, _ bundle: Int64, _ database: Database) throws -> Int64 {
        var key = scanner.key
        if !scanner.namesCaller, caller != 0 {
            // No field has this number.
            key.append(0xff)
            withUnsafeBytes(of: caller) { key.append(contentsOf: $0) }
        }
        if let known = profiles[key] { return known }
        let facets = scanner.facets
        let values: [Int64] = [
            try facets.caller.map { try callerID($0, database) } ?? caller,
            try facets.requester.map { try callerID($0, database) } ?? 0, try wordID(facets.target, database),
            try wordID(facets.actions, database), try wordID(facets.kind, database),
            try wordID(facets.rule, database), try wordID(facets.decision, database),
        ]
        let upsert = try database.cachedStatement(
            sql: """
                INSERT INTO profile
                    (caller, requester, target, actions, kind, rule, decision, first_bundle, last_bundle)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (caller, requester, target, actions, kind, rule, decision) DO UPDATE SET entries = entries
                RETURNING id
                """)
        let id = try Int64.fetchOne(upsert, arguments: StatementArguments(values + [bundle, bundle]))
        guard let id else { throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "a profile got no id") }
        profiles[key] = id
        return id
    }

    private mutating func callerID(_ party: EntryFacets.Party, _ database: Database) throws -> Int64 {
        if let known = callers[party] { return known }
        let upsert = try database.cachedStatement(
            sql: """
                INSERT INTO caller (issuer, subject, label) VALUES (?, ?, ?)
                ON CONFLICT (subject, issuer, label) DO UPDATE SET label = label RETURNING id
                """)
        let id = try Int64.fetchOne(
            upsert, arguments: [party.issuer.text, party.subject.text, party.label?.text ?? ""])
        guard let id else { throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "a caller got no id") }
        callers[party] = id
        return id
    }

    private mutating func wordID(_ word: ExactText?, _ database: Database) throws -> Int64 {
        guard let word else { return 0 }
        if let known = words[word] { return known }
        let upsert = try database.cachedStatement(
            sql: "INSERT INTO word (text) VALUES (?) ON CONFLICT (text) DO UPDATE SET text = text RETURNING id")
        let id = try Int64.fetchOne(upsert, arguments: [word.text])
        guard let id else { throw DatabaseError(resultCode: .SQLITE_INTERNAL, message: "a word got no id") }
        words[word] = id
        return id
    }

    /// The session, whose first entry says who its caller is.
    private mutating func session(_ id: UUIDv7, _ database: Database) throws -> KnownSession {
        if let known = sessions[id] { return known }
        let key = SessionIndex.key(of: id)
        let select = try database.cachedStatement(sql: "SELECT number, caller FROM session WHERE id = ?")
        if let row = try Row.fetchOne(select, arguments: [key]) {
            let session = KnownSession(number: row["number"], caller: row["caller"])
            sessions[id] = session
            return session
        }
        let caller = scanner.namesCaller ? try scanner.facets.caller.map { try callerID($0, database) } ?? 0 : 0
        try database.cachedStatement(sql: "INSERT INTO session (id, caller) VALUES (?, ?)")
            .execute(arguments: [key, caller])
        let session = KnownSession(number: database.lastInsertedRowID, caller: caller)
        sessions[id] = session
        return session
    }

    // MARK: What a batch adds

    private func write(_ batch: Batch, to database: Database) throws {
        for (profile, found) in batch.profiles { try write(found, of: profile, to: database) }
        let bundle = try database.cachedStatement(
            sql: """
                INSERT INTO bundle (number, earliest, latest) VALUES (?, ?, ?) ON CONFLICT (number)
                DO UPDATE SET earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest)
                """)
        for (number, times) in batch.times {
            try bundle.execute(arguments: [number, times.lowerBound, times.upperBound])
        }
        try SessionIndex.add(batch.tallies, to: database)
    }

    private func write(_ found: Occurrences, of profile: Int64, to database: Database) throws {
        guard let last = found.bundles.last else { return }
        try database.cachedStatement(
            sql: "UPDATE profile SET entries = entries + ?, last_bundle = max(last_bundle, ?) WHERE id = ?"
        ).execute(arguments: [found.entries, last, profile])
        var start = 0
        while start < found.bundles.count {
            let chunk = found.bundles[start] / Int64(BundleSet.size)
            let end = found.bundles[start...].firstIndex { $0 / Int64(BundleSet.size) != chunk } ?? found.bundles.count
            let select = try database.cachedStatement(
                sql: "SELECT bundles FROM posting WHERE chunk = ? AND profile = ?")
            let stored = try Data.fetchOne(select, arguments: [chunk, profile])
            var set = stored.flatMap(BundleSet.init) ?? BundleSet()
            for bundle in found.bundles[start..<end] { set.insert(Int(bundle % Int64(BundleSet.size))) }
            try database.cachedStatement(
                sql: """
                    INSERT INTO posting (chunk, profile, bundles) VALUES (?, ?, ?)
                    ON CONFLICT (chunk, profile) DO UPDATE SET bundles = excluded.bundles
                    """
            ).execute(arguments: [chunk, profile, set.stored])
            start = end
        }
    }
}
