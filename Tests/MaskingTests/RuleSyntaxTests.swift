import Testing

@testable import Masking

@Suite("Rule syntax")
struct RuleSyntaxTests {
    @Test(
        "transforms are read and written alike",
        arguments: [
            ("redact", .redact), ("keep-last 4", .keepLast(4)), ("keep-first 1", .keepFirst(1)), ("null", .null),
            ("replace not shown", .replace("not shown")), ("pseudonym", .pseudonym),
        ] as [(String, Transform)])
    func transforms(text: String, expected: Transform) throws {
        #expect(try Transform(parsing: text) == expected)
        #expect("\(expected)" == text)
    }

    @Test(
        "transforms that do not parse say what would",
        arguments: [
            ("keep-last", "needs a number of characters from 1 to 64"),
            ("keep-last 0", "needs a number of characters from 1 to 64"),
            ("keep-first 65", "needs a number of characters from 1 to 64"),
            ("keep-last x", "needs a number of characters from 1 to 64"),
            ("redact it", "redact takes nothing more"), ("replace", "replace needs a text, e.g. \"replace hidden\""),
            ("replace a\nb", "a replacement has at most 256 bytes and no control characters"),
            ("hide", "no such transform; there are redact, keep-last N, keep-first N, replace TEXT, null, pseudonym"),
            ("", "no such transform; there are redact, keep-last N, keep-first N, replace TEXT, null, pseudonym"),
        ])
    func badTransforms(text: String, message: String) {
        #expect(throws: MaskingSyntaxError(text: text, message: message)) { try Transform(parsing: text) }
    }

    @Test(
        "paths are read step by step",
        arguments: [
            ("$", []), ("$.a", [("a", false)]), ("$.a.b-c_1", [("a", false), ("b-c_1", false)]),
            ("$..x", [("x", true)]),
            ("$['x y'].z", [("x y", false), ("z", false)]), ("$[\"it's\"]", [("it's", false)]),
            (#"$['it\'s']"#, [("it's", false)]),
            ("$.ä", [("ä", false)]), ("$..['a']", [("a", true)]),
        ] as [(String, [(String, Bool)])])
    func paths(text: String, expected: [(String, Bool)]) throws {
        let steps = try JSONPath(parsing: text).steps
        #expect(steps == expected.map { JSONPath.Step(child: .name($0.0), isDescendant: $0.1) })
        #expect("\(try JSONPath(parsing: text))" == text)
    }

    @Test("indices and wildcards are steps too")
    func otherSteps() throws {
        #expect(
            try JSONPath(parsing: "$[0][*].*..[3]..*").steps == [
                JSONPath.Step(child: .index(0), isDescendant: false), JSONPath.Step(child: .any, isDescendant: false),
                JSONPath.Step(child: .any, isDescendant: false), JSONPath.Step(child: .index(3), isDescendant: true),
                JSONPath.Step(child: .any, isDescendant: true),
            ])
    }

    @Test(
        "paths that do not parse say why",
        arguments: [
            ("a.b", "a path starts with $"), ("", "a path starts with $"), ("$a", "expected . or [ before \"a\""),
            ("$.", "expected a name after the dot; write other names as ['…']"),
            ("$..", "expected a name after the dot; write other names as ['…']"),
            ("$.a b", "expected a name after the dot; write other names as ['…']"),
            ("$...a", "expected a name after the dot; write other names as ['…']"),
            ("$.1", "expected a name after the dot; write other names as ['…']"),
            ("$[", "a [ is not closed"), ("$['a", "a quote is not closed"),
            ("$['a'", "a [ is not closed: one quoted name, index or * stands in brackets (no slices or filters)"),
            ("$[0:2]", "a [ is not closed: one quoted name, index or * stands in brackets (no slices or filters)"),
            ("$[-1]", "expected a quoted name, an index from 0 or * in the brackets"),
            ("$[?@.a]", "expected a quoted name, an index from 0 or * in the brackets"),
            ("$[01]", "expected a quoted name, an index from 0 or * in the brackets"),
            (#"$['\n']"#, "only the quote and \\ can be escaped"),
            ("$" + String(repeating: ".a", count: 33), "at most 32 steps"),
        ])
    func badPaths(text: String, message: String) {
        #expect(throws: MaskingSyntaxError(text: text, message: message)) { try JSONPath(parsing: text) }
    }

    @Test(
        "field patterns match whole names in any case",
        arguments: [
            ("ssn", "SSN", true), ("ssn", "ssn2", false), ("*ssn", "my_SSN", true), ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("?sn", "ssn", true), ("?sn", "sn", false), ("*", "", true), ("a*", "", false), ("**", "x", true),
            ("a*a", "a", false), ("*ab", "aab", true),
        ])
    func patterns(pattern: String, name: String, expected: Bool) throws {
        let compiled = try #require(FieldPattern(pattern))
        #expect(Array(name.utf8).withUnsafeBytes { compiled.matches($0) } == expected)
    }

    @Test(
        "content types say how an answer is read, or that it cannot be",
        arguments: [
            ("application/json", .json), ("Application/JSON; charset=UTF-8", .json),
            ("application/problem+json", .json), ("text/plain", .text),
            ("text/html; charset=\"iso-8859-1\"", .text), ("text/event-stream", .serverSentEvents),
            ("application/x-ndjson", .ndjson),
            ("application/atom+xml", .text), ("text/plain;charset=utf-16", nil),
            ("application/json; charset=iso-8859-1", nil),
            ("text/plain; charset=utf-7", nil), ("application/octet-stream", nil), ("image/png", nil), ("", nil),
            (nil, nil), ("text/csv", .text),
            ("application/pdf", nil), ("multipart/form-data; boundary=x", nil),
        ] as [(String?, MaskedFormat?)])
    func contentTypes(type: String?, expected: MaskedFormat?) {
        #expect((try? MaskedFormat(contentType: type)) == expected)
    }
}
