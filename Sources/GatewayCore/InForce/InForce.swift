import Crypto
import Identifiers
import Policy
import StrictJSON

/// What a gateway judges and runs by at a time, as far as the log tells changes of it.
public struct InForce: Sendable {
    public struct Policies: Sendable {
        public let digest: String
        public let sources: [PolicySource]

        public init(digest: String, sources: [PolicySource]) {
            self.digest = digest
            self.sources = sources
        }

        init(_ set: PolicySet) { self.init(digest: set.digest, sources: set.sources) }
    }

    public private(set) var policy: Policies
    /// Policies on trial.
    public private(set) var candidate: Policies?
    public let configuration: RecordedConfiguration
    /// The public id of the key of pseudonyms and keyed digests.
    public let pseudonymKey: String

    public init(rules: RuleSnapshot, configuration: RecordedConfiguration, pseudonymKey: String) {
        policy = Policies(rules.policy)
        candidate = rules.candidate.map(Policies.init)
        self.configuration = configuration
        self.pseudonymKey = pseudonymKey
    }

    /// The same with other policies.
    public func with(_ rules: RuleSnapshot) -> InForce {
        InForce(rules: rules, configuration: configuration, pseudonymKey: pseudonymKey)
    }

    /// Names a key and reveals nothing of it: 128 bits that HKDF derives for this alone.
    public static func id(ofPseudonymKey key: SymmetricKey) -> String {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("sallyport pseudonym key id".utf8), outputByteCount: 16
        ).withUnsafeBytes { Array($0).hexadecimal }
    }
}

// MARK: As a file

extension InForce {
    private static let version = "1"

    /// What the next start reads.
    ///
    /// - Parameter treeSize: Of the log that says so.
    public func bytes(recordedIn treeSize: UInt64) -> [UInt8] {
        var members = [
            JSONMember(
                "configuration", ["settings": .array(configuration.settings.map(\.json))]),
            JSONMember("policy", policy.json), JSONMember("pseudonym_key", .string(pseudonymKey)),
            JSONMember("tree_size", .number(String(treeSize))), JSONMember("v", .number(Self.version)),
        ]
        if let candidate { members.append(JSONMember("candidate", candidate.json)) }
        return JSONValue.object(members).canonicalBytes + [0x0a]
    }

    /// - Parameter treeSize: Of the log as it is. One that was set back does not have what a longer one had recorded.
    /// - Returns: `nil` for anything but what ``bytes(recordedIn:)`` gave for a log of at most this size.
    public init?(bytes: [UInt8], in treeSize: UInt64) {
        guard let json = try? JSONValue(parsing: bytes, within: .ownRecord), json["v"] == .number(Self.version),
            let policy = json["policy"].flatMap(Policies.init), let key = json["pseudonym_key"]?.string,
            let list = json["configuration"]?["settings"]?.array,
            let recorded = json["tree_size"]?.integer, recorded >= 0, recorded <= treeSize
        else { return nil }
        let settings = list.compactMap(RecordedConfiguration.Setting.init)
        guard settings.count == list.count else { return nil }
        self.policy = policy
        if let value = json["candidate"] {
            guard let candidate = Policies(value) else { return nil }
            self.candidate = candidate
        }
        configuration = RecordedConfiguration(settings)
        pseudonymKey = key
    }
}

extension InForce.Policies {
    fileprivate var json: JSONValue {
        [
            "digest": .string(digest),
            "files": .array(sources.map { ["name": .string($0.name), "text": .string($0.text)] }),
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let digest = json["digest"]?.string, let files = json["files"]?.array else { return nil }
        var sources: [PolicySource] = []
        for file in files {
            guard let name = file["name"]?.string, let text = file["text"]?.string else { return nil }
            sources.append(PolicySource(name: name, text: text))
        }
        // A set that is not the one of its digest would have changes told that were none, or none that were.
        guard PolicySet.digest(of: sources) == digest else { return nil }
        self.init(digest: digest, sources: sources)
    }
}
