import Foundation
import Testing

/// What stands for masked values, in every format and by every way that rows take.
@Suite("Masking of database answers, end to end", .serialized)
struct MaskingTests {
    private static let policy = """
        @id("everything") @mask("customer-pii")
        permit (principal in Group::"payments", action, resource);
        """
    private static let masking = """
                  - {column: customers.ssn, transform: keep-last 4}
                  - {column: customers.email, transform: redact}
                  - {column: numbers.*, transform: keep-last 4}
                  - {column: odd.*, transform: keep-last 4}
                  - {field: hidden, transform: "null"}
                  - {detector: PAN, transform: keep-last 4}
        """
    private static let more = """
        CREATE TYPE mood AS ENUM ('calm', 'cross');
        CREATE TABLE numbers (a int2, b int4, c int8, d numeric, e float8, f bool, g date, h uuid, i json, j jsonb, k text[],
            l bytea, m bpchar(11), n name, o mood, p timestamptz);
        INSERT INTO numbers VALUES (12345, 123456789, 4111111111111111, 1.5, 2.5, true, '2024-05-06',
            '7f0c6e0a-8b3e-4a53-9b3e-0d2f6c1f7a11', '{"a": 1}', '"536-22-0001"', ARRAY['536-22-0001', NULL, 'a"b'], '\\x00',
            '536-22-0001', '536-22-0001', 'calm', '2024-05-06 01:02:03Z');
        CREATE TABLE cards (id int, note text, big int8, amount numeric, tags text[], docs jsonb[], doc json, raw bytea, day date);
        INSERT INTO cards VALUES (1, 'card 4111 1111 1111 1111, thanks', 4111111111111111, 4111111111111111,
            ARRAY['4111111111111111', NULL, 'a, "b"'], ARRAY['{"c": "4111111111111111"}']::jsonb[],
            '{"c": "4111 1111 1111 1111", "c": 1}', '4111111111111111', '2024-05-06'),
            (2, 'tab\tline\nback\\slash', 1, 1.25, '{}', NULL, 'null', '\\x00ff', NULL);
        CREATE DOMAIN ssn_text AS text CHECK (value ~ '^[0-9*-]+$'); CREATE DOMAIN nested AS ssn_text;
        CREATE TABLE odd (a ssn_text, b nested, c ssn_text[], d int4range, e inet, f point);
        INSERT INTO odd VALUES ('536-22-0001', '536-22-0002', ARRAY['536-22-0003'], '[1,5)', '10.1.2.3', '(1,2)');
        """
    private static let stage = Task {
        try await Ledger(policy: policy, masking: masking, seed: Ledger.seed + "\n" + more)
    }

    @Test("a stand-in is a value of its type, or NULL")
    func kinds() async throws {
        let ledger = try await Self.stage.value
        let shown = try await ledger.psql(
            "\\pset null ∅", "SELECT ssn, email FROM customers WHERE id = 7", "TABLE numbers")
        #expect(
            shown.output
                == """
                *******0007|[REDACTED]
                ∅|6789|1111|∅|∅|∅|∅|∅|"[REDACTED]"|"*******0001"|{*******0001,NULL,***}|∅|*******0001|*******0001|****|∅

                """, "\(shown)")
        let named = try await ledger.psql(
            "\\pset null ∅", "SELECT 1 AS hidden, name AS \"Hidden\" FROM customers WHERE id = 7")
        #expect(named.output == "∅|∅\n", "\(named)")
    }

    @Test("while a transaction defines views nothing of what it reads is shown, and afterwards what may be")
    func uncommittedDefinitions() async throws {
        let ledger = try await Self.stage.value
        let look = "SELECT name || '', tel FROM fresh WHERE id = 7"
        let shown = try await ledger.psql(
            "\\pset null ∅", "BEGIN", "CREATE VIEW fresh AS SELECT id, name, ssn AS tel FROM customers", look, "COMMIT",
            look, "DROP VIEW fresh", "BEGIN", "CREATE VIEW fresh AS SELECT id, ssn AS name, name AS tel FROM customers",
            look, "ROLLBACK", "SELECT name || '', ssn FROM customers WHERE id = 7")
        let lines = shown.output.split(separator: "\n")
        #expect(lines.count == 4 && !shown.output.contains("536-22"), "\(shown)")
        #expect(lines.last == "customer 7|*******0007" && lines.dropFirst().first == lines.last, "\(shown)")
        #expect(!(lines.first?.contains("customer 7") ?? true), "\(shown)")
    }

    @Test("a domain is masked as its base type, and a value of a type that the gateway does not know is NULL")
    func domains() async throws {
        let ledger = try await Self.stage.value
        let shown = try await ledger.psql("\\pset null ∅", "TABLE odd", "COPY odd TO STDOUT")
        #expect(
            shown.output
                == """
                *******0001|*******0002|{*******0003}|∅|∅|∅
                *******0001\t*******0002\t{*******0003}\t\\N\t\\N\t\\N

                """, "\(shown)")
        let binary = try await RunningProcess.run(
            try Tools.python(),
            [
                "-c",
                """
                import psycopg
                with psycopg.connect() as connection:
                    cursor = connection.cursor(binary=True)
                    print(cursor.execute("SELECT a, b, d, e, f FROM odd").fetchone())
                    # No driver knows an array of domains; its bytes are those of an array of stand-ins.
                    print(cursor.execute("SELECT c FROM odd").fetchone()[0][-15:])
                """,
            ], environment: ledger.environment)
        #expect(
            binary.output
                == "('*******0001', '*******0002', None, None, None)\nb'\\x00\\x00\\x00\\x0b*******0003'\n", "\(binary)"
        )
    }

    @Test("detectors look into text, numbers, arrays, documents and bytes")
    func detected() async throws {
        let ledger = try await Self.stage.value
        let shown = try await ledger.psql("\\pset null ∅", "TABLE cards")
        #expect(
            shown.output == #"""
                1|card **** **** **** 1111, thanks|1111|∅|{************1111,NULL,"a, \"b\""}|{"{\"c\": \"************1111\"}"}|{"c": "**** **** **** 1111", "c": 1}|\x2a2a2a2a2a2a2a2a2a2a2a2a31313131|2024-05-06
                2|tab	line
                back\slash|1|1.25|{}|∅|null|\x00ff|∅

                """#, "\(shown.output)")
    }

    @Test("a value that goes into a masked column, or is compared with one, stands in no record")
    func records() async throws {
        let ledger = try await Ledger(
            policy: Self.policy, masking: "          - {column: customers.ssn, transform: keep-last 4}\n")
        let given = "in-clear"
        let script = """
            import psycopg
            with psycopg.connect(autocommit=True) as connection:
                for binary in (False, True):
                    with connection.cursor(binary=binary) as cursor:
                        for statement in (
                            "INSERT INTO customers (id, name, ssn) VALUES (90000 + %s, 'stays', %s)",
                            "DELETE FROM customers WHERE id >= 90000 + %s AND ssn = %s"):
                            cursor.execute(statement, (7, "\(given)"), prepare=True)
            """
        let bound = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: ledger.environment)
        #expect(bound.status == 0, "\(bound.errors)")
        for statement in [
            "INSERT INTO customers (id, name, ssn) VALUES (90001, 'stays', '\(given)')",
            "INSERT INTO customers (id, name, ssn) VALUES (90002, 'stays', '\(given) too')",
            "UPDATE customers SET ssn = lower('\(given)') WHERE id = 90001",
            "SELECT 1; SELECT name FROM customers WHERE '\(given)' IN (ssn, email)",
            "EXECUTE put ('\(given)')",
            "DELETE FROM customers WHERE id > 90000 AND ssn LIKE '\(given)%' AND name = 'stays'",
        ] {
            let finished = try await ledger.psql(
                "PREPARE put AS UPDATE customers SET ssn = $1 WHERE id = 90002", statement)
            #expect(!finished.errors.contains("masked"), "\(finished)")
        }
        #expect(try await ledger.gateway.stop() == 0)
        let entries = try await ledger.gateway.auditEntries().map { "\($0)" }
        #expect(entries.contains { $0.contains("stays") } && entries.contains { $0.contains("«VALUE:") })
        #expect(!entries.contains { $0.contains(given) }, "\(entries.first { $0.contains(given) } ?? "")")
        // Nor in the recordings, or whatever else lies in the gateway's folder but sealed.
        let found = try await RunningProcess.run(
            "/usr/bin/env", ["grep", "-rlF", given, ledger.gateway.folder.path], environment: [:])
        #expect(found.output.isEmpty, "\(found.output)")
    }

    @Test("binary values are masked as their texts are, for prepared statements that run again too")
    func binary() async throws {
        let ledger = try await Self.stage.value
        let finished = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_masked.py")], environment: ledger.environment)
        #expect(finished.status == 0, "\(finished.errors)")
        #expect(
            finished.output == #"""
                text ssn *******0007 email [REDACTED]
                binary ssn *******0007 email [REDACTED]
                binary numbers (None, 6789, 1111, None, None, None, None, None, '[REDACTED]', '*******0001', ['*******0001', None, '***'], None, '*******0001', '*******0001', b'****', None)
                binary cards (1, 'card **** **** **** 1111, thanks', 1111, None, ['************1111', None, 'a, "b"'], [{'c': '************1111'}], {'c': 1}, b'************1111', datetime.date(2024, 5, 6))
                asyncpg 5 times ['*******0007']
                fetched 50 of 50 masked
                pipelined *******0001 *******0002 *******0003

                """#, "\(finished.output)")
    }

    @Test("copied data is masked in every format, and can be read as what it is", arguments: ["text", "csv", "binary"])
    func copied(_ format: String) async throws {
        let ledger = try await Self.stage.value
        let file = ledger.server.folder.appendingPathComponent("masked.\(format)").path
        let copied = try await ledger.psql("\\copy cards TO '\(file)' (FORMAT \(format))")
        #expect(copied.status == 0, "\(copied.errors)")
        _ = try await ledger.server.psql("CREATE TABLE IF NOT EXISTS back (LIKE cards); TRUNCATE back")
        let read = try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt", "-c", "\\copy back FROM '\(file)' (FORMAT \(format))"],
            environment: ledger.server.environment())
        #expect(read.status == 0, "\(read.errors)")
        let directly = try await ledger.server.psql("TABLE back")
        let shown = try await ledger.psql("TABLE cards").output
        #expect(directly == shown)
        #expect(!directly.contains("4111"))
    }

    @Test("what was masked is counted in the outcome, and the log shows no value")
    func counted() async throws {
        let ledger = try await Ledger(policy: Self.policy, masking: Self.masking, seed: Ledger.seed + "\n" + Self.more)
        _ = try await ledger.psql("SELECT id, ssn, email FROM customers", "COPY customers TO STDOUT")
        #expect(try await ledger.gateway.stop() == 0)
        let entries = try await ledger.gateway.auditEntries()
        let outcomes = entries.filter { $0["kind"] as? String == "outcome" }
        let masked = outcomes.compactMap { ($0["outcome"] as? [String: Any])?["masked"] as? [[String: Any]] }
            .filter { !$0.isEmpty }
        #expect(masked.count == 2, "\(outcomes)")
        for counts in masked {
            #expect(
                Set(counts.map { "\($0["rule"] ?? "") \($0["count"] ?? "")" })
                    == ["customer-pii/column customers.ssn 50", "customer-pii/column customers.email 50"])
        }
        #expect(try await ledger.gateway.auditFault() == nil)
    }

    @Test("a session that is recorded in full shows, replayed, what its caller saw")
    func replayed() async throws {
        let policy = """
            @id("everything") @mask("customer-pii") @record("full")
            permit (principal in Group::"payments", action, resource);
            @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
            """
        let ledger = try await Ledger(policy: policy, masking: Self.masking, seed: Ledger.seed + "\n" + Self.more)
        let shown = try await ledger.psql(
            "SELECT id, ssn FROM customers WHERE id < 3 ORDER BY id", "COPY secrets TO STDOUT",
            "SELECT name FROM scratch")
        #expect(shown.output == "1|*******0001\n2|*******0002\n**** **** **** 1111\n", "\(shown)")
        let binary = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_masked.py")], environment: ledger.environment)
        #expect(binary.status == 0, "\(binary.errors)")
        let carol = try await ledger.gateway.issuer.token(for: "carol")
        var replays: [String] = []
        for _ in 0..<100 where replays.count < 4 || !replays.contains(where: { $0.contains("SELECT 2") }) {
            let listed = try await ledger.gateway.command("sessions", "list", "--output", "json", token: carol)
            let sessions = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]] ?? []
            replays = []
            for session in sessions {
                let id = try #require(session["id"] as? String)
                replays.append(
                    try await ledger.gateway.command("sessions", "replay", "--instant", id, token: carol).output)
            }
        }
        let first = try #require(replays.first { $0.contains("COPY secrets") }, "\(replays)")
        #expect(first.contains("  id\tssn\n  1\t*******0001\n  2\t*******0002\n"), "\(first)")
        #expect(first.contains("**** **** **** 1111") && first.contains("status: 42703"), "\(first)")
        let all = replays.joined()
        #expect(all.contains("7\t") || all.contains("*******0007\t[REDACTED]"), "\(all)")
        #expect(!all.contains("536-22-0001") && !all.contains("@example.com\n") && !all.contains("4111"))
    }
}
