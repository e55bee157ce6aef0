import Identifiers
import Testing

@Suite("Printable text")
struct PrintableTextTests {
    @Test(
        "what acts on a terminal is shown, and all else stays",
        arguments: [
            ("plain, naïve, שלום, 💳", "plain, naïve, שלום, 💳", "plain, naïve, שלום, 💳"),
            ("a\u{1b}[2J\u{7}", "a␛[2J␇", "a␛[2J␇"), ("a\u{7f}\u{9b}31m", "a␡\u{fffd}31m", "a␡\u{fffd}31m"),
            ("a\nb\tc", "a\nb\tc", "a b c"), ("a\r\nb", "a␍\nb", "a␍ b"), ("a\r\n", "a␍\n", "a␍ "),
            (
                "\u{85}\u{2028}\u{2029}\u{202e}\u{2066}x", "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}x",
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}x"
            ),
            ("\u{0}\u{1f}", "␀␟", "␀␟"), ("", "", ""),
        ])
    func printable(text: String, lines: String, line: String) {
        #expect(text.printable() == lines)
        #expect(text.printable(onOneLine: true) == line)
    }
}
