import Audit
import Foundation
import GRDB
import Identifiers
import StrictJSON

/// Who used what and when: the part of the audit log's index that is about sessions.
public struct SessionIndex: Sendable {
    public let index: AuditIndex

    public init(_ index: AuditIndex) { self.index = index }

    /// How a session's id stands in the index: its 16 bytes, which sort as ids do.
    static func key(of id: UUIDv7) -> Data {
        var key = Data()
        for half in [id.high, id.low] { withUnsafeBytes(of: half.bigEndian) { key.append(contentsOf: $0) } }
        return key
    }

    /// The first id that a session of this time can have.
    private static func key(ofTime time: Timestamp) -> Data {
        var key = Data()
        withUnsafeBytes(of: (time.milliseconds << 16).bigEndian) { key.append(contentsOf: $0) }
        return key
    }

    static func addStart(_ entry: AuditEntry, of session: Int64, to database: Database) throws {
        guard let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord) else { return }
        let statement = try database.cachedStatement(
            sql: """
                UPDATE session SET target = ?, kind = ?, client = ?, started = ? WHERE number = ? AND started IS NULL
                """)
        try statement.execute(
            arguments: [
                value["target"]?["name"]?.string ?? "", value["target"]?["kind"]?.string ?? "",
                value["client"]?.string ?? "", Self.time(of: entry) ?? 0, session,
            ])
    }

    static func addEnd(_ entry: AuditEntry, of session: Int64, to database: Database) throws {
        guard let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord) else { return }
        let statement = try database.cachedStatement(
            sql: "UPDATE session SET ended = ?, end_reason = ?, recording_sha256 = ? WHERE number = ?")
        try statement.execute(
            arguments: [
                Self.time(of: entry), value["reason"]?.string, value["recording"]?["sha256"]?.string, session,
            ])
    }

    static func add(_ tallies: [Int64: SessionTally], to database: Database) throws {
        // A sum that is too large becomes a fraction in SQLite, for which the column has no place.
        let statement = try database.cachedStatement(
            sql: """
                UPDATE session SET commands = commands + ?, refused = refused + ?, failed = failed + ?,
                    masked = min(masked + ?, \(Int64.max)) WHERE number = ?
                """)
        for (session, tally) in tallies {
            try statement.execute(arguments: [tally.commands, tally.refused, tally.failed, tally.masked, session])
        }
    }

    private static func time(of entry: AuditEntry) -> Int64? {
        entry.time.flatMap { Timestamp($0) }.map { Int64(clamping: $0.milliseconds) }
    }
}

/// What a batch adds to one session's counters: one statement a session, however many commands it had.
struct SessionTally {
    var commands = 0
    var refused = 0
    var failed = 0
    var masked = 0

    mutating func count(_ entry: AuditEntry) {
        switch entry.kind {
        case "intent": commands += 1
        case "refusal":
            commands += 1
            refused += 1
        case "outcome":
            // The most usual outcome is known by its bytes: an entry is canonical, and within its strings no quote
            // stands without a backslash.
            if entry.holds(#","kind":"succeeded","#), !entry.holds(#""masked":["#) { return }
            // An entry that is not JSON is a matter for `audit verify`.
            let outcome = (try? JSONValue(parsing: entry.bytes, within: .ownRecord))?["outcome"]
            let counts = (outcome?["masked"]?.array ?? []).map { Int(clamping: $0["count"]?.integer ?? 0) }
            masked.addClamped(max(0, counts.clampedSum))
            failed += outcome?["kind"]?.string == "succeeded" ? 0 : 1
        default: break
        }
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
    private static let columns = """
        SELECT session.*, caller.issuer, caller.subject, caller.label FROM session
        JOIN caller ON caller.id = session.caller
        """

    /// The sessions that match, newest first.
    ///
    /// - Throws: `IndexError` when the index cannot be read.
    public func sessions(matching query: SessionQuery) async throws -> [SessionSummary] {
        try await index.readAside { database in
            guard let caller = query.caller else { return try Self.sessions(matching: query, of: nil, in: database) }
            // One search a caller, each in the order of its own index: the same person may have had several labels.
            let callers = try Int64.fetchAll(
                database, sql: "SELECT id FROM caller WHERE subject = ?1 OR label = ?1", arguments: [caller])
            let found = try callers.flatMap { try Self.sessions(matching: query, of: $0, in: database) }
            return Array(found.sorted { $0.id > $1.id }.prefix(query.limit))
        }
    }

    private static func sessions(
        matching query: SessionQuery, of caller: Int64?, in database: Database
    ) throws -> [SessionSummary] {
        var conditions = ["started IS NOT NULL"]
        var arguments: StatementArguments = []
        if let caller {
            conditions.append("session.caller = ?")
            arguments += [caller]
        }
        if let target = query.target {
            conditions.append("target = ?")
            arguments += [target]
        }
        // Ids sort by time, so they serve ranges of time too.
        if let from = query.from {
            conditions.append("session.id >= ?")
            arguments += [key(ofTime: from)]
        }
        if let to = query.to {
            conditions.append("session.id < ?")
            arguments += [key(ofTime: to)]
        }
        if let before = query.before {
            conditions.append("session.id < ?")
            arguments += [key(of: before)]
        }
        return try Row.fetchAll(
            database,
            sql: """
                \(columns) WHERE \(conditions.joined(separator: " AND "))
                ORDER BY session.id DESC LIMIT \(query.limit)
                """, arguments: arguments
        ).compactMap(SessionSummary.init)
    }

    public func session(_ id: UUIDv7) async throws -> SessionSummary? {
        try await index.readAside { database in
            try Row.fetchOne(
                database, sql: "\(Self.columns) WHERE session.id = ? AND started IS NOT NULL",
                arguments: [Self.key(of: id)]
            ).flatMap(SessionSummary.init)
        }
    }
}

extension SessionSummary {
    fileprivate init?(_ row: Row) {
        guard let id = UUIDv7(bytes: row["id"] as Data) else { return nil }
        self.id = id
        issuer = row["issuer"]
        subject = row["subject"]
        let label: String = row["label"]
        self.label = label.isEmpty ? nil : label
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

extension UUIDv7 {
    /// From the form of `SessionIndex.key(of:)`.
    init?(bytes: Data) {
        guard bytes.count == 16 else { return nil }
        let groups =
            [bytes.prefix(4), bytes.dropFirst(4).prefix(2), bytes.dropFirst(6).prefix(2)]
            + [bytes.dropFirst(8).prefix(2), bytes.dropFirst(10)]
        self.init(groups.map(\.hexadecimal).joined(separator: "-"))
    }
}
