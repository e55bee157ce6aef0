import StrictJSON
import Testing

@Suite("Limits of the parser")
struct JSONLimitsTests {
    private static func nested(_ depth: Int) -> String {
        String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }

    @Test("what this program wrote is read, whatever a caller had it write; what others send is not")
    func ownRecord() throws {
        let value: JSONValue = ["a\0": ["\0", "b\0\u{1}"], "text": "id\0"]
        let bytes = value.canonicalBytes
        #expect(try JSONValue(parsing: bytes, within: .ownRecord) == value)
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes) }
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes, within: .strict) }

        // A body as deep as one may be, where the log and an answer of the console have it.
        let body = try JSONValue(parsing: Self.nested(128))
        let entry: JSONValue = ["command": ["parameters": [["value": body]]]]
        let answer: JSONValue = ["entries": [["entry": entry]]]
        #expect(try JSONValue(parsing: answer.canonicalBytes, within: .ownRecord) == answer)
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: entry.canonicalBytes) }
    }

    @Test("all else is refused in either, and no depth is without end")
    func refusals() {
        for text in ["{\"a\":1,\"a\":1}", "\"\u{0}\"", #""\ud800""#, "[1,]", "1e999", #""\u000"#] {
            #expect(throws: JSONParseError.self) { try JSONValue(parsing: Array(text.utf8), within: .ownRecord) }
        }
        #expect(throws: JSONParseError(offset: 512, reason: .tooDeep(limit: 512))) {
            try JSONValue(parsing: Array(Self.nested(1_000_000).utf8), within: .ownRecord)
        }
        #expect(throws: JSONParseError(offset: 1024, reason: .tooDeep(limit: 1024))) {
            try JSONValue(parsing: Array(Self.nested(1_000_000).utf8), within: JSONLimits(depth: .max))
        }
    }
}
