import Testing

@testable import Approvals

@Suite("Justification")
struct JustificationTests {
    @Test(
        "what says nothing is missing",
        arguments: [
            nil, "", " ", "\t\n\r ", "\u{a0}\u{3000}", "\u{200b}\u{200d}", "\u{feff}", "\u{2800}", "\u{3164}",
            "\u{202e}", "\u{1b}", "\u{301}",
        ] as [String?])
    func blank(text: String?) {
        #expect(throws: ApprovalError.justificationMissing) { try Justification(text) }
    }

    @Test("what says something is kept as typed, without the white space around it")
    func kept() throws {
        #expect(try Justification("  change 4711:\n\tzu groß? ✅ \n").text == "change 4711:\n\tzu groß? ✅")
        #expect(try Justification("x").text == "x")
    }

    @Test(
        "control characters are refused by name",
        arguments: [("a\u{1b}[2J", "U+001B"), ("a\u{0}b", "U+0000"), ("a\u{9b}b", "U+009B")])
    func controls(text: String, name: String) {
        #expect(throws: ApprovalError.justificationUnreadable(name)) { try Justification(text) }
    }

    @Test("2,000 bytes fit and one more does not")
    func length() throws {
        let limit = Justification.maximumBytes
        #expect(limit == 2000)
        #expect(try Justification(String(repeating: "x", count: limit)).text.count == limit)
        for text in [
            String(repeating: "x", count: limit + 1), String(repeating: "ä", count: limit / 2 + 1),
            String(repeating: "x", count: 10_000_000),
        ] {
            #expect(throws: ApprovalError.justificationTooLong(limit: limit)) { try Justification(text) }
        }
    }
}
