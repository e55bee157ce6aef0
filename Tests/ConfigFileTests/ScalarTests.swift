import ConfigFile
import Testing

@Suite struct ScalarTests {
    @Test(
        "durations",
        arguments: [
            ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("15m", .seconds(900)),
            ("1h", .seconds(3600)), ("7d", .seconds(604_800)), ("7y", .seconds(7 * 366 * 86_400)), ("0s", .zero),
            ("30", nil), ("s", nil), ("-1s", nil),
            ("1.5h", nil), ("1h30m", nil), ("1 h", nil), ("１s", nil), ("9223372036854775807d", nil), ("", nil),
        ])
    func durations(text: String, expected: Duration?) {
        #expect((try? SampleKeys.load("name: a\ntimeout: \"\(text)\""))?.duration("timeout") == expected)
    }

    @Test(
        "sizes",
        arguments: [
            ("4096", 4096), ("64KiB", 65_536), ("1MiB", 1 << 20), ("2GiB", 2 << 30), ("0", 0), ("1kb", nil),
            ("1 MiB", nil), ("-1", nil), ("KiB", nil), ("9223372036854775807GiB", nil),
        ])
    func sizes(text: String, expected: Int?) {
        #expect((try? SampleKeys.load("name: a\nlimit: \"\(text)\""))?.integer("limit") == expected)
    }

    @Test(
        "addresses",
        arguments: [
            ("127.0.0.1:80", "127.0.0.1", true), ("[::1]:443", "::1", true), ("gate.example:1", "gate.example", false),
            ("0.0.0.0:0", "0.0.0.0", false), ("localhost:65535", "localhost", true),
        ])
    func addresses(text: String, host: String, isLoopback: Bool) {
        let address = ConfigAddress(text)
        #expect(address?.host == host)
        #expect(address?.isLoopback == isLoopback)
        #expect(address?.description == text)
    }

    @Test("no addresses", arguments: ["", "80", ":80", "h:", "h:65536", "h:-1", "::1:80", "h:8o", "[::1]"])
    func noAddresses(text: String) { #expect(ConfigAddress(text) == nil) }

    @Test(
        "references to secrets",
        arguments: [
            ("env:NAME", SecretReference.environment("NAME")), ("file:/run/key", .file("/run/key")), ("env:", nil),
            ("file:", nil), ("hunter2", nil), ("ENV:NAME", nil), ("vault:x", nil),
        ])
    func secrets(text: String, expected: SecretReference?) {
        #expect((try? SampleKeys.load("name: a\ntoken: \"\(text)\""))?.secret("token") == expected)
    }
}
