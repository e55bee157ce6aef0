import Testing

@testable import Approvals

@Suite("VisibleText")
struct VisibleTextTests {
    @Test(
        "what would act on the screen is named",
        arguments: [
            ("DELETE FROM a\u{202e}b", "DELETE FROM a⟦U+202E⟧b"),
            ("a\u{1b}[1A\u{1b}[2Kb", "a⟦U+001B⟧[1A⟦U+001B⟧[2Kb"),
            ("a\rb", "a⟦U+000D⟧b"),
            ("adm\u{200b}in", "adm⟦U+200B⟧in"),
            ("a\u{2028}b", "a⟦U+2028⟧b"),
            ("a\u{e0041}b", "a⟦U+E0041⟧b"),
            ("a\u{feff}\u{ad}b", "a⟦U+FEFF⟧⟦U+00AD⟧b"),
            ("a\u{2066}b\u{2069}", "a⟦U+2066⟧b⟦U+2069⟧"),
            ("a\u{7f}", "a⟦U+007F⟧"),
        ])
    func hidden(text: String, shown: String) {
        #expect(VisibleText.escape(text) == shown)
    }

    @Test("what stands on the screen is left alone", arguments: ["", "SELECT 1;\n\t-- ok", "Ünïcode 日本語 ✅ שלום"])
    func plain(text: String) {
        #expect(VisibleText.escape(text) == text)
    }
}
