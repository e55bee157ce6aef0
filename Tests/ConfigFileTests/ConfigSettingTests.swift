import StrictJSON
import Testing

@testable import ConfigFile

@Suite("Settings, for a record of what the file says")
struct ConfigSettingTests {
    private static let keys: [ConfigKey] = [
        ConfigKey("name", .string, disclosure: .shown, summary: "Shown."),
        ConfigKey("note", .string, summary: "Of which nothing is known."),
        ConfigKey("wait", .duration, summary: "A form of its own."),
        ConfigKey("most", .byteSize, summary: "Likewise."),
        ConfigKey("token", .secret, summary: "A reference."),
        ConfigKey("site", .url, disclosure: .shown, summary: "Shown, where it has nothing but a place."),
        ConfigKey("hook", .url, summary: "Often a secret by itself."),
        ConfigKey("words", .list(.string), summary: "Texts of which nothing is known."),
        ConfigKey("groups", .list(.string), disclosure: .shown, summary: "Shown."),
        ConfigKey("ca", .file, summary: "A file that is read."),
        ConfigKey("output", .path, summary: "One that is written."),
        ConfigKey(
            "connection", .dictionary(.string), disclosure: .members(["host"], files: ["sslcert"]),
            summary: "Some are shown."),
        ConfigKey("roles", .dictionary(.string), disclosure: .shown, summary: "All are shown."),
        ConfigKey("limits", .mapping([ConfigKey("wait", .duration, summary: "Within.")]), summary: "A mapping."),
        ConfigKey(
            "targets",
            .list(
                .mapping([
                    ConfigKey("name", .string, disclosure: .shown, summary: "Its name."),
                    ConfigKey("port", .integer(1...9), summary: "Its port."),
                ])), summary: "A list of mappings."),
        ConfigKey(
            "rules", .list(.mapping([ConfigKey("name", .string, summary: "No name to show.")])),
            summary: "Another."),
    ]

    private static func settings(_ text: String) throws -> [String: ConfigSetting.Value] {
        let section = try ConfigDocument.load(text: text, file: "test.yaml", keys: keys)
        return Dictionary(section.settings.map { ($0.path, $0.value) }) { first, _ in first }
    }

    private static func only(_ text: String) throws -> ConfigSetting.Value? { try settings(text).values.first }

    @Test("only what a key is known for is shown, and what has a form of its own")
    func disclosure() throws {
        let all = try Self.settings(
            """
            {name: gate, note: hunter2, wait: 1h, most: 1KiB, token: "env:TOKEN", site: "https://a.example/b",
             hook: "https://hooks.example/T0/hunter2", words: [hunter2], groups: [a, b],
             connection: {host: db, sslpassword: hunter2}, roles: {dba: owner}}
            """)
        let shown: [String: JSONValue] = [
            "name": "gate", "wait": "1h", "most": 1024, "token": "env:TOKEN", "site": "https://a.example/b",
            "groups": ["a", "b"], "connection.host": "db", "roles.dba": "owner",
        ]
        for (path, value) in shown { #expect(all[path] == .shown(value), "\(path)") }
        for path in ["note", "hook", "words", "connection.sslpassword"] {
            guard case .hidden = all[path] else {
                Issue.record("\(path) is \(String(describing: all[path]))")
                continue
            }
        }
        #expect(all.count == shown.count + 4)
        #expect(!"\(all)".contains("hunter2"))
    }

    @Test(
        "a URL that may carry a credential is not shown, whatever its key is known for",
        arguments: [
            "https://u@a.example", "https://u:p@a.example/", "https://a.example/?key=1", "https://a.example/#k",
        ])
    func urls(url: String) throws {
        guard case .hidden = try Self.only("site: \"\(url)\"") else {
            Issue.record("it is shown")
            return
        }
    }

    @Test("it is known where that lies which a value only names")
    func sources() throws {
        let section = try ConfigDocument.load(
            text: "{token: \"env:TOKEN\", ca: ca.pem, output: o.log, connection: {host: h, sslcert: c.pem}, note: n}",
            file: "test.yaml", keys: Self.keys)
        let sources = section.settings.compactMap { setting in setting.source.map { "\(setting.path) \($0)" } }
        #expect(sources == ["token env:TOKEN", "ca file:ca.pem", "connection.sslcert file:c.pem"])
    }

    @Test("what means the same reads the same")
    func meaning() throws {
        for (one, other) in [
            ("wait: 60s", "{wait: 1m}"), ("wait: 120m", "wait: \"2h\""), ("wait: 1500ms", "wait: 1500ms # so"),
            ("most: 1024", "most: 1KiB"), ("groups: [a, b]", "groups:\n  - a\n  - b"),
        ] { #expect(try Self.settings(one) == Self.settings(other), "\(one)") }
        #expect(try Self.settings("wait: 60s") != Self.settings("wait: 61s"))
        #expect(try Self.only("wait: 90s") == .shown("90s"))
        #expect(try Self.only("wait: 0s") == .shown("0ms"))
        #expect(try Self.settings("groups: [a, b]") != Self.settings("groups: [b, a]"))
    }

    @Test("elements are called by their names, where all have one of their own; else by their places")
    func paths() throws {
        func paths(_ text: String) throws -> Set<String> { Set(try Self.settings(text).keys) }
        #expect(
            try paths("targets: [{name: a, port: 1}, {name: b}]")
                == ["targets[a].name", "targets[a].port", "targets[b].name"])
        #expect(try paths("targets: [{name: a}, {name: a}]") == ["targets[0].name", "targets[1].name"])
        #expect(try paths("targets: [{name: a}, {port: 1}]") == ["targets[0].name", "targets[1].port"])
        #expect(try paths("targets: [{name: \"a].port\"}]") == ["targets[0].name"])
        // A name that must not be shown is shown in no path either.
        #expect(try paths("rules: [{name: hunter2}]") == ["rules[0].name"])
        #expect(try paths("roles: {\"a[0\": x, b: y}") == ["roles[0]", "roles.b"])
    }

    @Test("that there is a mapping or a list with nothing in it is said too")
    func empty() throws {
        #expect(try Self.settings("{limits: {}, targets: [], roles: {}, words: []}").count == 4)
        #expect(try Self.only("limits: {}") == .shown([:]))
    }
}
