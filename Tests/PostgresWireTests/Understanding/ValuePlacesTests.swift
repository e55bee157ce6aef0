import GatewayCore
import Testing

@testable import PostgresWire

@Suite("What the values of a statement are values of")
struct ValuePlacesTests {
    /// `ssn: 'x' $2`, sorted, one for each group; `?` where it can be anything.
    private static func shown(_ statement: SQLStatement, _ text: String) -> [String] {
        let bytes = Array(text.utf8)
        return statement.namedPlaces.map { places in
            let texts = places.text.map { String(decoding: bytes[$0], as: UTF8.self) }
            let parameters = places.parameters.map { "$\($0 + 1)" }
            let names = places.names.isEmpty ? "?" : places.names.sorted().joined(separator: " ")
            return "\(names): \((texts + parameters).joined(separator: " "))"
        }.sorted()
    }

    @Test(
        "is read from where they stand, and more rather than less",
        arguments: [
            ("INSERT INTO c (id, ssn) VALUES (1, 'x'), (2, 'y')", ["id: 1 2", "ssn: 'x' 'y'"]),
            ("INSERT INTO c (id, ssn) VALUES ($1, $2::text)", ["id: $1", "ssn: $2"]),
            ("INSERT INTO c VALUES (1, 'it''s')", ["?: 1 'it''s'"]),
            ("INSERT INTO c (id, ssn) SELECT 1, 'x' FROM t WHERE n = 7", ["id: 1", "n: 7", "ssn: 'x'"]),
            ("INSERT INTO c (ssn) SELECT 'x' UNION SELECT 'y'", ["ssn: 'x' 'y'"]),
            ("INSERT INTO c (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET ssn = 'x'", ["id: 1", "ssn: 'x'"]),
            ("UPDATE c SET ssn = 'x', n = 1 WHERE id = $1", ["id: $1", "n: 1", "ssn: 'x'"]),
            ("UPDATE c SET (ssn, n) = ('x', 1)", ["n ssn: 'x' 1"]),
            ("UPDATE c SET ssn = upper('x' || $1)", ["ssn: 'x' $1"]),
            ("SELECT 1 FROM c WHERE ssn = 'x' AND n > 7", ["n: 7", "ssn: 'x'"]),
            ("SELECT 1 FROM c WHERE c.ssn IN ('x', $1) OR ssn LIKE 'y%'", ["ssn: 'x' 'y%' $1"]),
            ("SELECT 1 FROM c WHERE 'x' = ANY (ARRAY[ssn, name])", ["name ssn: 'x'"]),
            ("SELECT 1 FROM c WHERE ssn BETWEEN $1 AND $2", ["ssn: $1 $2"]),
            ("SELECT 1 FROM c WHERE lower(ssn) = lower('X')", ["ssn: 'X'"]),
            ("SELECT 1 FROM c WHERE starts_with(ssn, '53')", ["ssn: '53'"]),
            ("SELECT CASE ssn WHEN 'x' THEN 1 END FROM c", ["ssn: 'x' 1"]),
            ("SELECT 1 FROM c WHERE (id, ssn) = (1, 'x')", ["id ssn: 1 'x'"]),
            ("SELECT 1 FROM c WHERE 'x' IN (SELECT ssn FROM c)", ["ssn: 'x'"]),
            ("SELECT 1 FROM c WHERE ssn = ANY (SELECT 'x')", ["ssn: 'x'"]),
            ("SELECT 1 FROM c JOIN (VALUES ('x')) v(s) ON v.s = c.ssn", ["?: 'x'"]),
            ("WITH v AS (SELECT 'x' AS s) SELECT 1 FROM c, v WHERE ssn = s", ["?: 'x'"]),
            ("DELETE FROM c WHERE ssn = E'\\'x' OR ssn = $$y'$$ OR ssn = -1.5e-3", ["ssn: E'\\'x' $$y'$$ -1.5e-3"]),
            ("DELETE FROM c WHERE ssn = 'x'\n 'y' OR ssn = U&'z'", ["ssn: 'x'\n 'y' U&'z'"]),
            ("DELETE FROM c WHERE ssn = 'x' /* 'n' */ AND id = 1 -- 'm'", ["id: 1", "ssn: 'x'"]),
            ("SELECT 'x'::varchar(10), 5 FROM c LIMIT 3", []),
            ("EXECUTE p ('x', 7)", ["?: 'x' 7"]),
            ("PREPARE p AS INSERT INTO c (ssn, n) VALUES ($1, 'x')", ["n: 'x'", "ssn: $1"]),
            ("EXPLAIN UPDATE c SET ssn = 'x'", ["ssn: 'x'"]),
            (
                "MERGE INTO c USING t ON c.id = t.id WHEN MATCHED THEN UPDATE SET ssn = 'x' WHEN NOT MATCHED THEN "
                    + "INSERT (id, ssn) VALUES (1, 'y')", ["id: 1", "ssn: 'x' 'y'"]
            ),
        ])
    func places(text: String, expected: [String]) throws {
        let statement = try #require(Reading.statement(text))
        #expect(Self.shown(statement, text) == expected)
    }

    @Test("a statement that differs from a known one in its literals alone has its own places")
    func shapes() throws {
        var reading = Reading()
        for text in [
            "INSERT INTO c (id, ok, ssn) VALUES (-7, true, 'x')",
            "INSERT INTO c (id, ok, ssn) VALUES (-7000, true, 'it''s')",
            "INSERT INTO c (id, ok, ssn) VALUES (-8, true, '')",
        ] {
            let statement = try #require(reading.statements(text).first)
            let value = text.split(separator: "true, ").last?.dropLast() ?? ""
            #expect(Self.shown(statement, text).last == "ssn: \(value)")
        }
    }

    @Test("each statement of a query string has places in its own text")
    func several() {
        var reading = Reading()
        let statements = reading.statements("SELECT 1; UPDATE c SET ssn = 'x'; ")
        #expect(statements.count == 2 && Self.shown(statements[1], " UPDATE c SET ssn = 'x'") == ["ssn: 'x'"])
    }

    @Test("names and values in great numbers cost no more than their number")
    func large() throws {
        let names = (0..<200).map { "a\($0)" }.joined(separator: " || ")
        let values = (0..<5000).map { "'\($0)'" }.joined(separator: ", ")
        let statement = try #require(Reading.statement("SELECT 1 FROM c WHERE \(names) IN (\(values))"))
        #expect(statement.namedPlaces.map(\.names) == [[]] && statement.namedPlaces[0].text.count == 5000)
    }
}
