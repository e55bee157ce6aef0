import Foundation
import Testing

/// Real clients through the gateway, held against a direct connection.
@Suite("PostgreSQL's clients", .serialized)
struct ClientTests {
    // Without the rule about what cannot be read, so that syntax errors are the database's own.
    private static let stage = Task {
        try await Ledger(policy: Ledger.policy.replacing("when { context.opaque }", with: "when { false }"))
    }

    @Test(
        "drivers get the same values, errors and notifications as directly",
        arguments: ["psycopg-text", "psycopg-binary", "asyncpg", "sqlalchemy"])
    func drivers(_ driver: String) async throws {
        let ledger = try await Self.stage.value
        let (direct, through) = try await ledger.both(
            try Tools.python(), [Tools.fixture("postgres_values.py"), driver])
        #expect(direct.status == 0, "\(direct.errors)")
        #expect(direct.output.split(separator: "\n").count >= 5)
        #expect(through.output == direct.output && through.errors == direct.errors && through.status == 0)
    }

    @Test("psql shows the same, meta commands and errors too")
    func psql() async throws {
        let ledger = try await Self.stage.value
        let script = """
            \\d customers
            \\dt
            \\df
            \\copy (SELECT id, name FROM customers ORDER BY id) TO STDOUT WITH CSV HEADER
            SELECT 1; SELECT 2 \\; SELECT 3;
            BEGIN; SAVEPOINT a; SELECT 1/0; ROLLBACK TO a; SELECT 'still here'; COMMIT;
            SELECT generate_series(1, 3) \\gdesc
            PREPARE p(int) AS SELECT $1 * 2; EXECUTE p(21); DEALLOCATE p;
            DECLARE c CURSOR FOR SELECT 1;
            BEGIN; DECLARE c CURSOR FOR SELECT id FROM customers ORDER BY id; FETCH 3 FROM c; MOVE 5 IN c; FETCH c; COMMIT;
            SET search_path = pg_catalog; SELECT count(*) > 0 FROM pg_class; RESET search_path;
            DO $$ BEGIN RAISE NOTICE 'never'; END $$;
            ;
            """
        let file = ledger.server.folder.appendingPathComponent("script.sql")
        try script.replacing("DO $$ BEGIN RAISE NOTICE 'never'; END $$;\n", with: "")
            .write(to: file, atomically: true, encoding: .utf8)
        let (direct, through) = try await ledger.both(try Tools.system("psql"), ["-X", "-f", file.path])
        #expect(direct.output.contains("still here") && direct.errors.contains("division by zero"))
        #expect(through.output == direct.output)
        #expect(through.errors == direct.errors)
    }

    @Test("pgbench runs in every mode", arguments: ["simple", "extended", "prepared"])
    func pgbench(_ mode: String) async throws {
        let ledger = try await Self.stage.value
        let script = ledger.server.folder.appendingPathComponent("bench-\(mode).sql")
        try """
        \\set id random(1, 50)
        BEGIN;
        UPDATE customers SET balance = balance + 1 WHERE id = :id;
        SELECT balance FROM customers WHERE id = :id;
        INSERT INTO scratch VALUES (:id, 'bench');
        END;
        """.write(to: script, atomically: true, encoding: .utf8)
        let finished = try await RunningProcess.run(
            try Tools.system("pgbench"), ["-n", "-M", mode, "-c", "4", "-t", "25", "-f", script.path],
            environment: ledger.environment)
        #expect(finished.output.contains("transactions actually processed: 100/100"), "\(finished.errors)")
    }

    @Test("a dump is the same, and restores through the gateway")
    func dump() async throws {
        let ledger = try await Self.stage.value
        let (direct, through) = try await ledger.both(
            try Tools.system("pg_dump"), ["-t", "customers", "-t", "books", "--restrict-key=same"])
        let plain =
            direct.status == 0
            ? (direct, through)
            : try await ledger.both(try Tools.system("pg_dump"), ["-t", "customers", "-t", "books"])
        #expect(plain.0.status == 0 && plain.0.output.contains("COPY public.customers"), "\(plain.0.errors)")
        #expect(plain.1.output == plain.0.output && plain.1.status == 0, "\(plain.1.errors)")
        _ = try await ledger.server.psql("CREATE SCHEMA restored")
        let restored = try await ledger.psql(
            "SET search_path = restored", "CREATE TABLE t (id int, note text)", "COPY t FROM STDIN",
            "SELECT count(*), sum(id) FROM t", input: (1...1000).map { "\($0)\trow \($0)\n" }.joined())
        #expect(
            restored.output
                == "SET\nCREATE TABLE\nCOPY 1000\n1000|500500\n".replacing("SET\nCREATE TABLE\nCOPY 1000\n", with: ""),
            "\(restored)")
    }
}
