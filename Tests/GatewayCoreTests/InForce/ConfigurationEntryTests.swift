import Crypto
import Foundation
import Identifiers
import StrictJSON
import Testing

@testable import GatewayCore

@Suite("What entries say of the configuration and of the key of pseudonyms")
struct ConfigurationEntryTests {
    private static func inForce(_ yaml: String, key: SymmetricKey = InForceFixture.key) throws -> InForce {
        try InForceFixture.inForce("", configuration: yaml, key: key)
    }

    private static func entry(_ before: InForce, _ after: InForce) throws -> JSONValue {
        try InForceFixture.json(.configuration(after, after: .known(before), at: InForceFixture.time))
    }

    @Test("settings that came, went and changed are told with their values, in their order")
    func difference() throws {
        let before = try Self.inForce("{durability: process, note: a, groups: [x]}")
        let after = try Self.inForce("{durability: disk, groups: [x, y], roles: {dba: owner}}")
        let entry = try Self.entry(before, after)
        #expect(
            entry["changes"] == [
                ["after": "disk", "before": "process", "change": "changed", "setting": "durability"],
                ["after": ["x", "y"], "before": ["x"], "change": "changed", "setting": "groups"],
                ["after": "owner", "change": "added", "setting": "roles.dba"],
                ["before": "a", "change": "removed", "setting": "note"],
            ])
        #expect(entry["digest"]?.string == after.configuration.digest)
        #expect(entry["previous"]?.string == before.configuration.digest && entry["since"] == nil)
        #expect(before.configuration.digest != after.configuration.digest)
        #expect(try Self.entry(before, before)["changes"] == [])
        #expect(
            try Self.inForce("groups: [x]\nnote: \"a\"\ndurability: process").configuration.digest
                == before.configuration.digest)
    }

    @Test("what may be a secret is said to have changed, with neither a value nor a digest")
    func secrets() throws {
        let (one, other) = ("https://hooks.example/T0/alpha", "https://hooks.example/T0/bravo")
        let before = try Self.inForce("hook: \"\(one)\"")
        let after = try Self.inForce("hook: \"\(other)\"")
        let entry = try Self.entry(before, after)
        #expect(entry["changes"] == [["change": "changed", "hidden": true, "setting": "hook"]])
        #expect(try Self.entry(after, after)["changes"] == [])
        // What is remembered for the next start holds nothing of it either.
        let remembered = String(decoding: before.bytes(recordedIn: 1), as: UTF8.self)
        #expect(!remembered.contains("alpha") && !remembered.contains("hooks.example"))
        #expect(!remembered.contains(SHA256.hash(data: Array(one.utf8)).hexadecimal))
        // The digest of the whole cannot be computed from a guess without the key.
        let guess = try Self.inForce("hook: \"\(one)\"", key: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        #expect(guess.configuration.digest != before.configuration.digest)
    }

    @Test("other contents of a file or a secret that a setting names are told, and nothing of what they are")
    func contents() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("contents-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        let yaml = "{token: \"file:token\", ca: ca.pem, output: lines.log}"
        func now() throws -> InForce { try InForceFixture.inForce("", configuration: yaml, in: folder.path) }
        for name in ["token", "ca.pem", "lines.log"] { try write(name, "alpha") }
        let before = try now()
        #expect(
            before.configuration.settings.map(\.path)
                == ["token", "token (contents)", "ca", "ca (contents)", "output"])
        try write("lines.log", "bravo")
        #expect(try Self.entry(before, now())["changes"] == [])
        try write("token", "bravo")
        try write("ca.pem", "bravo\n")
        let after = try now()
        #expect(
            try Self.entry(before, after)["changes"] == [
                ["change": "changed", "hidden": true, "setting": "token (contents)"],
                ["change": "changed", "hidden": true, "setting": "ca (contents)"],
            ])
        let remembered = String(decoding: after.bytes(recordedIn: 1), as: UTF8.self)
        #expect(!remembered.contains("alpha") && !remembered.contains("bravo"))
        // What cannot be read again, or is not there, is left to who reads it.
        try FileManager.default.removeItem(atPath: "\(folder.path)/ca.pem")
        try FileManager.default.removeItem(atPath: "\(folder.path)/token")
        try #require(mkfifo("\(folder.path)/token", 0o600) == 0)
        #expect(
            try Self.entry(after, now()).changes == ["removed token (contents)", "removed ca (contents)"])
    }

    @Test("under another key nobody can tell whether what is hidden changed")
    func otherKey() throws {
        let before = try Self.inForce("{durability: process, hook: \"https://a.example/x\"}")
        let after = try Self.inForce(
            "{durability: disk, hook: \"https://a.example/x\"}",
            key: SymmetricKey(data: [UInt8](repeating: 8, count: 32)))
        #expect(try Self.entry(before, after).changes == ["changed durability", "in-force hook"])
        let gone = try Self.inForce("durability: process")
        #expect(try Self.entry(before, gone).changes == ["removed hook"])
    }

    @Test("regulated values are redacted, in names too")
    func redaction() throws {
        let before = try Self.inForce("durability: process")
        let after = try Self.inForce(
            "{durability: process, note: \"of 536-22-8741\", roles: {\"ana@example.com\": x, \"Ana@example.com\": y}}")
        let entry = try Self.entry(before, after)
        let written = String(decoding: entry.canonicalBytes, as: UTF8.self)
        #expect(!written.contains("536-22") && !written.lowercased().contains("ana@example"))
        #expect(entry["changes"]?.array?.count == 3)
        #expect(Set(entry.changes).count == 3, "\(entry.changes)")
        #expect(!String(decoding: after.bytes(recordedIn: 1), as: UTF8.self).contains("536-22"))
    }

    @Test("long values and long lists give way, and it is said")
    func bounded() throws {
        let before = try Self.inForce("durability: process")
        let long = String(repeating: "x", count: 70_000)
        let entry = try Self.entry(before, Self.inForce("{durability: disk, note: \(long)}"))
        #expect(
            entry["changes"]?[1] == ["after_bytes": 70_002, "change": "added", "setting": "note"]
                && entry["changes"]?[0]?["after"] == "disk")
        let many = (0..<3000).map { "role-\($0): owner" }.joined(separator: ", ")
        let cut = try Self.entry(before, Self.inForce("{durability: process, roles: {\(many)}}"))
        let listed = cut["changes"]?.array?.count ?? 0
        #expect(listed > 500 && cut["changes_omitted"]?.integer == Int64(3000 - listed))
    }

    @Test("the first start says all as added, one whose past is lost says all as in force")
    func beginning() throws {
        let now = try Self.inForce("{durability: disk, hook: \"https://a.example/x\"}")
        let first = try InForceFixture.json(.configuration(now, after: .beginning, at: .now))
        #expect(first.changes == ["added durability", "added hook"] && first["since"] == nil)
        let lost = try InForceFixture.json(.configuration(now, after: .unknown, at: .now))
        #expect(lost.changes == ["in-force durability", "in-force hook"] && lost["since"] == "unknown")
        #expect(lost["previous"] == nil)
    }

    @Test("the key of pseudonyms is named without being revealed, and its replacement names both")
    func pseudonymKey() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 8, count: 32))
        let id = InForce.id(ofPseudonymKey: key)
        #expect(id.utf8.count == 32 && id == InForce.id(ofPseudonymKey: key))
        #expect(id != InForce.id(ofPseudonymKey: InForceFixture.key))
        #expect(!key.withUnsafeBytes { Array($0).hexadecimal }.contains(id))
        // No digest that stands for a value, or hides one, is made as the id is.
        let (before, after) = (try Self.inForce("note: a"), try Self.inForce("note: a", key: key))
        func entry(_ history: InForceHistory, isNew: Bool = false) throws -> [String: JSONValue] {
            let json = try InForceFixture.json(
                .pseudonymKey(after, after: history, isNew: isNew, from: "file:key", at: InForceFixture.time))
            return Dictionary(uniqueKeysWithValues: (json.object ?? []).map { ($0.name, $0.value) })
                .filter { !["id", "time", "v"].contains($0.key) }
        }
        let named: [String: JSONValue] = ["from": "file:key", "key": .string(id), "kind": "pseudonym-key"]
        let previous: [String: JSONValue] = ["previous": .string(before.pseudonymKey)]
        #expect(try entry(.beginning, isNew: true) == named.merging(["change": "created"]) { $1 })
        #expect(try entry(.beginning) == named.merging(["change": "added"]) { $1 })
        #expect(try entry(.known(before)) == named.merging(["change": "changed"]) { $1 }.merging(previous) { $1 })
        #expect(
            try entry(.known(before), isNew: true)
                == named.merging(["change": "created"]) { $1 }.merging(previous) { $1 }
        )
        #expect(try entry(.unknown) == named.merging(["change": "in-force", "since": "unknown"]) { $1 })
    }

    @Test("a start names all that is in force")
    func start() throws {
        let now = try Self.inForce("note: a")
        let entry = try InForceFixture.json(
            .start(version: "1.2", inForce: now, recovery: "2 entries replayed", at: InForceFixture.time))
        let members = Dictionary(uniqueKeysWithValues: (entry.object ?? []).map { ($0.name, $0.value) })
            .filter { $0.key != "id" }
        #expect(
            members == [
                "configuration": .string(now.configuration.digest), "kind": "start",
                "policy": .string(now.policy.digest), "pseudonym_key": .string(now.pseudonymKey),
                "recovery": "2 entries replayed", "time": .string(InForceFixture.time.description), "v": 1,
                "version": "1.2",
            ])
    }

    @Test("what is remembered reads back as it was; anything else does not read")
    func remembered() throws {
        let now = try InForceFixture.inForce(
            "permit(principal, action, resource);", candidate: "",
            configuration: "{groups: [a], hook: \"https://a.example/x\"}")
        let read = try #require(InForce(bytes: now.bytes(recordedIn: 7), in: 7))
        #expect(read.bytes(recordedIn: 7) == now.bytes(recordedIn: 7) && read.configuration == now.configuration)
        #expect(read.policy.digest == now.policy.digest && read.candidate?.digest == now.candidate?.digest)
        // Nor does what a log said that had more entries than this one.
        #expect(InForce(bytes: now.bytes(recordedIn: 7), in: 6) == nil)
        let text = String(decoding: now.bytes(recordedIn: 7), as: UTF8.self)
        for broken in [
            "", "{}", "null", String(text.dropLast(20)), text.replacing("permit", with: "forbid"),
            text.replacing("\"v\":1", with: "\"v\":2"), text.replacing("\"setting\"", with: "\"settings\""),
        ] { #expect(InForce(bytes: Array(broken.utf8), in: 8) == nil, "\(broken.prefix(60))") }
    }
}
