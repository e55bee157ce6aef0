import StrictJSON
import Testing

@Suite("Incremental tokenizer")
struct JSONTokenizerTests {
    /// The tokens of `bytes` in chunks that end at `cuts`, each with the text of all its parts, or the error.
    private static func run(_ bytes: [UInt8], cuts: [Int], isSequence: Bool = false) -> Result<[String], JSONParseError>
    {
        Result { () throws(JSONParseError) in
            var tokenizer = JSONTokenizer(isSequence: isSequence)
            var tokens: [String] = []
            var text: [UInt8] = []
            var start = 0
            for end in cuts + [bytes.count] {
                let chunk = Array(bytes[start..<end])
                start = end
                var position = 0
                chunks: while true {
                    let token = try next(&tokenizer, chunk, &position)
                    if token == .needMore { break }
                    if !tokenizer.isContinuation { text = [] }
                    text += chunk[tokenizer.tokenStart..<position]
                    switch token {
                    case .namePart, .stringPart, .numberPart, .literalPart: break chunks
                    default: tokens.append("\(token) \(String(decoding: text, as: UTF8.self))")
                    }
                }
            }
            if try tokenizer.finish() == .number { tokens.append("number \(String(decoding: text, as: UTF8.self))") }
            return tokens
        }
    }

    private static func next(
        _ tokenizer: inout JSONTokenizer, _ chunk: [UInt8], _ position: inout Int
    ) throws(JSONParseError) -> JSONTokenizer.Token {
        let result: Result<JSONTokenizer.Token, JSONParseError> = chunk.withUnsafeBytes { bytes in
            Result { () throws(JSONParseError) in try tokenizer.next(bytes, &position) }
        }
        return try result.get()
    }

    @Test("tokens come with the text that they have")
    func tokens() throws {
        let tokens = try Self.run(
            Array(#" {"a\n": [1, -2.5e3, "x"], "b":{}, "c": [true,false ,null]} "#.utf8), cuts: []
        ).get()
        #expect(
            tokens == [
                "beginObject {", #"name "a\n""#, "beginArray [", "number 1", "number -2.5e3", #"string "x""#,
                "endArray ]",
                #"name "b""#, "beginObject {", "endObject }", #"name "c""#, "beginArray [", "true true", "false false",
                "null null", "endArray ]", "endObject }",
            ])
    }

    @Test(
        "any chunking gives the same tokens and the same error",
        arguments: [
            #"{"a\u00e9\ud83d\ude00é€😀":[1,-2.50E+3,true,false,null,"","long enough for a word \\ of it"],"":{}}"#,
            "-12.5e-7", "  true\n", #""\ud83d\u0041""#, "[1,2,]", #"{"a":tru}"#, "[1e999]", "\"\u{1}\"", "[[[[[[]]]]]",
            "1 1",
        ])
    func chunking(text: String) {
        let bytes = Array(text.utf8)
        let whole = Self.run(bytes, cuts: [])
        for first in 0...bytes.count {
            #expect(Self.run(bytes, cuts: [first]) == whole, "cut at \(first)")
            for second in first...bytes.count where second - first < 4 {
                #expect(Self.run(bytes, cuts: [first, second]) == whole, "cut at \(first) and \(second)")
            }
        }
        #expect(Self.run(bytes, cuts: Array(0..<bytes.count)) == whole)
    }

    @Test(
        "invalid UTF-8 is refused at the same byte in any chunking",
        arguments: [[0xe2, 0x28, 0xa1], [0xf0, 0x9f, 0x98], [0xed, 0xa0, 0x80]])
    func invalidUTF8(sequence: [UInt8]) {
        let bytes = [0x22, 0x61] + sequence + [0x22]
        let whole = Self.run(bytes, cuts: [])
        #expect(throws: JSONParseError.self) { try whole.get() }
        #expect(Self.run(bytes, cuts: Array(0..<bytes.count)) == whole)
    }

    @Test(
        "a sequence takes one document a line",
        arguments: [
            ("", []), ("\n\n", []), ("{}\n[]\n", ["beginObject {", "endObject }", "beginArray [", "endArray ]"]),
            ("1\r\n\n2", ["number 1", "number 2"]), ("1 2", nil), ("{}{}", nil), ("{}\n[", nil),
        ] as [(String, [String]?)])
    func sequences(text: String, expected: [String]?) {
        let bytes = Array(text.utf8)
        #expect((try? Self.run(bytes, cuts: [], isSequence: true).get()) == expected)
        #expect((try? Self.run(bytes, cuts: Array(0..<bytes.count), isSequence: true).get()) == expected)
    }

    @Test("digits and the at sign are counted where they stand plainly")
    func hints() throws {
        var tokenizer = JSONTokenizer()
        let chunk = Array(#"["0123456789ab@ 12", "plain é text \u0031"]"#.utf8)
        var position = 0
        _ = try Self.next(&tokenizer, chunk, &position)
        #expect(try Self.next(&tokenizer, chunk, &position) == .string)
        #expect(tokenizer.digitCount == 12)
        #expect(tokenizer.hasAt)
        #expect(!tokenizer.hasEscape)
        #expect(try Self.next(&tokenizer, chunk, &position) == .string)
        #expect(tokenizer.digitCount == 0)
        #expect(!tokenizer.hasAt)
        #expect(tokenizer.hasEscape)
    }
}
