import Foundation
import Testing

/// Ways to read what a masking rule hides. Each is tried on a direct connection too, where it must show something: no
/// line of that may come through the gateway.
@Suite("Masked columns, whatever a statement does, end to end", .serialized)
struct MaskingBypassTests {
    private static let policy = """
        @id("everything") @mask("customer-pii")
        permit (principal in Group::"payments", action, resource);
        """
    private static let masking = """
                  - {column: customers.ssn, transform: keep-last 4}
                  - {column: public.customers.email, transform: redact}
                  - {detector: PAN, transform: keep-last 4}
        """
    private static let more = """
        CREATE TABLE customers_old () INHERITS (customers);
        INSERT INTO customers_old SELECT 900 + i, 'former ' || i, '536-99-000' || i, 'f' || i || '@example.com', 0
            FROM generate_series(1, 3) i;
        INSERT INTO customers_old VALUES (904, 'again', '536-99-0001', 'f904@example.com', 0);
        CREATE MATERIALIZED VIEW doubled AS SELECT id, ssn AS code, 'x'::text AS mark FROM customers
            UNION ALL SELECT id, ssn, 'x' FROM customers;
        CREATE VIEW deep AS SELECT upper(number) AS code, name FROM contacts;
        CREATE MATERIALIZED VIEW snapshot AS SELECT id, ssn AS code FROM customers;
        CREATE TYPE mood AS ENUM ('calm', 'cross');
        CREATE DOMAIN secret AS text;
        CREATE TABLE kinds (id int, feeling mood, hidden secret, tags text[], doc jsonb, day date, big bigint, share float8,
            amount numeric, key uuid, raw bytea, ok bool);
        INSERT INTO kinds VALUES (1, 'calm', 'card 4111 1111 1111 1111', ARRAY['4111111111111111', 'plain'],
            '{"card": "4111 1111 1111 1111", "n": 4111111111111111}', '2024-05-06', 4111111111111111, 4111111111111111,
            4111111111111111, '7f0c6e0a-8b3e-4a53-9b3e-0d2f6c1f7a11', '4111111111111111', true),
            (2, 'cross', 'nothing', ARRAY['a', 'b c', NULL], '{"n": 1}', '2024-05-07', 12, 1.5, 2.50,
            '7f0c6e0a-8b3e-4a53-9b3e-0d2f6c1f7a12', '\\x0102', false);
        INSERT INTO scratch VALUES (1, 'note');
        ANALYZE customers;
        """
    private static let stage = Task {
        let ledger = try await Ledger(policy: policy, masking: masking, seed: Ledger.seed + "\n" + more)
        try await ledger.server.psql("CREATE DATABASE twin TEMPLATE ledger", database: "postgres")
        return ledger
    }

    /// Of the lines that a direct connection gives, those that come through the gateway too.
    private func shared(_ commands: [String]) async throws -> (
        direct: Set<String>, through: RunningProcess.Finished, both: Set<String>
    ) {
        let ledger = try await Self.stage.value
        let arguments = ["-XqAt"] + commands.flatMap { ["-c", $0] }
        var direct = ledger.server.environment()
        direct["PGDATABASE"] = "twin"
        let psql = try Tools.system("psql")
        let one = try await RunningProcess.run(psql, arguments, environment: direct)
        let other = try await RunningProcess.run(psql, arguments, environment: ledger.environment)
        func lines(_ finished: RunningProcess.Finished) -> Set<String> {
            Set((finished.output + finished.errors).split(separator: "\n").map(String.init))
        }
        return (lines(one), other, lines(one).intersection(lines(other)))
    }

    private static let own = "FROM customers WHERE id = 7"

    @Test(
        "a masked column does not show",
        arguments: [
            ["SELECT ssn \(own)"], ["SELECT ssn AS name \(own)"], ["SELECT c.ssn FROM customers AS c WHERE id = 7"],
            ["SELECT upper(ssn) \(own)"], ["SELECT ssn || '' \(own)"], ["SELECT substr(ssn, 5) \(own)"],
            ["SELECT reverse(ssn) \(own)"], ["SELECT md5(ssn) \(own)"], ["SELECT array_agg(ssn) \(own)"],
            ["SELECT string_agg(ssn, ',') \(own)"], ["SELECT row_to_json(c) FROM customers c WHERE id = 7"],
            ["SELECT c FROM customers c WHERE id = 7"], ["SELECT customers \(own)"],
            ["SELECT to_jsonb(c) ->> 'ssn' FROM customers c WHERE id = 7"],
            ["SELECT (c).ssn FROM customers c WHERE id = 7"],
            ["SELECT (c).* FROM customers c WHERE id = 7"], ["SELECT max(ssn) \(own)"],
            ["SELECT CASE WHEN id = 7 THEN ssn END \(own)"], ["SELECT coalesce(ssn, '') \(own)"],
            ["SELECT CASE WHEN ssn LIKE '%7' THEN 'seven' END \(own)"], ["SELECT ssn = '536-22-0007' \(own)"],
            ["WITH x AS (SELECT ssn AS y \(own)) SELECT y FROM x"],
            ["WITH RECURSIVE x(y) AS (SELECT ssn \(own) UNION SELECT y FROM x) SELECT y FROM x"],
            ["SELECT y FROM (SELECT ssn \(own)) AS s(y)"], ["SELECT y FROM (SELECT name, ssn \(own)) AS s(x, y)"],
            ["SELECT ssn \(own) UNION SELECT ssn FROM customers WHERE id = 8"],
            ["SELECT note FROM scratch WHERE false UNION ALL SELECT ssn \(own)"],
            ["SELECT (SELECT ssn \(own))"], ["VALUES ((SELECT ssn \(own)))"], ["SELECT * FROM contacts WHERE id = 7"],
            ["SELECT number FROM contacts WHERE id = 7"], ["SELECT lower(number) FROM contacts WHERE id = 7"],
            ["SELECT code FROM deep WHERE name = 'customer 7'"], ["SELECT code FROM snapshot WHERE id = 7"],
            ["SELECT trim(code) FROM snapshot WHERE id = 7"], ["SELECT contacts FROM contacts WHERE id = 7"],
            ["TABLE customers"], ["COPY customers TO STDOUT"], ["COPY customers (ssn) TO STDOUT (FORMAT csv)"],
            ["COPY (SELECT ssn \(own)) TO STDOUT"],
            [#"COPY (SELECT ssn, NULL FROM customers WHERE id IN (6, 7) ORDER BY id) TO STDOUT (NULL '\')"#],
            ["COPY (SELECT * FROM contacts) TO STDOUT (FORMAT csv, FORCE_QUOTE *)"],
            ["COPY (SELECT upper(ssn) AS x, id \(own)) TO STDOUT"], ["TABLE snapshot"],
            ["UPDATE customers SET name = name WHERE id = 7 RETURNING ssn"],
            ["BEGIN", "DELETE FROM customers WHERE id = 7 RETURNING ssn", "ROLLBACK"],
            ["WITH x AS (UPDATE customers SET name = name WHERE id = 7 RETURNING ssn) SELECT * FROM x"],
            ["BEGIN", "DECLARE k CURSOR FOR SELECT ssn \(own)", "FETCH k"],
            [
                "BEGIN", "DECLARE k CURSOR FOR SELECT ssn \(own)", "FETCH ALL FROM k", "MOVE BACKWARD ALL FROM k",
                "FETCH 1 FROM k",
            ],
            ["PREPARE p AS SELECT ssn \(own)", "EXECUTE p"], ["PREPARE p AS SELECT upper(ssn) \(own); EXECUTE p"],
            ["SELECT ssn::bytea \(own)"], ["SELECT encode(ssn::bytea, 'hex') \(own)"],
            ["SELECT xmlelement(name x, ssn) \(own)"], ["SELECT query_to_xml('SELECT ssn \(own)', true, true, '')"],
            ["SELECT json_build_object('a', ssn) \(own)"], ["SELECT jsonb_agg(c) FROM customers c WHERE id = 7"],
            ["SELECT unnest(ARRAY[ssn]) \(own)"], ["SELECT regexp_matches(ssn, '.*') \(own)"],
            ["SELECT string_to_table(ssn, '-') \(own) LIMIT 1"], ["SELECT format('%s', ssn) \(own)"],
            ["SELECT s.x FROM customers, LATERAL (SELECT ssn AS x) s WHERE id = 7"],
            ["SELECT x FROM customers, unnest(string_to_array(ssn, '-')) AS x WHERE id = 7 AND x LIKE '5%'"],
            ["SELECT ssn COLLATE \"C\" \(own)"], ["SELECT first_value(ssn) OVER () \(own)"],
            ["SELECT DISTINCT ssn \(own)"], ["SELECT ssn \(own) GROUP BY ssn"],
            ["SELECT ssn FROM ONLY customers WHERE id = 7"],
            ["SELECT ssn FROM customers_old WHERE id = 901"], ["SELECT concat(ssn) FROM customers_old WHERE id = 901"],
            ["SELECT ssn FROM ledger.public.customers WHERE id = 7", "SELECT public.customers.ssn \(own)"],
            ["SELECT \"customers\".\"ssn\" \(own)"], ["SELECT U&\"\\0073sn\" \(own)"],
            ["SELECT/**/ssn/* x */\(own) -- ' "],
            ["SELECT * FROM customers NATURAL JOIN snapshot WHERE id = 7"],
            ["SELECT * FROM customers JOIN contacts USING (id) WHERE id = 7"],
            [
                "SELECT a.* FROM (customers JOIN scratch USING (id)) AS a LIMIT 1",
                "SELECT number FROM contacts WHERE id = 7",
            ],
            [
                "SELECT v \(own.replacing("customers", with: "customers c, jsonb_each_text(to_jsonb(c)) AS j(k, v)")) AND k = 'ssn'"
            ],
            ["SELECT name FROM (SELECT ssn AS name \(own)) customers"],
            ["SELECT a FROM customers AS c(x, y, a) WHERE x = 7"],
            ["SELECT string_agg(x, '') FROM regexp_split_to_table((SELECT ssn \(own)), '') AS x"],
            ["SELECT email \(own)"], ["SELECT split_part(email, '@', 1) \(own)"],
        ])
    func hidden(_ commands: [String]) async throws {
        let (direct, through, both) = try await shared(commands)
        #expect(!direct.isEmpty, "a direct connection shows nothing either: the case is worth nothing")
        #expect(both.isEmpty, "\(both) of \(through)")
    }

    @Test(
        "a masked column does not show where it was copied to, nor in errors, notices and statistics",
        arguments: [
            ["SELECT ssn::regclass \(own)"], ["SELECT current_setting(ssn) \(own)"],
            ["SELECT ssn::date \(own)"], ["SELECT ssn::int \(own)"], ["SELECT ('{' || ssn)::json \(own)"],
            ["UPDATE customers SET id = NULL WHERE id = 7"], ["CREATE UNIQUE INDEX ON doubled (code)"],
            ["CREATE UNIQUE INDEX ON customers_old (ssn)"], ["CREATE UNIQUE INDEX ON doubled (mark, code)"],
            ["CREATE UNIQUE INDEX ON doubled (lower(code))"],
            ["CREATE TEMP TABLE t AS SELECT ssn AS note \(own)", "SELECT note FROM t"],
            ["SELECT ssn AS note INTO TEMP t \(own)", "SELECT note FROM t"],
            [
                "CREATE TEMP TABLE t (note text)",
                "INSERT INTO t SELECT number FROM contacts WHERE id = 7 RETURNING note",
            ],
            ["INSERT INTO scratch SELECT id, ssn \(own) RETURNING note"],
            ["UPDATE scratch SET note = (SELECT ssn \(own)) WHERE id = 1 RETURNING note"],
            ["UPDATE scratch SET note = ssn FROM customers c WHERE c.id = 7 AND scratch.id = 1 RETURNING note"],
            ["BEGIN", "UPDATE customers SET name = ssn WHERE id = 7 RETURNING name", "ROLLBACK"],
            [
                "MERGE INTO scratch USING customers c ON scratch.id = 1 AND c.id = 7 WHEN MATCHED AND c.id = 7 THEN UPDATE SET note = ssn",
                "SELECT note FROM scratch WHERE id = 1",
            ],
            ["CREATE TEMP VIEW v AS SELECT ssn AS note \(own)", "SELECT note FROM v"],
            ["CREATE TEMP VIEW v AS SELECT ssn AS note \(own)", "SELECT upper(note) FROM v"],
            ["CREATE TEMP VIEW scratch AS SELECT id, ssn AS note \(own)", "SELECT upper(note) FROM scratch"],
            [
                "BEGIN", "CREATE OR REPLACE VIEW contacts AS SELECT id, ssn AS name, name AS number FROM customers",
                "SELECT name FROM contacts WHERE id = 7", "ROLLBACK",
            ],
            ["BEGIN", "ALTER TABLE customers RENAME COLUMN ssn TO x", "SELECT x \(own)", "ROLLBACK"],
            ["SELECT set_config('x.y', ssn, false) \(own)", "SELECT current_setting('x.y')"],
            ["DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn \(own)); END $$"],
            ["DO $$ BEGIN RAISE EXCEPTION '%', (SELECT ssn \(own)); END $$"],
            [
                "CREATE FUNCTION pg_temp.leak() RETURNS text LANGUAGE sql AS 'SELECT ssn \(own)'",
                "SELECT pg_temp.leak()",
            ],
            [
                "CREATE OR REPLACE FUNCTION leak() RETURNS SETOF text LANGUAGE sql AS 'SELECT ssn \(own)'",
                "SELECT leak()",
            ],
            ["SELECT * FROM leak()"], ["SELECT x FROM leak() AS x"], ["SELECT upper(leak())"],
            ["SELECT histogram_bounds::text FROM pg_stats WHERE tablename = 'customers' AND attname = 'ssn'"],
            ["SELECT stavalues1 FROM pg_statistic WHERE starelid = 'customers'::regclass AND staattnum = 3"],
            [
                "CREATE TABLE everyone (LIKE customers)", "ALTER TABLE customers INHERIT everyone",
                "SELECT ssn FROM everyone WHERE id = 7", "ALTER TABLE customers NO INHERIT everyone",
                "DROP TABLE everyone",
            ],
            [
                "ALTER TABLE customers RENAME COLUMN ssn TO harmless", "SELECT harmless \(own)",
                "ALTER TABLE customers RENAME COLUMN harmless TO ssn",
            ],
            [
                "ALTER TABLE customers RENAME TO people", "SELECT ssn FROM people WHERE id = 7",
                "ALTER TABLE people RENAME TO customers",
            ],
            [
                "ALTER TABLE customers_old ADD COLUMN harmless text GENERATED ALWAYS AS (ssn) STORED",
                "SELECT harmless FROM customers_old", "ALTER TABLE customers_old DROP COLUMN harmless",
            ],
            [
                "BEGIN", "ALTER TABLE customers_old ALTER COLUMN name TYPE text USING ssn",
                "SELECT name FROM customers_old", "ROLLBACK",
            ],
            [
                "CREATE FUNCTION pg_temp.copy() RETURNS text LANGUAGE sql AS 'INSERT INTO scratch SELECT 5, ssn \(own) RETURNING note'",
                "SELECT pg_temp.copy()", "SELECT note FROM scratch WHERE id = 5",
            ],
            ["DO $$ BEGIN PERFORM set_config('x.z', ssn, false) \(own); END $$", "SELECT current_setting('x.z')"],
            ["SELECT convert_from(lo_get(lo_from_bytea(0, ssn::bytea)), 'UTF8') \(own)"],
            ["LISTEN a", "SELECT pg_notify('a', ssn) \(own)"],
            ["COPY customers TO PROGRAM 'cat >&2'", "SELECT ssn \(own)"],
            ["SELECT card FROM secrets"], ["SELECT 'see ' || card || ' there' FROM secrets"],
            ["SELECT replace(card, ' ', '')::bigint FROM secrets"], ["SELECT ARRAY[card, 'x'] FROM secrets"],
            ["SELECT json_build_object('a', card) FROM secrets"], ["COPY secrets TO STDOUT"],
            ["SELECT card::bytea FROM secrets"], ["SELECT replace(card, ' ', '')::numeric FROM secrets"],
            ["DO $$ BEGIN RAISE NOTICE '%', (SELECT card FROM secrets); END $$"], ["SELECT card::int FROM secrets"],
            ["SELECT doc FROM kinds WHERE id = 1"], ["SELECT tags FROM kinds WHERE id = 1"],
            ["SELECT hidden FROM kinds WHERE id = 1"], ["SELECT big FROM kinds WHERE id = 1"],
            ["SELECT raw FROM kinds WHERE id = 1"], ["SELECT (1, hidden)::text FROM kinds WHERE id = 1"],
            ["SELECT amount, share FROM kinds WHERE id = 1"],
        ])
    func aroundCorners(_ commands: [String]) async throws {
        let (direct, through, both) = try await shared(commands)
        #expect(!direct.isEmpty, "a direct connection shows nothing either: the case is worth nothing")
        // What an error says besides the value is the same.
        let telling = both.filter { line in
            ["536-", "@example", "4111"].contains { line.contains($0) }
                || !["ERROR:", "HINT:", "CONTEXT:", "LINE ", "note"].contains { line.hasPrefix($0) }
        }
        #expect(telling.isEmpty, "\(telling) of \(through)")
        // Longer than what the identifier of a refused command may hold by chance.
        for number in ["536-22-", "536-99-"] {
            #expect(!through.output.contains(number) && !through.errors.contains(number), "\(through)")
        }
    }

    @Test(
        "what only looks like it comes through as it is",
        arguments: [
            ["SELECT id, name \(own)"], ["SELECT name FROM customers WHERE ssn = '536-22-0007'"],
            ["SELECT count(*) FROM customers WHERE ssn LIKE '536%'"],
            ["SELECT name FROM customers ORDER BY ssn LIMIT 3"],
            ["SELECT 'ssn' AS ssn"], ["SELECT note AS ssn FROM scratch WHERE id = 1"], ["SELECT 1 AS number"],
            ["SELECT name, id FROM contacts WHERE id = 7"], ["SELECT upper(name) FROM contacts WHERE id = 7"],
            ["SELECT name FROM deep LIMIT 2"], ["SELECT id FROM snapshot ORDER BY id LIMIT 2"],
            ["COPY scratch TO STDOUT"], ["COPY customers (id, name) TO STDOUT"],
            ["COPY customers (name) TO STDOUT (FORMAT csv, HEADER)"],
            ["COPY (SELECT id, name \(own)) TO STDOUT"], ["COPY (SELECT upper(name) FROM contacts) TO STDOUT"],
            ["UPDATE customers SET name = name WHERE id = 7 RETURNING id, name"],
            ["BEGIN", "DECLARE k CURSOR FOR SELECT name \(own)", "FETCH k", "COMMIT"],
            ["PREPARE p AS SELECT name \(own)", "EXECUTE p"], ["SELECT row_to_json(s) FROM scratch s WHERE id = 1"],
            ["SELECT s FROM scratch s WHERE id = 1"],
            ["SELECT array_agg(name ORDER BY id) FROM customers WHERE id < 4"],
            ["WITH x AS (SELECT name AS ssn \(own)) SELECT ssn FROM x"],
            ["SELECT y FROM (SELECT ssn, name \(own)) AS s(x, y)"],
            ["SELECT name FROM customers WHERE id = 7 UNION SELECT note FROM scratch WHERE id = 1 ORDER BY 1"],
            ["SELECT c.name, s.note FROM customers c JOIN scratch s ON s.id = 1 WHERE c.id = 7"],
            ["SELECT id, balance \(own)"], ["SELECT now() IS NOT NULL, pg_catalog.lower('ABC')"],
            ["SELECT 4111111111111112"],
            ["SELECT '4111 1111 1111 1112'"],
            ["SELECT id, feeling, day, share, amount, key, ok FROM kinds WHERE id = 2"],
            ["SELECT tags, doc, raw, hidden FROM kinds WHERE id = 2"], ["SELECT generate_series(1, 3)"],
            ["SHOW server_version"],
            ["SELECT relname FROM pg_class WHERE relname = 'customers'"], ["\\d customers"],
            ["EXPLAIN (COSTS OFF) SELECT ssn FROM customers"],
            ["UPDATE customers SET id = 7 WHERE id = 8"], ["CREATE UNIQUE INDEX ON doubled (mark)"],
            ["SELECT nothing \(own)"], ["SELECT 1 / 0"],
            ["CREATE TEMP TABLE t AS SELECT id, name AS ssn \(own)", "SELECT ssn FROM t"],
            ["CREATE TEMP VIEW v AS SELECT name AS note \(own)", "SELECT upper(note) FROM v"],
        ])
    func harmless(_ commands: [String]) async throws {
        let ledger = try await Self.stage.value
        let arguments = ["-XqAt"] + commands.flatMap { ["-c", $0] }
        let (direct, through) = try await ledger.both(try Tools.system("psql"), arguments)
        #expect(direct.output == through.output)
        #expect(direct.errors == through.errors)
    }
}
