import Foundation
import GRDB
import Identifiers
import Store

/// Tickets and decisions as rows. The rules that matter most hold in the database too: one decision per person, and
/// none by the requester.
enum TicketTable {
    static let schema = StoreSchema(
        module: "approvals",
        steps: [
            { database in
                try database.execute(
                    sql: """
                        CREATE TABLE ticket (
                            id TEXT NOT NULL PRIMARY KEY,
                            requester_issuer TEXT NOT NULL,
                            requester_subject TEXT NOT NULL,
                            requester_label TEXT,
                            target TEXT NOT NULL,
                            digest TEXT NOT NULL,
                            summary TEXT NOT NULL,
                            summary_cut INTEGER NOT NULL,
                            requirements TEXT NOT NULL,
                            justification TEXT NOT NULL,
                            created_at INTEGER NOT NULL,
                            expires_at INTEGER NOT NULL,
                            state TEXT NOT NULL CHECK
                                (state IN ('pending', 'approved', 'rejected', 'expired', 'redeemed')),
                            uses INTEGER NOT NULL
                        ) STRICT, WITHOUT ROWID;
                        CREATE INDEX ticket_open ON ticket (expires_at) WHERE state IN ('pending', 'approved');
                        CREATE INDEX ticket_requester ON ticket (requester_issuer, requester_subject, target, expires_at);
                        CREATE TABLE ticket_decision (
                            ticket TEXT NOT NULL REFERENCES ticket (id),
                            position INTEGER NOT NULL,
                            issuer TEXT NOT NULL,
                            subject TEXT NOT NULL,
                            label TEXT,
                            groups TEXT NOT NULL,
                            verdict TEXT NOT NULL CHECK (verdict IN ('approve', 'reject')),
                            justification TEXT NOT NULL,
                            time INTEGER NOT NULL,
                            PRIMARY KEY (ticket, issuer, subject)
                        ) STRICT, WITHOUT ROWID;
                        CREATE TRIGGER ticket_decision_own BEFORE INSERT ON ticket_decision
                        WHEN EXISTS (
                            SELECT 1 FROM ticket WHERE id = NEW.ticket
                            AND requester_issuer = NEW.issuer AND requester_subject = NEW.subject
                        )
                        BEGIN SELECT RAISE(ABORT, 'a requester cannot decide on their own ticket'); END;
                        """)
            },
            // Of older tickets nobody knows what masking rules would have taken out, so nothing is told.
            { database in
                try database.execute(sql: "ALTER TABLE ticket ADD COLUMN redacted_summary TEXT NOT NULL DEFAULT ''")
            },
        ])

    /// Adds a new ticket.
    static func insert(_ ticket: Ticket, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO ticket (id, requester_issuer, requester_subject, requester_label, target, digest, summary,
                    redacted_summary, summary_cut, requirements, justification, created_at, expires_at, state, uses)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                ticket.id.description, ticket.requester.issuer, ticket.requester.subject, ticket.requester.label,
                ticket.target, ticket.digest, ticket.summary, ticket.redactedSummary, ticket.isSummaryCut,
                try json(ticket.requirements), ticket.justification, Int64(ticket.createdAt.milliseconds),
                Int64(ticket.expiresAt.milliseconds),
                ticket.state.rawValue, ticket.uses,
            ])
    }

    /// Writes what may change of a ticket, and the decisions that are new.
    ///
    /// - Returns: false when the row has moved on from `old`; nothing is written then.
    static func update(_ old: Ticket, to new: Ticket, in database: Database) throws -> Bool {
        try database.execute(
            sql: """
                UPDATE ticket SET state = ?, expires_at = ?, uses = ?
                WHERE id = ? AND state = ? AND uses = ? AND expires_at = ?
                """,
            arguments: [
                new.state.rawValue, Int64(new.expiresAt.milliseconds), new.uses, old.id.description,
                old.state.rawValue, old.uses, Int64(old.expiresAt.milliseconds),
            ])
        guard database.changesCount == 1 else { return false }
        for (position, decision) in new.decisions.enumerated().dropFirst(old.decisions.count) {
            try database.execute(
                sql: """
                    INSERT INTO ticket_decision
                        (ticket, position, issuer, subject, label, groups, verdict, justification, time)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    new.id.description, position, decision.approver.issuer, decision.approver.subject,
                    decision.approver.label, try json(decision.groups), decision.verdict.rawValue,
                    decision.justification, Int64(decision.time.milliseconds),
                ])
        }
        return true
    }

    static func find(_ id: UUIDv7, in database: Database) throws -> Ticket? {
        try Row.fetchOne(database, sql: "SELECT * FROM ticket WHERE id = ?", arguments: [id.description])
            .map { try ticket($0, in: database) }
    }

    /// The tickets of a requester for a target that are neither used nor past their time, newest first.
    static func current(
        of requester: TicketParty, target: String, at time: Timestamp, in database: Database
    ) throws -> [Ticket] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT * FROM ticket WHERE requester_issuer = ? AND requester_subject = ? AND target = ?
                AND state IN ('pending', 'approved', 'rejected') AND expires_at > ? ORDER BY id DESC
                """,
            arguments: [requester.issuer, requester.subject, target, Int64(time.milliseconds)]
        ).map { try ticket($0, in: database) }
    }

    static func pendingCount(of requester: TicketParty, at time: Timestamp, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT count(*) FROM ticket WHERE requester_issuer = ? AND requester_subject = ?
                AND state = 'pending' AND expires_at > ?
                """,
            arguments: [requester.issuer, requester.subject, Int64(time.milliseconds)]) ?? 0
    }

    /// Tickets whose time has passed at `time` and that are not marked so yet, those due first.
    static func due(at time: Timestamp, limit: Int, in database: Database) throws -> [UUIDv7] {
        try String.fetchAll(
            database,
            sql: """
                SELECT id FROM ticket WHERE state IN ('pending', 'approved') AND expires_at <= ?
                ORDER BY expires_at LIMIT ?
                """,
            arguments: [Int64(time.milliseconds), limit]
        ).compactMap { UUIDv7($0) }
    }

    /// When the next open ticket expires.
    static func nextExpiry(in database: Database) throws -> Timestamp? {
        try Int64.fetchOne(
            database, sql: "SELECT min(expires_at) FROM ticket WHERE state IN ('pending', 'approved')"
        ).map { Timestamp(milliseconds: UInt64(max(0, $0))) }
    }

    /// Newest first.
    static func list(
        _ filter: TicketFilter, before: UUIDv7?, limit: Int, at time: Timestamp, in database: Database
    ) throws -> [Ticket] {
        var conditions = ["1"]
        var arguments: StatementArguments = []
        let now = Int64(time.milliseconds)
        switch filter.state {
        case nil: break
        case .pending, .approved:
            conditions.append("state = ? AND expires_at > ?")
            arguments += [filter.state?.rawValue, now]
        case .expired:
            conditions.append("(state = 'expired' OR (state IN ('pending', 'approved') AND expires_at <= ?))")
            arguments += [now]
        case .rejected, .redeemed:
            conditions.append("state = ?")
            arguments += [filter.state?.rawValue]
        }
        if let requester = filter.requester {
            conditions.append("requester_issuer = ? AND requester_subject = ?")
            arguments += [requester.issuer, requester.subject]
        }
        if let target = filter.target {
            conditions.append("target = ?")
            arguments += [target]
        }
        if let before {
            conditions.append("id < ?")
            arguments += [before.description]
        }
        arguments += [limit]
        return try Row.fetchAll(
            database,
            sql: "SELECT * FROM ticket WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT ?",
            arguments: arguments
        ).map { try ticket($0, in: database).asOf(time) }
    }

    private static func ticket(_ row: Row, in database: Database) throws -> Ticket {
        let name: String = try row.decode(forColumn: "id")
        guard let id = UUIDv7(name), let state = TicketState(rawValue: try row.decode(forColumn: "state")) else {
            throw ApprovalError.store("the row of ticket \(name) cannot be read")
        }
        let decisions = try Row.fetchAll(
            database, sql: "SELECT * FROM ticket_decision WHERE ticket = ? ORDER BY position", arguments: [name])
        return Ticket(
            id: id,
            requester: TicketParty(
                issuer: try row.decode(forColumn: "requester_issuer"),
                subject: try row.decode(forColumn: "requester_subject"),
                label: try row.decode(forColumn: "requester_label")),
            target: try row.decode(forColumn: "target"), digest: try row.decode(forColumn: "digest"),
            summary: try row.decode(forColumn: "summary"),
            redactedSummary: try row.decode(forColumn: "redacted_summary"),
            isSummaryCut: try row.decode(forColumn: "summary_cut"),
            requirements: try parse(try row.decode(forColumn: "requirements")),
            justification: try row.decode(forColumn: "justification"),
            createdAt: try moment(row, "created_at"), expiresAt: try moment(row, "expires_at"), state: state,
            decisions: try decisions.map(decision), uses: try row.decode(forColumn: "uses"))
    }

    private static func decision(_ row: Row) throws -> TicketDecision {
        guard let verdict = TicketVerdict(rawValue: try row.decode(forColumn: "verdict")) else {
            throw ApprovalError.store("the row of a decision cannot be read")
        }
        return TicketDecision(
            approver: TicketParty(
                issuer: try row.decode(forColumn: "issuer"), subject: try row.decode(forColumn: "subject"),
                label: try row.decode(forColumn: "label")),
            groups: try parse(try row.decode(forColumn: "groups")), verdict: verdict,
            justification: try row.decode(forColumn: "justification"), time: try moment(row, "time"))
    }

    private static func moment(_ row: Row, _ column: String) throws -> Timestamp {
        Timestamp(milliseconds: UInt64(max(0, try row.decode(Int64.self, forColumn: column))))
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func parse<T: Decodable>(_ text: String) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(text.utf8))
    }
}
