import Testing

@testable import Policy

@Suite("Values")
struct ValueTests {
    @Test(
        "a decimal is read with up to four digits",
        arguments: [
            ("0.0", 0), ("1.5", 15_000), ("-1.5", -15_000), ("-0.5", -5_000), ("12.3456", 123_456), ("00.10", 1_000),
            ("922337203685477.5807", Int64.max), ("-922337203685477.5808", .min),
        ] as [(String, Int64)])
    func decimal(text: String, expected: Int64) { #expect(Value.Decimal(text)?.tenThousandths == expected) }

    @Test(
        "a duration is read unit by unit",
        arguments: [
            ("0ms", 0), ("1d2h3m4s5ms", 93_784_005), ("-1d", -86_400_000), ("90m", 5_400_000), ("5ms", 5),
            ("1m5ms", 60_005),
            ("9223372036854775807ms", Int64.max), ("-9223372036854775808ms", .min),
        ] as [(String, Int64)])
    func duration(text: String, expected: Int64) { #expect(Value.Duration(text)?.milliseconds == expected) }

    @Test(
        "a datetime is read to the millisecond",
        arguments: [
            ("1970-01-01", 0), ("1970-01-02T00:00:00Z", 86_400_000), ("2024-02-29T12:34:56.789Z", 1_709_210_096_789),
            ("2024-10-15T11:38:02.101+0530", 1_728_972_482_101), ("1969-12-31T23:59:59.999Z", -1),
            ("0000-01-01", -62_167_219_200_000), ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ] as [(String, Int64)])
    func datetime(text: String, expected: Int64) {
        let value = Value.Datetime(text)
        #expect(value?.millisecondsSinceEpoch == expected)
        #expect(value.flatMap { Value.Datetime($0.description) } == value, "it reads what it writes")
    }

    @Test(
        "an address is read with its prefix",
        arguments: [
            ("10.0.0.1", "10.0.0.1/32"), ("10.0.0.0/8", "10.0.0.0/8"), ("::", "0:0:0:0:0:0:0:0/128"),
            ("::1/64", "0:0:0:0:0:0:0:1/64"),
            ("1::", "1:0:0:0:0:0:0:0/128"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0/128"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8/128"),
            ("FE80::abcd", "fe80:0:0:0:0:0:0:abcd/128"), ("0.0.0.0/0", "0.0.0.0/0"),
        ])
    func address(text: String, expected: String) { #expect(Value.IPAddress(text)?.description == expected) }

    @Test(
        "what is not well formed is no value",
        arguments: ExpressionGenerator.malformed.flatMap { type, texts in
            texts.map { (String(describing: type), $0) }
        })
    func malformed(type: String, text: String) {
        switch type {
        case "decimal": #expect(Value.Decimal(text) == nil)
        case "datetime": #expect(Value.Datetime(text) == nil)
        case "duration": #expect(Value.Duration(text) == nil)
        // The one in the generator's list that is well formed.
        default: #expect(Value.IPAddress(text) == nil || text == "1:2:3:4:5:6:7::" || text == "::2:3:4:5:6:7:8")
        }
    }

    @Test(
        "networks contain what lies in them",
        arguments: [
            ("10.1.2.3", "10.0.0.0/8", true), ("10.0.0.0/8", "10.1.0.0/16", false), ("10.1.0.0/16", "10.0.0.1/8", true),
            ("11.0.0.0", "10.0.0.0/8", false), ("1.2.3.4", "0.0.0.0/0", true), ("::1", "::/0", true),
            ("1.2.3.4", "::/0", false),
            ("::ffff:1", "::/112", false), ("::ffff", "::/112", true),
        ])
    func ranges(inner: String, outer: String, expected: Bool) throws {
        #expect(try #require(Value.IPAddress(inner)).isInRange(try #require(Value.IPAddress(outer))) == expected)
    }

    @Test("texts that only look alike are different names")
    func byteIdentity() {
        #expect(EntityUID(type: "User", id: "é") != EntityUID(type: "User", id: "e\u{301}"))
        #expect(Value.string("K") != .string("\u{212a}"))
        #expect(Set<Value>(["é", "e\u{301}"]).count == 2)
        #expect(Value.record(["é": 1]) != .record(["e\u{301}": 1]))
        #expect(["K": Value.bool(true)][exactly: "\u{212a}"] == nil)
    }

    @Test(
        "an entity's name is read back as it is written",
        arguments: [
            #"User::"alice""#, #"A::B::C::"x""#, #"User::"q\"\\ \n é""#, #"Target::"""#,
        ])
    func entityNames(text: String) { #expect(EntityUID(text)?.description == text) }

    @Test(
        "what is no entity's name is refused",
        arguments: [
            "", "alice", "User", "User::alice", #"User::"a" x"#, #"::"a""#, #"User:"a""#, #"if::"a""#, #"User::"\q""#,
            #"?principal"#,
        ])
    func malformedNames(text: String) { #expect(EntityUID(text) == nil) }

    @Test(
        "values read as policies write them",
        arguments: [
            (Value.set(["b", "a"]), #"["a", "b"]"#), (.record(["b": 1, "a": true]), #"{"a": true, "b": 1}"#),
            (.decimal(Value.Decimal(tenThousandths: -5)), #"decimal("-0.0005")"#), (.string("\u{1}"), #""\u{1}""#),
        ])
    func descriptions(value: Value, expected: String) { #expect(value.description == expected) }
}
