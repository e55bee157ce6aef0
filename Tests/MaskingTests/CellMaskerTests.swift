import NIOCore
import Testing

@testable import Masking

@Suite("Cell masker")
struct CellMaskerTests {
    private typealias Step = (inout CellMasker, UnsafeRawBufferPointer, inout ByteBuffer) throws -> CellMasker.Outcome

    /// The stand-in for `text`: `nil` where it is untouched, `NULL` where it becomes NULL.
    private static func stand(_ masker: inout CellMasker, _ text: String, _ step: Step) throws -> String? {
        var output = ByteBuffer(string: "before ")
        let outcome = try Array(text.utf8).withUnsafeBytes { try step(&masker, $0, &output) }
        switch outcome {
        case .untouched:
            #expect(output == ByteBuffer(string: "before "))
            return nil
        case .null: return "NULL"
        case .written: return String(String(buffer: output).dropFirst("before ".count))
        }
    }

    private static func masker(_ rules: [String]) throws -> CellMasker {
        try #require(CellMasker(plan: makePlan(rules)))
    }

    private static func column(_ schema: String?, _ table: String?, _ column: String?) -> ColumnOrigin {
        ColumnOrigin(schema: schema, table: table, column: column)
    }

    @Test("an empty plan has no cell masker")
    func emptyPlan() { #expect(CellMasker(plan: .none) == nil) }

    @Test(
        "the strictest of the rules that select a column decides",
        arguments: [
            (CellNames(result: "x", origins: [column("public", "customers", "ssn")]), "set/column customers.ssn"),
            (CellNames(result: "ssn"), "set/field ssn"),
            (CellNames(result: "x", origins: [column("public", "orders", "ssn")]), "set/field ssn"),
            (CellNames(result: "secret", origins: [column("public", "customers", "ssn")]), "set/field secret"),
            (CellNames(result: "x", origins: [column("a", "b", "c"), column("a", "b", "iban")]), "set/column iban"),
            (CellNames(result: "row", origins: [column("public", "orders", nil)]), "set/field secret"),
            (CellNames(result: "iban"), nil), (CellNames(result: "x"), nil),
            (CellNames(result: nil, origins: [column("public", "orders", "id")]), nil),
        ] as [(CellNames, String?)])
    func selection(names: CellNames, expected: String?) throws {
        let masker = try Self.masker([
            "field ssn: keep-last 4", "column customers.ssn: redact", "field secret: null", "column iban: keep-first 2",
        ])
        #expect(masker.rule(for: names)?.name == expected)
    }

    @Test(
        "a rule's stand-in is appended, or the value becomes NULL, and either is counted",
        arguments: [
            ("redact", "[REDACTED]"), ("keep-last 4", "*******6789"), ("keep-first 2", "12*********"),
            ("replace x", "x"), ("null", "NULL"),
        ])
    func transforms(transform: String, expected: String) throws {
        var masker = try Self.masker(["column ssn: \(transform)"])
        let rule = try #require(masker.rule(for: CellNames(result: nil, origins: [Self.column(nil, nil, "ssn")])))
        for _ in 0..<3 {
            #expect(try Self.stand(&masker, "123-45-6789") { $0.apply(rule, to: $1, into: &$2) } == expected)
        }
        #expect(masker.counts == [MaskCount(rule: "set/column ssn", selector: "column ssn", count: 3)])
    }

    @Test("a pseudonym is the same in a cell and in JSON")
    func pseudonyms() throws {
        var masker = try Self.masker(["field ssn: pseudonym"])
        let rule = try #require(masker.rule(for: CellNames(result: "ssn")))
        let cell = try #require(try Self.stand(&masker, "123-45-6789") { $0.apply(rule, to: $1, into: &$2) })
        #expect(try mask(#"{"ssn":"123-45-6789"}"#, ["field ssn: pseudonym"]) == #"{"ssn":"\#(cell)"}"#)
    }

    @Test(
        "a whole JSON document becomes a string, and no name of a member stays",
        arguments: [
            (#"{"123-45-6789": true}"#, "keep-last 4", #""[REDACTED]""#), (#"[1,2]"#, "redact", #""[REDACTED]""#),
            (#" "123-45-6789" "#, "keep-last 4", #""*******6789""#), ("41111111", "keep-first 1", #""4*******""#),
            ("true", "keep-last 1", #""[REDACTED]""#), ("null", "redact", nil), (#"{"a":1}"#, "null", "NULL"),
            ("7", #"replace say "no""#, #""say \"no\"""#),
        ] as [(String, String, String?)])
    func documents(document: String, transform: String, expected: String?) throws {
        var masker = try Self.masker(["field d: \(transform)"])
        let rule = try #require(masker.rule(for: CellNames(result: "d")))
        #expect(try Self.stand(&masker, document) { $0.apply(rule, toJSON: $1, into: &$2) } == expected)
    }

    @Test(
        "detectors find what a text holds, and say when it holds nothing",
        arguments: [
            ("pay 4111 1111 1111 1111 now", "pay [PAN] now"), ("4111111111111111", "[PAN]"), ("4111111111111112", nil),
            ("write to a@b.cc", "write to NULLED"), ("a@b.cc", "NULLED"), ("", nil), ("short", nil), ("@@@@@@@@@", nil),
            ("5105105105105100,4111111111111111", "[PAN],[PAN]"), ("123-45-6789", "NULL"),
            ("is 123-45-6789", "is [US_SSN]"),
        ] as [(String, String?)])
    func detectors(text: String, expected: String?) throws {
        var masker = try Self.masker(["PAN: redact", "EMAIL: replace NULLED", "US_SSN: null"])
        #expect(try Self.stand(&masker, text) { $0.scan($1, in: .none, into: &$2) } == expected)
    }

    @Test("a column's name says what bare digits are, and an alias cannot take it back")
    func surroundings() throws {
        var masker = try Self.masker(["US_SSN: redact", "PAN: redact"])
        let named = CellNames(result: "x", origins: [Self.column(nil, nil, "ssn")]).surroundings
        #expect(try Self.stand(&masker, "123456789") { $0.scan($1, in: named, into: &$2) } == "[US_SSN]")
        #expect(try Self.stand(&masker, "123456789") { $0.scan($1, in: .none, into: &$2) } == nil)
        let disguised = CellNames(result: "checksum", origins: [Self.column(nil, nil, "number")]).surroundings
        #expect(try Self.stand(&masker, "4111111111111111") { $0.scan($1, in: disguised, into: &$2) } == "[PAN]")
        let hash = CellNames(result: "checksum", origins: [Self.column(nil, nil, "checksum")]).surroundings
        #expect(try Self.stand(&masker, "4111111111111111") { $0.scan($1, in: hash, into: &$2) } == nil)
    }

    @Test(
        "numbers are told by the whole of their digits",
        arguments: [
            ("4111111111111111", true), ("-4111111111111111", true), ("4111111111111111.00", true),
            ("4.111111111111111e+15", true), ("4111111111111112", false), ("4111111111111111.5", false), ("7", false),
        ])
    func numbers(number: String, isFound: Bool) throws {
        let masker = try Self.masker(["PAN: redact"])
        let rule = Array(number.utf8).withUnsafeBytes { masker.rule(forNumber: $0, in: .none) }
        #expect((rule != nil) == isFound)
        #expect(masker.leastNumber(in: .none) == 100_000_000_000)
        #expect(try Self.masker(["EMAIL: redact"]).leastNumber(in: .none) == nil)
    }

    @Test("in bytes that are no text an at sign is no address, but a card number is one")
    func bytes() throws {
        var masker = try Self.masker(allDetectors)
        #expect(try Self.stand(&masker, "a@b.cc") { $0.scan(bytes: $1, in: .none, into: &$2) } == "[EMAIL_ADDRESS]")
        #expect(try Self.stand(&masker, "a@b.cc\u{0}") { $0.scan(bytes: $1, in: .none, into: &$2) } == nil)
        #expect(
            try Self.stand(&masker, "\u{0}4111111111111111") { $0.scan(bytes: $1, in: .none, into: &$2) }
                == "\u{0}[PAN]")
    }

    @Test(
        "rules for fields and places reach into JSON documents",
        arguments: [
            (#"{"ssn":"1","a":{"b":2}}"#, #"{"ssn":"[REDACTED]","a":{"b":"x"}}"#), (#"{"b":2}"#, nil),
            // PostgreSQL's json keeps both members.
            (#"{"ssn":"1","ssn":"2"}"#, #"{"ssn":"[REDACTED]","ssn":"[REDACTED]"}"#),
            (#"["4111111111111111",4111111111111111]"#, #"["[PAN]","[PAN]"]"#),
        ] as [(String, String?)])
    func insideJSON(document: String, expected: String?) throws {
        var masker = try Self.masker(["field ssn: redact", "$.a.b: replace x", "PAN: redact"])
        // One that fails leaves nothing behind for the next.
        #expect(throws: MaskingError.self) {
            var output = ByteBuffer()
            _ = try masker.mask(document: ByteBuffer(string: #"{"ssn":"1","#), into: &output)
        }
        #expect(
            try Self.stand(&masker, document) { try $0.mask(document: ByteBuffer(bytes: $1), into: &$2) } == expected)
    }
}
