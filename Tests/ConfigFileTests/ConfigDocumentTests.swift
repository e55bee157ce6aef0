import ConfigFile
import Foundation
import Testing

@Suite struct ConfigDocumentTests {
    @Test("every kind of value is read")
    func whole() throws {
        let section = try SampleKeys.load(SampleKeys.whole)
        #expect(section.string("name") == "gate")
        #expect(section.integer("workers") == 8)
        #expect(section.boolean("verbose") == true)
        #expect(section.duration("timeout") == .seconds(900))
        #expect(section.integer("limit") == 65_536)
        #expect(section.address("listen")?.host == "::1")
        #expect(section.address("listen")?.port == 8443)
        #expect(section.string("upstream") == "https://functions.example/base")
        #expect(section.secret("token") == .environment("TOKEN"))
        #expect(section.string("level") == "debug")
        #expect(section.strings("groups") == ["payments", "sre"])
        #expect(section.dictionary("labels").map { "\($0.name)=\($0.text)" } == ["team=red", "cost=17"])
        #expect(section.section("tls").secret("key") == .file("key.pem"))
        #expect(section.sections("targets").map { $0.string("name") } == ["pay", "ledger"])
        #expect(section.position(of: "listen") == ConfigPosition(file: "test.yaml", line: 6, column: 9))
    }

    @Test("what is absent has its default, and an absent mapping is empty")
    func defaults() throws {
        let section = try SampleKeys.load("name: gate")
        #expect(section.integer("workers") == 4)
        #expect(section.duration("timeout") == .seconds(30))
        #expect(section.integer("limit") == 1 << 20)
        #expect(section.address("listen")?.description == "127.0.0.1:7480")
        #expect(section.string("folder") == nil)
        #expect(!section.has("workers"))
        #expect(section.strings("groups").isEmpty)
        #expect(section.section("tls").string("certificate") == nil)
    }

    @Test("secrets and addresses are found wherever they are declared")
    func walking() throws {
        let section = try SampleKeys.load(SampleKeys.whole)
        #expect(section.secrets.map(\.key) == ["token", "tls.key", "targets[1].password"])
        #expect(section.addresses.map(\.key) == ["listen"])
        #expect(section.declares("tls"))
        #expect(!section.declares("tsl"))
    }

    @Test(
        "an error says where, what and what would be right",
        arguments: [
            ("name: a\nlisen: x:1", "test.yaml:2:1: unknown key \"lisen\"; did you mean \"listen\"?"),
            ("name: a\nvebrose: true", "test.yaml:2:1: unknown key \"vebrose\"; did you mean \"verbose\"?"),
            ("workers: 2", "test.yaml:1:1: the key \"name\" is missing: What it is called."),
            ("name: a\nworkers: 65", "test.yaml:2:10: \"workers\" takes a whole number from 1 to 64"),
            ("name: a\nworkers: 0", "test.yaml:2:10: \"workers\" takes a whole number from 1 to 64"),
            ("name: a\nworkers: [1]", "takes a whole number from 1 to 64, not a list"),
            ("name: a\nverbose: yes", "test.yaml:2:10: \"verbose\" takes true or false"),
            ("name: a\ntimeout: 30", "test.yaml:2:10: \"timeout\" takes a duration such as"),
            ("name: a\nlimit: 1MB", "test.yaml:2:8: \"limit\" takes a size such as"),
            ("name: a\nlisten: localhost", "\"listen\" takes an address with port"),
            ("name: a\nupstream: ftp://x/", "\"upstream\" takes an http or https URL with a host"),
            ("name: a\nlevel: trace", "\"level\" takes one of info, debug"),
            ("name: a\ngroups: payments", "\"groups\" takes a list"),
            ("name: a\nlabels: [a]", "\"labels\" takes a mapping of names to values"),
            ("name: a\ntls: cert.pem", "\"tls\" takes a mapping of keys to values"),
            ("name: a\ntls: {key: 'env:K'}", "test.yaml:2:6: the key \"certificate\" is missing"),
            ("name: a\ntargets: [{name: x}]", "the key \"kind\" is missing; it is one of http, postgres"),
            ("name: a\ntargets: [{kind: htp, name: x}]", "did you mean \"http\"?"),
            (
                "name: a\ntargets: [{kind: http, name: x, url: 'http://h/', host: y}]",
                "test.yaml:2:51: unknown key \"host\""
            ),
            ("name: a\nname: b", "the key \"name\" stands twice"),
            ("name: a\n\tworkers: 2", "this is not YAML"),
            ("name: [a", "this is not YAML"),
            ("- name", "the file takes a mapping of keys to values"),
            ("", "the file is empty"),
            ("name: a\n---\nname: b", "this is not YAML"),
            ("name: *nobody", "this is not YAML"),
        ])
    func errors(text: String, expected: String) {
        let found = SampleKeys.errors(text)
        #expect(found.count == 1)
        #expect(found.first?.contains(expected) == true, "\(found)")
    }

    @Test("all errors of a file are said at once, in its order")
    func allAtOnce() {
        let found = SampleKeys.errors("workers: x\nlisen: y\ntls: {keys: z}\ntimeout: -1s")
        let positions = found.map { $0.split(separator: " ")[0] }
        #expect(
            positions == [
                "test.yaml:1:1:", "test.yaml:1:10:", "test.yaml:2:1:", "test.yaml:3:6:", "test.yaml:3:7:",
                "test.yaml:4:10:",
            ])
    }

    @Test("a secret in the file itself is refused, and the message does not repeat it")
    func literalSecret() {
        let found = SampleKeys.errors("name: a\ntoken: hunter2")
        #expect(found.count == 1)
        #expect(found.first?.contains("a secret never stands in the file itself") == true)
        #expect(found.first?.contains("hunter2") == false)
    }

    @Test("aliases that multiply are stopped, and few aliases are not")
    func aliases() throws {
        var bomb = "name: a\nlabels:\n  x: &a0 [y, y, y, y, y, y, y, y, y, y]\n"
        for level in 1...9 {
            bomb +=
                "  x\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        #expect(throws: ConfigErrors.self) { try ConfigDocument.value(text: bomb, file: "bomb.yaml") }
        #expect(!SampleKeys.errors(bomb).isEmpty)
        let section = try SampleKeys.load("name: &n gate\nfolder: *n")
        #expect(section.string("folder") == "gate")
    }

    @Test(
        "a file that cannot be used is named", arguments: [Data([0xff, 0xfe]), Data(count: 5 << 20), nil])
    func files(contents: Data?) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("config-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        if let contents { #expect(FileManager.default.createFile(atPath: path, contents: contents)) }
        #expect {
            try ConfigDocument.load(path: path, keys: SampleKeys.all)
        } throws: { error in
            "\(error)".hasPrefix("\(path):1:1: the file ")
        }
    }
}
