import Testing

@testable import sallyport

@Suite struct TerminalTests {
    @Test(
        "what a requester wrote cannot steer an approver's terminal",
        arguments: [
            ("pay 12", "pay 12"), ("a\nb\tc", "a b c"), ("\u{1b}[2Jgone", "␛[2Jgone"), ("a\rb", "a␍b"),
            ("\u{9b}31m", "\u{fffd}31m"), ("a\u{202e}b", "a\u{fffd}b"), ("a\u{2066}b", "a\u{fffd}b"),
            ("a\u{7f}", "a␡"), ("Zürich 東京 👍", "Zürich 東京 👍"),
        ])
    func plain(text: String, expected: String) { #expect(Terminal.plain(text) == expected) }

    @Test(
        "colours are for terminals, and off where NO_COLOR is set",
        arguments: [
            (true, ["TERM": "xterm"], true), (false, ["TERM": "xterm"], false),
            (true, ["TERM": "xterm", "NO_COLOR": "1"], false), (true, ["TERM": "xterm", "NO_COLOR": ""], true),
            (true, ["TERM": "dumb"], false), (true, [:], false),
        ])
    func colors(isInteractive: Bool, environment: [String: String], expected: Bool) {
        let terminal = Terminal(isInteractive: isInteractive, environment: environment)
        #expect(terminal.hasColors == expected)
        #expect(terminal.styled("x", .red).contains("\u{1b}") == expected)
    }

    @Test("columns are as wide as their widest cell")
    func table() {
        var table = Table("ID", "STATE", "COMMAND")
        table.add("1", "pending", "a\u{1b}b")
        table.add("22", "ok", "")
        #expect(table.rendered(for: .quiet) == "ID  STATE    COMMAND\n1   pending  a␛b\n22  ok       ")
    }
}
