import ConfigFile
import Crypto
import Identifiers
import Masking
import Policy
import StrictJSON

@testable import GatewayCore

/// What is in force in a test, made of texts.
enum InForceFixture {
    static let time = Timestamp(milliseconds: 1_790_000_000_000)
    static let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    static let redactor = SensitiveTextRedactor(key: key)

    static let keys: [ConfigKey] = [
        ConfigKey("durability", .choice(["process", "disk"]), summary: "A choice."),
        ConfigKey("note", .string, disclosure: .shown, summary: "A text."),
        ConfigKey("hook", .url, summary: "What may be a secret."),
        ConfigKey("groups", .list(.string), disclosure: .shown, summary: "A list."),
        ConfigKey("token", .secret, summary: "A reference to a secret."),
        ConfigKey("ca", .file, summary: "A file that is read."),
        ConfigKey("output", .path, summary: "A file that is written."),
        ConfigKey("roles", .dictionary(.string), disclosure: .shown, summary: "Many."),
    ]

    static func configuration(
        _ yaml: String, in folder: String = "/nonexistent", key: SymmetricKey = key
    ) throws -> RecordedConfiguration {
        RecordedConfiguration(
            try ConfigDocument.load(text: yaml, file: "test.yaml", keys: keys),
            relativeTo: folder, redactor: SensitiveTextRedactor(key: key), key: key)
    }

    static func inForce(
        _ policy: String, candidate: String? = nil, configuration yaml: String = "durability: process",
        in folder: String = "/nonexistent", key: SymmetricKey = key
    ) throws -> InForce {
        func set(_ text: String) throws -> PolicySet {
            try PolicySet.load([PolicySource(name: "policy.cedar", text: text)])
        }
        let rules = RuleSnapshot(
            policy: try set(policy), candidate: try candidate.map(set),
            masking: try MaskingCatalog(ruleSets: [], pseudonymKey: key), recording: .metadata)
        return InForce(
            rules: rules, configuration: try configuration(yaml, in: folder, key: key),
            pseudonymKey: InForce.id(ofPseudonymKey: key))
    }

    /// The entry, read; that it is canonical, and fits into a bundle, holds for all.
    static func json(_ entry: ControlEntry) throws -> JSONValue {
        let json = try JSONValue(parsing: entry.bytes)
        guard json.canonicalBytes == entry.bytes, entry.bytes.count <= 65_535 else {
            throw NotAnEntry(bytes: entry.bytes.count)
        }
        return json
    }

    static func policyLoad(_ before: InForce, _ after: InForce) throws -> JSONValue {
        try json(.policyLoad(after, after: .known(before), by: "SIGHUP", redactedBy: redactor, at: time))
    }

    struct NotAnEntry: Error { let bytes: Int }
}

extension JSONValue {
    /// `change name` of each change.
    var changes: [String] {
        (self["changes"]?.array ?? []).map {
            "\($0["change"]?.string ?? "") \($0["id"]?.string ?? $0["setting"]?.string ?? "")"
        }
    }
}
