import Audit
import GRDB
import Identifiers
import Store
import StrictJSON

/// Who used what and when, made from the audit log so that people can search it. Never the truth: delete the file and
/// it is made again.
public struct SessionIndex: Sendable {
    private let store: Store

    /// The tables of the index, for `Store`.
    public static let schema = StoreSchema(
        module: "session-index",
        steps: [
            { database in
                try database.execute(
                    sql: """
                        CREATE TABLE session (
                            id TEXT NOT NULL PRIMARY KEY,
                            issuer TEXT NOT NULL, subject TEXT NOT NULL, label TEXT,
                            target TEXT NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL,
                            started INTEGER NOT NULL, ended INTEGER, end_reason TEXT,
                            commands INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
                            failed INTEGER NOT NULL DEFAULT 0, masked INTEGER NOT NULL DEFAULT 0,
                            recording_sha256 TEXT
                        ) STRICT, WITHOUT ROWID;
                        CREATE INDEX session_by_subject ON session (subject, id);
                        CREATE INDEX session_by_label ON session (label, id);
                        CREATE INDEX session_by_target ON session (target, id);
                        CREATE TABLE position (
                            one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL
                        ) STRICT;
                        INSERT INTO position (one, next) VALUES (1, 0);
                        """)
            }
        ])

    public init(store: Store) { self.store = store }

    /// The log index of the first entry that is not in the session index yet.
    public func nextEntry() async throws -> UInt64 {
        try await store.read { database in
            UInt64(try Int64.fetchOne(database, sql: "SELECT next FROM position") ?? 0)
        }
    }

    /// Adds the entries that follow, in the order of the log; all of them or, when this throws, none.
    public func add(_ entries: [AuditEntry], from first: UInt64) async throws {
        try await store.write { database in
            let next = try Int64.fetchOne(database, sql: "SELECT next FROM position") ?? 0
            guard next == Int64(first) else { return }
            var tallies: [String: Tally] = [:]
            for entry in entries {
                guard let session = entry.session, let kind = entry.kind else { continue }
                switch kind {
                case "session-start", "session-end": try Self.add(entry, kind: kind, of: session, to: database)
                default: tallies[session, default: Tally()].count(entry, kind: kind)
                }
            }
            try Self.add(tallies, to: database)
            try database.execute(
                sql: "UPDATE position SET next = ?", arguments: [Int64(first) + Int64(entries.count)])
        }
    }

    /// What a batch adds to one session's counters: one statement a session, however many commands it had.
    private struct Tally {
        var commands = 0
        var refused = 0
        var failed = 0
        var masked = 0

        mutating func count(_ entry: AuditEntry, kind: String) {
            switch kind {
            case "intent": commands += 1
            case "refusal":
                commands += 1
                refused += 1
            case "outcome":
                // The most usual outcome is known by its bytes: an entry is canonical, and within its strings no quote
                // stands without a backslash.
                if entry.holds(#","kind":"succeeded","#), !entry.holds(#""masked":["#) { return }
                // An entry that is not JSON is a matter for `audit verify`.
                let outcome = (try? JSONValue(parsing: entry.bytes))?["outcome"]
                masked += Int(outcome?["masked"]?.array?.reduce(0) { $0 + ($1["count"]?.integer ?? 0) } ?? 0)
                failed += outcome?["kind"]?.string == "succeeded" ? 0 : 1
            default: break
            }
        }
    }

    private static func add(_ tallies: [String: Tally], to database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                UPDATE session SET commands = commands + ?, refused = refused + ?, failed = failed + ?,
                    masked = masked + ? WHERE id = ?
                """)
        for (session, tally) in tallies {
            try statement.execute(arguments: [tally.commands, tally.refused, tally.failed, tally.masked, session])
        }
    }

    private static func add(_ entry: AuditEntry, kind: String, of session: String, to database: Database) throws {
        guard let value = try? JSONValue(parsing: entry.bytes) else { return }
        let time = entry.time.flatMap { Timestamp($0) }.map { Int64($0.milliseconds) }
        if kind == "session-end" {
            let statement = try database.cachedStatement(
                sql: "UPDATE session SET ended = ?, end_reason = ?, recording_sha256 = ? WHERE id = ?")
            try statement.execute(
                arguments: [time, value["reason"]?.string, value["recording"]?["sha256"]?.string, session])
            return
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO session (id, issuer, subject, label, target, kind, client, started)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
                """)
        try statement.execute(
            arguments: [
                session, value["caller"]?["issuer"]?.string ?? "", value["caller"]?["subject"]?.string ?? "",
                value["caller"]?["label"]?.string, value["target"]?["name"]?.string ?? "",
                value["target"]?["kind"]?.string ?? "", value["client"]?.string ?? "", time ?? 0,
            ])
    }
}

// MARK: Searching

/// One session as the log tells it.
public struct SessionSummary: Sendable, Hashable {
    public let id: UUIDv7
    public let issuer: String
    public let subject: String
    public let label: String?
    public let target: String
    public let kind: String
    public let client: String
    public let started: Timestamp
    /// `nil` while it is open, or when the gateway died before it could say.
    public let ended: Timestamp?
    public let endReason: String?
    /// Commands decided, those refused among them.
    public let commands: Int
    public let refused: Int
    public let failed: Int
    /// How many values were masked in all answers together.
    public let masked: Int
    /// SHA-256 of the recording as it stood when the session ended; `nil` without a recording.
    public let recordingSHA256: String?
}

/// What to look for; `nil` means any.
public struct SessionQuery: Sendable {
    /// The subject or the label (email) of the caller.
    public var caller: String?
    public var target: String?
    public var from: Timestamp?
    public var to: Timestamp?
    /// Only sessions that started before the one with this id: the last of the page before.
    public var before: UUIDv7?
    /// At most 500.
    public var limit: Int

    public init(
        caller: String? = nil, target: String? = nil, from: Timestamp? = nil, to: Timestamp? = nil,
        before: UUIDv7? = nil, limit: Int = 50
    ) {
        self.caller = caller
        self.target = target
        self.from = from
        self.to = to
        self.before = before
        self.limit = min(max(1, limit), 500)
    }
}

extension SessionIndex {
    /// The sessions that match, newest first.
    public func sessions(matching query: SessionQuery) async throws -> [SessionSummary] {
        var conditions: [String] = []
        var arguments: StatementArguments = []
        if let caller = query.caller {
            conditions.append("(subject = ? OR label = ?)")
            arguments += [caller, caller]
        }
        if let target = query.target {
            conditions.append("target = ?")
            arguments += [target]
        }
        // Ids sort by time, so the primary key serves ranges of time too.
        if let from = query.from {
            conditions.append("started >= ?")
            arguments += [Int64(from.milliseconds)]
        }
        if let to = query.to {
            conditions.append("started < ?")
            arguments += [Int64(to.milliseconds)]
        }
        if let before = query.before {
            conditions.append("id < ?")
            arguments += [before.description]
        }
        let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        let sql = "SELECT * FROM session \(filter) ORDER BY id DESC LIMIT \(query.limit)"
        let bound = arguments
        return try await store.read { database in
            try Row.fetchAll(database, sql: sql, arguments: bound).compactMap(SessionSummary.init)
        }
    }

    public func session(_ id: UUIDv7) async throws -> SessionSummary? {
        try await store.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM session WHERE id = ?", arguments: [id.description])
                .flatMap(SessionSummary.init)
        }
    }
}

extension SessionSummary {
    fileprivate init?(_ row: Row) {
        guard let id = UUIDv7(row["id"] as String) else { return nil }
        self.id = id
        issuer = row["issuer"]
        subject = row["subject"]
        label = row["label"]
        target = row["target"]
        kind = row["kind"]
        client = row["client"]
        started = Timestamp(milliseconds: UInt64(row["started"] as Int64))
        ended = (row["ended"] as Int64?).map { Timestamp(milliseconds: UInt64($0)) }
        endReason = row["end_reason"]
        commands = row["commands"]
        refused = row["refused"]
        failed = row["failed"]
        masked = row["masked"]
        recordingSHA256 = row["recording_sha256"]
    }
}
