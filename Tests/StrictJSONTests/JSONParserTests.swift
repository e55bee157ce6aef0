import StrictJSON
import Testing

@Suite("Strict parser")
struct JSONParserTests {
    @Test(
        "every kind of value is read as the text says it",
        arguments: [
            ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-0", .number("-0")), ("12", 12),
            ("-1.50e+3", .number("-1.50e+3")), ("1E400000", nil), ("1e308", .number("1e308")), ("1e309", nil),
            ("-1e309", nil), ("1e-999", .number("1e-999")), ("\"\"", ""),
            (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "Aé€😀"), ("\"é€😀\"", "é€😀"), ("\"\u{7f}\"", "\u{7f}"), ("[]", []),
            ("[ ]", []), ("{}", [:]), ("{ }", [:]), ("[1,[2,[3]],{}]", [1, [2, [3]], [:]]),
            (#"{"a":1,"b":{"a":[true]}}"#, ["a": 1, "b": ["a": [true]]]), ("\t[\r\n1 , 2\n]\n", [1, 2]),
            (#"{"":0}"#, ["": 0]), (#"{"a":1,"A":2}"#, ["a": 1, "A": 2]), ("1e", nil),
        ] as [(String, JSONValue?)])
    func values(text: String, expected: JSONValue?) {
        #expect((try? JSONValue(parsing: text)) == expected)
    }

    @Test(
        "what is not strict JSON is refused with the place and the reason",
        arguments: [
            ("", 0, .truncated), ("  ", 2, .truncated), ("[", 1, .truncated), ("{\"a\":", 5, .truncated),
            ("\"abc", 4, .truncated), ("tru", 3, .truncated), ("-", 1, .truncated), ("1.", 2, .truncated),
            ("1e+", 3, .truncated), ("[1,]", 3, .unexpected(expected: "a value")),
            ("[,1]", 1, .unexpected(expected: "a value or ]")), ("[1 2]", 3, .unexpected(expected: "a comma or ]")),
            ("{,}", 1, .unexpected(expected: "a name or }")), ("{\"a\":1,}", 7, .unexpected(expected: "a name")),
            ("{\"a\" 1}", 5, .unexpected(expected: "a colon")), ("{\"a\":}", 5, .unexpected(expected: "a value")),
            ("{\"a\":1 \"b\":2}", 7, .unexpected(expected: "a comma or }")),
            ("{a:1}", 1, .unexpected(expected: "a name or }")),
            ("{'a':1}", 1, .unexpected(expected: "a name or }")), ("[1}", 2, .unexpected(expected: "a comma or ]")),
            ("{\"a\":1]", 6, .unexpected(expected: "a comma or }")), ("]", 0, .unexpected(expected: "a value")),
            ("True", 0, .unexpected(expected: "a value")), ("trux", 3, .unexpected(expected: "true")),
            ("nulll", 4, .trailingData), ("NaN", 0, .unexpected(expected: "a value")),
            ("Infinity", 0, .unexpected(expected: "a value")), ("-Infinity", 1, .unexpected(expected: "a digit")),
            ("+1", 0, .unexpected(expected: "a value")), (".5", 0, .unexpected(expected: "a value")),
            ("-.5", 1, .unexpected(expected: "a digit")), ("5.", 2, .truncated),
            ("[5.]", 3, .unexpected(expected: "a digit")),
            ("01", 1, .trailingData), ("[-01]", 3, .unexpected(expected: "a comma or ]")), ("0x10", 1, .trailingData),
            ("1_000", 1, .trailingData), ("[1e]", 3, .unexpected(expected: "a digit")),
            ("1 2", 2, .trailingData), ("{} {}", 3, .trailingData), ("[1]x", 3, .trailingData),
            ("// c\n1", 0, .unexpected(expected: "a value")), ("[1/**/]", 2, .unexpected(expected: "a comma or ]")),
            ("\u{feff}1", 0, .unexpected(expected: "a value")), ("\u{c}1", 0, .unexpected(expected: "a value")),
            ("[1\u{a0}]", 2, .unexpected(expected: "a comma or ]")), ("\"a\u{1}\"", 2, .controlCharacter),
            ("\"a\nb\"", 2, .controlCharacter), ("\"\u{0}\"", 1, .controlCharacter), (#""\u0000""#, 6, .nul),
            (#""\x41""#, 2, .invalidEscape), (#""\u00g0""#, 5, .invalidEscape), (#""\'""#, 2, .invalidEscape),
            (#""\ud800""#, 7, .loneSurrogate), (#""\ud800x""#, 7, .loneSurrogate), (#""\ud800\n""#, 8, .loneSurrogate),
            (#""\ud800\ud800""#, 12, .loneSurrogate), (#""\udc00""#, 6, .loneSurrogate), ("\"\\", 2, .truncated),
            (#"{"a":1,"a":1}"#, 7, .duplicateName("a")), (#"{"a":1,"\u0061":2}"#, 7, .duplicateName("a")),
            (#"[{"x":{"b":0,"c":1,"b":0}}]"#, 19, .duplicateName("b")), ("[1e999]", 6, .numberOutOfRange),
        ] as [(String, Int, JSONParseError.Reason)])
    func refusals(text: String, offset: Int, reason: JSONParseError.Reason) {
        #expect(throws: JSONParseError(offset: offset, reason: reason)) { try JSONValue(parsing: text) }
    }

    @Test(
        "invalid UTF-8 is refused where it starts to be invalid",
        arguments: [
            ([0x80], 1), ([0xc0, 0x80], 1), ([0xc1, 0xbf], 1), ([0xc3, 0x28], 2), ([0xe0, 0x80, 0x80], 2),
            ([0xed, 0xa0, 0x80], 2), ([0xe2, 0x82], 3), ([0xf0, 0x80, 0x80, 0x80], 2), ([0xf4, 0x90, 0x80, 0x80], 2),
            ([0xf5, 0x80, 0x80, 0x80], 1), ([0xff], 1), ([0xe2, 0x28, 0xa1], 2),
        ] as [([UInt8], Int)])
    func invalidUTF8(sequence: [UInt8], offset: Int) {
        let bytes = [0x22] + sequence + [0x22]
        #expect(throws: JSONParseError(offset: offset, reason: .invalidUTF8)) { try JSONValue(parsing: bytes) }
    }

    @Test("nesting is allowed to the limit and refused beyond it, however deep the text goes")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(128))
        #expect(throws: JSONParseError(offset: 128, reason: .tooDeep(limit: 128))) {
            try JSONValue(parsing: nested(129))
        }
        #expect(throws: JSONParseError(offset: 128, reason: .tooDeep(limit: 128))) {
            try JSONValue(parsing: nested(10_000))
        }
        #expect(throws: JSONParseError(offset: 640, reason: .tooDeep(limit: 128))) {
            try JSONValue(parsing: String(repeating: "{\"a\":", count: 10_000))
        }
        #expect(throws: JSONParseError(offset: 1024, reason: .tooDeep(limit: 1024))) {
            try JSONValue(parsing: nested(1_000_000), maximumDepth: .max)
        }
    }

    @Test("a duplicate is found among many names")
    func manyNames() throws {
        let names = (0..<1000).map { "\"name\($0)\":\($0)" }
        let value = try JSONValue(parsing: "{\(names.joined(separator: ","))}")
        #expect(value.object?.count == 1000)
        #expect(throws: JSONParseError.self) {
            try JSONValue(parsing: "{\(names.joined(separator: ",")),\"name17\":0}")
        }
    }

    @Test("numbers keep their digits, up to a length that no double needs")
    func longNumbers() throws {
        let digits = String(repeating: "9", count: 308)
        #expect(try JSONValue(parsing: digits) == .number(digits))
        #expect(throws: JSONParseError(offset: 310, reason: .numberOutOfRange)) {
            try JSONValue(parsing: digits + "99")
        }
        let fraction = "0." + String(repeating: "1", count: 1000)
        #expect(try JSONValue(parsing: fraction) == .number(fraction))
        #expect(throws: JSONParseError(offset: 1202, reason: .numberTooLong(limit: 1100))) {
            try JSONValue(parsing: fraction + String(repeating: "1", count: 200))
        }
    }

    @Test("text, arrays, slices and lazy sequences of bytes parse alike")
    func inputs() throws {
        let text = #"{"a":[1,"é"]}"#
        let expected = try JSONValue(parsing: text)
        #expect(try JSONValue(parsing: Array(text.utf8)) == expected)
        #expect(try JSONValue(parsing: Array("x\(text)".utf8)[1...]) == expected)
        #expect(try JSONValue(parsing: text.utf8.lazy.map { $0 }) == expected)
    }

    @Test("an error reads as a sentence with its place")
    func descriptions() {
        #expect(
            "\(JSONParseError(offset: 3, reason: .duplicateName("a")))"
                == "the name \"a\" stands twice in one object at byte 3")
        #expect(
            "\(JSONParseError(offset: 0, reason: .unexpected(expected: "a value")))" == "expected a value at byte 0")
    }
}
