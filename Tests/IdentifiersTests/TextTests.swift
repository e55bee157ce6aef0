import Identifiers
import Testing

@Suite("Texts")
struct TextTests {
    @Test(
        "a name is found in a list whole, and not as a part of another",
        arguments: [
            ("a", "a", true), ("a", "b, a", true), ("a", "a, b", true), ("a", "ab, ba", false), ("c", "a,bc", false),
            ("a, b", "a, b", true), ("b", "a, bb, b", true), ("a", "", false), ("sql", "sql.select", false),
            ("caf\u{e9}", "cafe\u{301}", false),
        ])
    func lists(name: String, list: String, isThere: Bool) {
        #expect(ExactText(list).lists(name) == isThere)
    }

    @Test(
        "what stands below a name is found where that is asked for",
        arguments: [
            ("sql", "ssh.exec, sql.select", true), ("sql", "sql", true), ("sql", "sqlite.read", false),
            ("select", "sql.select", false), ("sql.select", "sql.select-more", false), ("sql.", "sql.select", false),
        ])
    func listsBelow(name: String, list: String, isThere: Bool) {
        #expect(ExactText(list).lists(name, orBelow: true) == isThere)
    }

    @Test(
        "a duration has the largest unit that it is a whole number of",
        arguments: [
            (Duration.seconds(90), "90s"), (.seconds(120), "2m"), (.seconds(7 * 86_400), "7d"), (.zero, "0ms"),
            (.milliseconds(1500), "1500ms"), (.seconds(3600), "1h"),
        ])
    func durations(duration: Duration, text: String) {
        #expect(duration.unitText == text)
    }

    @Test(
        "a duration in whole units leaves out what is less, and has room for every duration",
        arguments: [
            (Duration.microseconds(1_999_999), 1999, 1_999_999), (.microseconds(-1_999_999), -1999, -1_999_999),
            (.nanoseconds(999), 0, 0), (.seconds(Int64.max), .max, .max), (.seconds(Int64.min), .min, .min),
        ] as [(Duration, Int64, Int64)])
    func wholeUnits(duration: Duration, milliseconds: Int64, microseconds: Int64) {
        #expect(duration.wholeMilliseconds == milliseconds && duration.wholeMicroseconds == microseconds)
    }

    @Test("a byte has two digits")
    func hexadecimal() {
        #expect([0x00, 0x0a, 0xff, 0x90].map(UInt8.init).hexadecimal == "000aff90")
    }
}
