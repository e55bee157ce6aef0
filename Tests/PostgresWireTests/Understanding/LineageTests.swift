import Testing

@testable import PostgresWire

@Suite("What the columns of a result are computed from")
struct LineageTests {
    private static let tables = ["customers": ["id", "name", "ssn"], "scratch": ["id", "note"]]

    /// `t.c`, `t.*`, `f()` and `?`, sorted, a text for each column of the result.
    private static func shown(_ columns: [Set<ColumnReference>]) -> [String] {
        columns.map { references in
            references.compactMap { reference in
                switch reference {
                case .column(let relation, let name): "\(relation.name).\(name)"
                // The column of the same name stands beside it.
                case .field: nil
                case .wholeRow(let relation): "\(relation.name).*"
                case .function(let name): "\(name.name)()"
                case .anything: "?"
                }
            }.sorted().joined(separator: " ")
        }
    }

    @Test(
        "is read from the parse tree, and more rather than less",
        arguments: [
            ("SELECT id, ssn AS name FROM customers", ["customers.id", "customers.ssn"]),
            ("SELECT * FROM customers", ["customers.id", "customers.name", "customers.ssn"]),
            (
                "SELECT 1, s.*, c.name FROM scratch s, customers c",
                ["", "scratch.id", "scratch.note", "customers.name"]
            ),
            ("SELECT upper(ssn) || name FROM customers", ["customers.name customers.ssn upper()"]),
            ("SELECT y FROM (SELECT ssn, name FROM customers) AS s(x, y)", ["customers.name"]),
            ("SELECT * FROM (SELECT ssn FROM customers) AS s", ["customers.ssn"]),
            ("WITH x AS (SELECT ssn AS y FROM customers) SELECT y, 1 FROM x", ["customers.ssn", ""]),
            (
                "WITH RECURSIVE x(y) AS (SELECT ssn FROM customers UNION SELECT y FROM x) SELECT y FROM x",
                ["customers.ssn"]
            ),
            ("SELECT name FROM customers UNION SELECT note FROM scratch", ["customers.name scratch.note"]),
            ("SELECT (SELECT ssn FROM customers LIMIT 1), note FROM scratch", ["customers.ssn", "scratch.note"]),
            ("VALUES ((SELECT ssn FROM customers), 2)", ["customers.ssn", ""]),
            ("SELECT c FROM customers c", ["customers.* customers.c"]),
            ("UPDATE customers SET name = 'x' RETURNING ssn", ["customers.ssn"]),
            (
                "SELECT a.* FROM (customers JOIN scratch ON true) AS a",
                [
                    "customers.id", "customers.name", "customers.ssn", "scratch.id", "scratch.note",
                ]
            ),
            // USING gives fewer columns than both have: each can be any of them.
            ("SELECT * FROM customers JOIN scratch USING (id)", Array(repeating: "customers.* scratch.*", count: 4)),
            ("SELECT 1, t.* FROM unknown t", ["", "unknown.*", "unknown.*"]),
            ("SELECT x FROM my_function() AS x", ["my_function()"]),
            ("SELECT query_to_xml('SELECT 1', true, true, '')", ["?"]),
        ])
    func columns(text: String, expected: [String]) throws {
        let statement = try #require(Reading.statement(text))
        let columns = statement.lineage.columns(expected.count) { Self.tables[$0.name] }
        let found = Self.shown(columns)
        for (found, expected) in zip(found, expected) {
            #expect(Set(expected.split(separator: " ")).isSubset(of: Set(found.split(separator: " "))), "\(found)")
            if expected.isEmpty { #expect(found.isEmpty) }
        }
        #expect(found.count == expected.count)
    }

    @Test(
        "a copy is one, wherever it goes",
        arguments: [
            ("INSERT INTO scratch SELECT id, ssn FROM customers", true),
            ("CREATE TABLE t AS SELECT ssn FROM customers", true),
            ("SELECT ssn INTO t FROM customers", true), ("UPDATE customers SET name = ssn", true),
            ("UPDATE customers SET ssn = trim(ssn)", false),
            ("UPDATE customers SET name = upper(name) WHERE ssn = 'x'", false),
            ("COPY customers TO PROGRAM 'sh'", true), ("COPY customers TO STDOUT", false),
            ("SELECT set_config('a.b', ssn, false) FROM customers", true),
            ("SELECT pg_notify('a', ssn) FROM customers", true),
            ("ALTER TABLE customers RENAME ssn TO x", true), ("ALTER TABLE customers SET SCHEMA s", true),
            ("ALTER TABLE customers ALTER name TYPE text USING ssn", true),
            ("ALTER TABLE customers ADD x text GENERATED ALWAYS AS (ssn) STORED", true),
            ("ALTER TABLE customers ADD y int DEFAULT 3", false), ("CREATE VIEW v AS SELECT ssn FROM customers", false),
            ("SELECT ssn FROM customers", false),
        ])
    func stored(text: String, isStored: Bool) throws {
        let statement = try #require(Reading.statement(text))
        let stored = statement.stored.contains {
            switch $0 {
            case .column(let relation, "ssn"), .wholeRow(let relation): relation.name == "customers"
            default: false
            }
        }
        #expect(stored == isStored, "\(statement.stored)")
    }
}
