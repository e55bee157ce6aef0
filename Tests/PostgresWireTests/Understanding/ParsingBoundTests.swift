import Testing

@testable import PostgresWire

/// A text that is too deep would end the whole program: that this suite ends is what it shows.
@Suite("Statements that nest deeply, and long ones")
struct ParsingBoundTests {
    private static func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

    /// Every way in which PostgreSQL's grammar nests, `count` deep.
    private static func nested(_ count: Int) -> [String] {
        [
            "SELECT 1" + repeated("+1", count), "SELECT " + repeated("- ", count) + "1",
            "SELECT " + repeated("(SELECT ", count) + "1" + repeated(")", count),
            "SELECT " + repeated("f(1,", count) + "1" + repeated(")", count), "SELECT 1" + repeated("+f(1,1)", count),
            "SELECT 1" + repeated(" UNION SELECT 1, 2", count), "SELECT 1" + repeated("::text", count),
            "SELECT 1 FROM a" + repeated(" JOIN b ON x AND y", count),
            "SELECT " + repeated("CASE WHEN a AND b THEN ", count) + "1" + repeated(" END", count),
            "SELECT 1" + repeated(" BETWEEN 1 AND 2 IS NULL", count), "SELECT " + repeated("NOT ", count) + "true",
            "SELECT " + repeated("(a OR b AND ", count) + "c" + repeated(")", count),
            "SELECT a$b$" + repeated("+1", count) + "+a$b$", "SELECT E'\\'' " + repeated("+1", count) + " + E'\\''",
            "SELECT '''' /* ' */ " + repeated("+1", count) + " -- '", "SELECT \"'\"" + repeated("+1", count) + "+\"'\"",
            "SELECT 1" + repeated(" COLLATE x", count),
            "SELECT " + repeated("ARRAY[", count) + "1" + repeated("]", count),
            "SELECT 1 FROM " + repeated("(SELECT 1 FROM ", count) + "a" + repeated(") b", count),
            repeated("WITH x AS (", count) + "SELECT 1" + repeated(") SELECT 1", count),
            "SELECT " + repeated("CASE WHEN a OR b AND c THEN ", count) + "1" + repeated(" END", count),
            "SELECT (a)" + repeated(".b.c[1]", count), "SELECT 1" + repeated(" IS NULL", count),
        ]
    }

    @Test("are not read, and cost nothing", arguments: [2_000, 20_000])
    func tooDeep(count: Int) {
        for text in Self.nested(count) { #expect(Reading.isOpaque(text), "\(text.prefix(60))") }
    }

    @Test("are read as far as they may go", arguments: [10, 90])
    func deep(count: Int) {
        for text in Self.nested(count) { #expect(!Reading.isOpaque(text), "\(text.prefix(60))") }
    }

    @Test("whatever may pass can be read without harm")
    func limit() {
        for kind in Self.nested(1).indices {
            // The deepest of its kind that the bound lets pass.
            var (deepest, tooDeep) = (1, 1001)
            while tooDeep - deepest > 1 {
                let middle = (deepest + tooDeep) / 2
                let isTooDeep = ParsingBound.fault(of: Array(Self.nested(middle)[kind].utf8)) != nil
                if isTooDeep { tooDeep = middle } else { deepest = middle }
            }
            #expect(deepest > 100)
            _ = Reading.isOpaque(Self.nested(deepest)[kind])
        }
    }

    @Test("what is only long is read")
    func long() {
        let rows = (0..<5_000).map { "(\($0), 'x', now())" }.joined(separator: ", ")
        let ids = (0..<10_000).map { "\($0)" }.joined(separator: ",")
        let conditions = (0..<5_000).map { "(id = \($0) AND n > 1)" }.joined(separator: " OR ")
        let open = Self.repeated("((+", 50_000)
        let texts: [String] = [
            "INSERT INTO a VALUES \(rows)", "SELECT 1 FROM a WHERE id IN (\(ids))",
            "SELECT 1 FROM a WHERE \(conditions)",
            Self.repeated("SELECT 1 + 1; ", 5_000), "SELECT '\(open)'", "SELECT 1 -- \(open)", "SELECT $x$\(open)$x$",
        ]
        for text in texts {
            #expect(!Reading.isOpaque(text), "\(text.prefix(60))")
        }
    }

    @Test("a long literal is no long statement, and one of a million tokens is")
    func tokens() {
        let picture = Self.repeated("0123456789abcdef", 300_000)
        #expect(Reading.effects("INSERT INTO a VALUES (1, '\\x\(picture)')") == ["insert public.a()"])
        let most = ParsingBound.mostTokens
        for (unit, tokens) in [
            ("1,", 2), ("(1),", 4), ("a.b ,", 4), ("'x','y',", 4), ("1;", 2), ("E'x',", 2), ("<=,", 2),
        ] {
            let (few, many) = (most / tokens - 4, most / tokens + 4)
            #expect(ParsingBound.fault(of: Array("SELECT \(Self.repeated(unit, few))1".utf8)) == nil, "\(unit)")
            #expect(ParsingBound.fault(of: Array("SELECT \(Self.repeated(unit, many))1".utf8)) != nil, "\(unit)")
        }
    }
}
