import AdapterTestKit
import GatewayCore
import Testing

@testable import PostgresWire

@Suite("What a statement does")
struct EffectTests {
    @Test(
        "is read from PostgreSQL's own parse tree",
        arguments: [
            ("SELECT 1", ["select session"]),
            ("SELECT id, c.ssn FROM customers c WHERE balance > 3", ["select public.customers(balance,id,ssn)"]),
            ("SELECT * FROM hr.staff", ["select hr.staff(*)"]),
            ("TABLE customers", ["select public.customers(*)"]),
            ("SELECT c FROM customers c", ["select public.customers(*,c)"]),
            ("SELECT count(*) FROM customers", ["select public.customers()"]),
            (
                "SELECT a.x, b.y FROM a JOIN b ON a.id = b.id",
                ["select public.a(id,x)", "select public.b(id,y)"]
            ),
            ("INSERT INTO t (a, b) VALUES (1, 2)", ["insert public.t(a,b)"]),
            (
                "INSERT INTO t SELECT x FROM s ON CONFLICT (a) DO UPDATE SET a = excluded.a RETURNING b",
                ["insert public.t()", "select public.s(x)", "update public.t(a)", "select public.t(a,b)"]
            ),
            ("UPDATE t SET a = b WHERE c = 1", ["update public.t(a)", "select public.t(b,c)"]),
            (
                "DELETE FROM t USING s WHERE t.id = s.id",
                ["delete public.t()", "select public.t(id)", "select public.s(id)"]
            ),
            (
                "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)",
                [
                    "merge public.t()", "select public.s(id)", "select public.t(id)", "delete public.t()",
                    "insert public.t(id)",
                ]
            ),
            (
                "WITH gone AS (DELETE FROM t WHERE id = 1 RETURNING *) SELECT * FROM gone",
                ["delete public.t()", "select public.t(*,id)"]
            ),
            ("TRUNCATE a, b.c", ["truncate public.a()", "truncate b.c()"]),
            ("COPY t (a) TO STDOUT", ["copy-out public.t(a)"]),
            ("COPY t TO STDOUT", ["copy-out public.t(*)"]),
            ("COPY t FROM STDIN", ["copy-in public.t()"]),
            ("COPY t FROM '/etc/passwd'", ["copy-file server", "copy-in public.t()"]),
            ("COPY t TO PROGRAM 'sh'", ["copy-program server", "copy-out public.t(*)"]),
            (
                "COPY (DELETE FROM t RETURNING a) TO STDOUT",
                ["copy-out session", "delete public.t()", "select public.t(a)"]
            ),
            ("SELECT a INTO u FROM t", ["select public.t(a)", "ddl public.u()", "insert public.u()"]),
            ("CREATE TABLE u AS SELECT a FROM t", ["select public.t(a)", "ddl public.u()", "insert public.u()"]),
            ("EXPLAIN DELETE FROM t", ["explain session", "select public.t()"]),
            ("EXPLAIN (ANALYZE) DELETE FROM t", ["explain session", "delete public.t()"]),
            ("SET ROLE admin", ["set-role admin"]),
            ("SET SESSION AUTHORIZATION bob", ["set-role bob"]),
            ("RESET ROLE", ["set-role none"]),
            ("SET search_path = evil", ["set session"]),
            ("SELECT set_config('role', 'admin', false)", ["set session"]),
            ("SELECT pg_read_file('/etc/passwd')", ["call pg_read_file"]),
            ("SELECT x.pg_read_file('/etc/passwd')", ["call x.pg_read_file"]),
            ("SELECT * FROM pg_ls_dir('.')", ["call pg_ls_dir"]),
            ("SELECT pg_catalog.pg_terminate_backend(1)", ["call pg_catalog.pg_terminate_backend"]),
            ("SELECT x FROM t WHERE lo_unlink(3) = 1", ["select public.t(x)", "call lo_unlink"]),
            ("CALL close_books(2026)", ["call close_books"]),
            ("GRANT SELECT ON t TO bob", ["grant public.t()"]),
            ("GRANT admin TO bob", ["grant admin"]),
            ("DROP TABLE a.b, c", ["ddl a.b()", "ddl public.c()"]),
            ("ALTER TABLE t ADD COLUMN x int", ["ddl public.t()"]),
            ("CREATE VIEW v AS SELECT ssn FROM customers", ["ddl public.v()", "select public.customers(ssn)"]),
            ("CREATE INDEX ON t (a)", ["ddl public.t()"]),
            ("ALTER SYSTEM SET fsync = off", ["alter-system server"]),
            ("VACUUM t", ["maintain public.t()"]),
            ("LOCK TABLE t", ["lock public.t()"]),
            ("REFRESH MATERIALIZED VIEW m", ["refresh public.m()"]),
            ("NOTIFY c, 'x'", ["notify session"]),
            ("SELECT relname FROM pg_class", ["select pg_catalog.pg_class(relname)"]),
            // It may be of the system's schema, and anybody can make one of that name.
            ("SELECT a FROM pg_salaries", ["select pg_catalog.pg_salaries(a)", "select public.pg_salaries(a)"]),
            ("DELETE FROM public.pg_class", ["delete public.pg_class()"]),
        ] as [(String, [String])])
    func effects(_ text: String, _ expected: [String]) {
        #expect(Reading.effects(text) == Set(expected))
        #expect(!Reading.isOpaque(text))
    }

    @Test("a name without a schema is every table that it can mean")
    func searchPath() {
        var reading = Reading()
        reading.settings.searchPath = ["mine", "public"]
        let shown = reading.statements("DELETE FROM t WHERE id = 1").flatMap(\.effects).map(\.shown)
        #expect(Set(shown) == ["delete mine.t()", "delete public.t()", "select mine.t(id)", "select public.t(id)"])
    }

    @Test(
        "what may leave other tables and views behind is known",
        arguments: [
            ("CREATE VIEW v AS SELECT 1", true), ("DROP TABLE t", true), ("DO $$BEGIN END$$", true), ("CALL p()", true),
            ("COMMIT PREPARED 'x'", true), ("CREATE TEMP TABLE t (x int)", true), ("SELECT 1 AS a INTO TEMP t", true),
            ("CREATE INDEX i ON t (x)", false), ("SELECT 1", false), ("COMMIT", false),
            ("INSERT INTO t VALUES (1)", false),
        ])
    func definitions(text: String, expected: Bool) {
        #expect(Reading.statement(text)?.mayChangeDefinitions == expected)
    }

    @Test("where the path has the system's schema behind others, its names may mean other tables")
    func systemBehindOthers() {
        var reading = Reading()
        reading.settings.searchPath = ["public", "pg_catalog"]
        let shown = reading.statements("SELECT relname FROM pg_class").flatMap(\.effects).map(\.shown)
        #expect(Set(shown) == ["select public.pg_class(relname)", "select pg_catalog.pg_class(relname)"])
        // As it is told where temporary tables are searched for last.
        reading.settings.searchPath = ["pg_catalog", "public", "pg_temp_3"]
        let usual = reading.statements("SELECT relname FROM pg_class").flatMap(\.effects).map(\.shown)
        #expect(usual == ["select pg_catalog.pg_class(relname)"])
    }

    @Test("a statement that is read again has the same digest, so that an approval fits it")
    func digest() {
        let texts = [
            "SELECT a.x, b.y, c.z, d.u, e.v, f.w FROM a, b, c, d, e, f WHERE a.x = b.y AND c.z = d.u AND e.v = f.w",
            "INSERT INTO a SELECT b.*, c.*, d.x FROM b, c, d WHERE b.i = (SELECT max(e.i) FROM e)",
        ]
        for text in texts {
            let digests = (0..<20).map { _ in
                Reading.statement(text).map { Command($0.form, text: text).digest(target: "t") }
            }
            #expect(Set(digests).count == 1, "\(text)")
        }
    }

    @Test(
        "a statement with a name that another text could be taken for is not read",
        arguments: [
            "SELECT * FROM cafe\u{301}", "SELECT \u{212a} FROM t", "SELECT 1 \u{37e}DELETE FROM t",
            #"SELECT U&"\212A" FROM t"#, "WITH \"\u{212a}\" AS (SELECT 1) SELECT * FROM \"K\"",
            "PREPARE cafe\u{301} AS SELECT 1", "DECLARE \"A\u{30a}\" CURSOR FOR SELECT 1",
        ])
    func normalForm(_ text: String) {
        #expect(Reading.isOpaque(text))
    }

    @Test("other alphabets are read, and values are read in any form")
    func alphabets() {
        for text in [
            "SELECT caf\u{e9}, \"größe\", имя FROM данные", "SELECT * FROM t WHERE n = 'cafe\u{301} \u{212a}'",
            "INSERT INTO t VALUES (E'A\u{30a}', $$\u{37e}$$)",
        ] {
            #expect(!Reading.isOpaque(text), "\(text)")
        }
    }

    @Test("texts that only look alike are read each for itself")
    func alike() {
        var reading = Reading()
        let decomposed = "SELECT 'cafe\u{301}' FROM t"
        let composed = "SELECT 'caf\u{e9}' FROM t"
        #expect(decomposed == composed)
        _ = reading.statements(decomposed)
        #expect(reading.statements(composed).first?.range == 0..<composed.utf8.count)
    }
}
