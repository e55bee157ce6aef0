import Audit
import ConfigFile
import Foundation
import GatewayCore
import Identifiers
import Identity
import Logging
import Masking
import NIOSSL
import Originals
import Policy
import Retention
import TLSFiles
import Vault

/// The whole configuration, read and checked: what `serve` runs by and `doctor` looks at.
struct GatewayConfiguration: Sendable {
    /// All of it, for the record of what it says.
    let root: ConfigSection
    /// The file that it was read from.
    let path: String
    /// The folder of the file, from which relative paths start.
    let baseDirectory: String
    let stateDirectory: String
    let logLevel: Logger.Level
    let issuers: [IssuerConfiguration]
    let policy: PolicyFiles
    let maskingRuleSets: [MaskingRuleSet]
    let pseudonymKey: SecretReference?
    let approverGroups: [String]
    let webhook: Webhook?
    let recording: RecordingLevel
    let audit: AuditSettings
    /// `nil` deletes nothing.
    let retention: RetentionRules?
    let console: ConsoleSettings
    let listeners: [(kind: String, section: ConfigSection)]
    let targets: [Target]

    struct PolicyFiles: Sendable {
        let patterns: [String]
        let mode: RuleSnapshot.Mode
        let candidatePatterns: [String]
    }

    struct Webhook: Sendable {
        let url: String
        let secret: SecretReference
    }

    struct AuditSettings: Sendable {
        let origin: String
        let durability: Durability
        let interval: Duration
        /// `nil` for the one in the state folder.
        let signingKey: SigningKeyReference?
        /// `nil` where checkpoints are not time-stamped.
        let timestamping: Timestamping.Settings?
        /// `nil` where there are no witnesses.
        let witnessing: Witnessing.Settings?
        /// To whom originals are sealed; `nil` where they are not kept.
        let auditorKey: AuditorPublicKey?
        let sinks: [SinkSettings]
    }

    struct ConsoleSettings: Sendable {
        let address: ConfigAddress
        let url: String
        let tls: TLSConfiguration?
    }

    /// Reads the file at `path`.
    ///
    /// - Throws: `ConfigErrors` with all that is wrong, each with its line and column.
    static func load(path: String, registry: AdapterRegistry) throws(ConfigErrors) -> GatewayConfiguration {
        let root = try ConfigDocument.load(path: path, keys: ConfigurationKeys.all(registry))
        do {
            return try GatewayConfiguration(root, path: path)
        } catch let error as ConfigError {
            throw ConfigErrors([error])
        } catch let errors as ConfigErrors {
            throw errors
        } catch {
            throw ConfigErrors([root.error(nil, "\(error)")])
        }
    }

    private init(_ root: ConfigSection, path: String) throws {
        let base = URL(fileURLWithPath: path).deletingLastPathComponent().path
        self.root = root
        self.path = path
        baseDirectory = base
        stateDirectory = Self.resolve(root.string("state") ?? "state", from: base)
        logLevel = root.section("log").string("level").flatMap { Logger.Level(rawValue: $0) } ?? .info
        issuers = try root.section("identity").sections("issuers").map { try Self.issuer($0, base: base) }
        guard !issuers.isEmpty else { throw root.section("identity").error("issuers", "at least one issuer is needed") }
        let policySection = root.section("policy")
        policy = PolicyFiles(
            patterns: policySection.strings("files"),
            mode: policySection.string("mode").flatMap(RuleSnapshot.Mode.init) ?? .enforce,
            candidatePatterns: policySection.strings("candidate"))
        let masking = root.section("masking")
        maskingRuleSets = try masking.sections("rule_sets").map(Self.ruleSet)
        pseudonymKey = masking.secret("pseudonym_key")
        let approvals = root.section("approvals")
        approverGroups = approvals.strings("groups")
        if approvals.has("webhook") {
            let section = approvals.section("webhook")
            guard let url = section.string("url"), let secret = section.secret("secret") else {
                throw approvals.error("webhook", "a webhook has a url and a secret")
            }
            webhook = Webhook(url: url, secret: secret)
        } else {
            webhook = nil
        }
        recording = root.section("recording").string("minimum").flatMap(RecordingLevel.init) ?? .metadata
        let auditSection = root.section("audit")
        audit = AuditSettings(
            origin: auditSection.string("origin") ?? "sallyport",
            durability: auditSection.string("durability").flatMap(Durability.init) ?? .process,
            interval: auditSection.duration("interval") ?? .milliseconds(200),
            signingKey: try Self.signingKey(auditSection), timestamping: Self.timestamping(auditSection, base: base),
            witnessing: try Self.witnessing(auditSection),
            auditorKey: try Self.auditorKey(auditSection, base: base),
            sinks: try SinkSettings.all(auditSection.sections("sinks"), baseDirectory: base))
        console = try Self.console(root.section("console"), base: base)
        listeners = root.sections("listeners").map { ($0.string("adapter") ?? "", $0) }
        targets = try Self.targets(root.sections("targets"))
        retention = try root.has("retention") ? RetentionRules(root.section("retention"), targets: targets) : nil
    }

    /// What is right as it stands and may be a mistake all the same, a sentence each.
    var notes: [String] {
        (retention?.strayTargets ?? []).map {
            "retention.targets.\($0) is for no target that there is: it is a rule for what that target has left"
        } + outlivingCopies
    }

    /// Copies of recordings that a bucket keeps for longer than they are kept here: nobody deletes those.
    private var outlivingCopies: [String] {
        let rules = targets.compactMap { retention?.rule(for: .recordings, of: $0.name) }
        guard let shortest = rules.min(by: { $0.keep < $1.keep }) else { return [] }
        return audit.sinks.compactMap { sink in
            guard case .objectStore(let bucket) = sink.destination, bucket.withRecordings,
                bucket.retention > shortest.keep
            else { return nil }
            return "recordings are deleted under \(shortest), and the sink \(sink.name) has their copies locked in its "
                + "bucket for \(bucket.retention.unitText); `recordings: false` leaves them out"
        }
    }

    private static func signingKey(_ section: ConfigSection) throws -> SigningKeyReference? {
        do {
            return try section.string("signing_key").map { try SigningKeyReference($0) }
        } catch {
            throw section.error("signing_key", "\(error)")
        }
    }

    private static func timestamping(_ section: ConfigSection, base: String) -> Timestamping.Settings? {
        guard section.has("timestamps") else { return nil }
        let stamps = section.section("timestamps")
        return Timestamping.Settings(
            url: stamps.string("url") ?? "", authorities: stamps.string("ca").map { resolve($0, from: base) },
            interval: max(stamps.duration("interval") ?? .seconds(3600), .seconds(1)))
    }

    private static func witnessing(_ section: ConfigSection) throws -> Witnessing.Settings? {
        let witnesses = try section.sections("witnesses").map { witness in
            do {
                return Witnessing.Settings.Witness(
                    url: (witness.string("url") ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "/")),
                    key: try CosignerKey(witness.string("key") ?? ""))
            } catch let error as NoteError {
                throw witness.error("key", "this is no witness's public key: \(error)")
            }
        }
        let quorum = section.integer("quorum")
        guard !witnesses.isEmpty else {
            if quorum != nil { throw section.error("quorum", "a quorum needs witnesses") }
            return nil
        }
        guard quorum ?? 0 <= witnesses.count else {
            throw section.error("quorum", "there are only \(witnesses.count) witnesses")
        }
        guard Set(witnesses.map(\.key.name)).count == witnesses.count else {
            throw section.error("witnesses", "each witness stands here once")
        }
        return Witnessing.Settings(witnesses: witnesses, quorum: quorum ?? witnesses.count)
    }

    private static func auditorKey(_ section: ConfigSection, base: String) throws -> AuditorPublicKey? {
        guard section.has("originals") else { return nil }
        let section = section.section("originals")
        let text = section.string("auditor_key") ?? ""
        do throws(OriginalsKeyError) {
            // Keys have a plus sign; a path may have one too, so that the file decides.
            guard let data = FileManager.default.contents(atPath: resolve(text, from: base)), data.count < 4096 else {
                return try AuditorPublicKey(parsing: text)
            }
            return try AuditorPublicKey(
                parsing: String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            throw section.error("auditor_key", "this is no auditor's public key: \(error)")
        }
    }

    /// `path` as it is when it is absolute, else from the configuration's folder.
    static func resolve(_ path: String, from base: String) -> String {
        path.hasPrefix("/") ? path : "\(base)/\(path)"
    }

    private static func issuer(_ section: ConfigSection, base: String) throws -> IssuerConfiguration {
        let issuer = section.string("issuer") ?? ""
        guard HTTPDocumentFetcher.isAcceptable(issuer) else {
            throw section.error("issuer", "an issuer's URL is https; http is for this machine itself")
        }
        let audiences = section.strings("audiences")
        guard !audiences.isEmpty else { throw section.error("audiences", "name at least one audience") }
        let groups = section.section("groups")
        var staticGroups: [String: [String]] = [:]
        for entry in groups.sections("static") {
            staticGroups[entry.string("user") ?? ""] = entry.strings("groups")
        }
        let secret: String?
        do throws(SecretError) {
            secret = try section.secret("client_secret")?.resolve(relativeTo: base).reveal()
        } catch {
            throw section.error("client_secret", error.description)
        }
        let scopes = section.strings("scopes")
        return IssuerConfiguration(
            issuer: issuer, audiences: audiences, clientID: section.string("client_id"), clientSecret: secret,
            groupsClaim: (groups.string("claim") ?? "groups").split(separator: ".").map(String.init),
            provider: groups.string("provider").flatMap(IssuerConfiguration.Provider.init) ?? .generic,
            groupsRequired: groups.boolean("required") ?? false, hostedDomain: groups.string("hosted_domain"),
            staticGroups: staticGroups, grace: section.duration("grace") ?? .seconds(3600),
            certificateAuthorities: section.string("ca").map { resolve($0, from: base) },
            scopes: scopes.isEmpty ? ["openid", "email", "groups"] : scopes,
            openPubkey: try openPubkey(section, audiences: audiences))
    }

    private static func openPubkey(_ issuer: ConfigSection, audiences: [String]) throws -> OpenPubkeyConfiguration? {
        guard issuer.has("openpubkey") else { return nil }
        let section = issuer.section("openpubkey")
        let clients = section.strings("clients")
        guard !clients.isEmpty else { throw section.error("clients", "name at least one client") }
        if let both = clients.first(where: audiences.contains) {
            throw section.error(
                "clients",
                "\"\(both)\" is one of the audiences too: every host that a certificate of opkssh is shown to could "
                    + "sign in with the token within; let opkssh use a client of its own")
        }
        return OpenPubkeyConfiguration(clients: clients, lifetime: section.duration("lifetime"))
    }

    private static func ruleSet(_ section: ConfigSection) throws -> MaskingRuleSet {
        MaskingRuleSet(
            name: section.string("name") ?? "", rules: try section.sections("rules").map { try maskingRule($0) })
    }

    private static func maskingRule(_ section: ConfigSection) throws -> MaskingRule {
        let selectors = ["field", "column", "path", "detector"].filter(section.has)
        guard selectors.count == 1, let key = selectors.first, let text = section.string(key) else {
            throw section.error(nil, "a masking rule has exactly one of field, column, path and detector")
        }
        do {
            let selector: MaskingRule.Selector =
                switch key {
                case "field": .field(text)
                case "column": .column(try ColumnPattern(parsing: text))
                case "path": .path(try JSONPath(parsing: text))
                default: .detector(try Detector(named: text))
                }
            return MaskingRule(
                name: section.string("name"), selector: selector,
                transform: try Transform(parsing: section.string("transform") ?? ""))
        } catch {
            throw section.error(error.text == text ? key : "transform", "\(error)")
        }
    }

    private static func console(_ section: ConfigSection, base: String) throws -> ConsoleSettings {
        guard let address = section.address("listen") else {
            throw section.error("listen", "the console needs an address")
        }
        let isSecure = section.has("tls")
        let url = section.string("url") ?? "\(isSecure ? "https" : "http")://\(address)"
        guard address.isLoopback || isSecure || url.hasPrefix("https://") else {
            throw section.error(
                "listen",
                "tokens must not travel unencrypted: add `tls`, or put a TLS proxy before the console and give its https URL as `url`"
            )
        }
        return ConsoleSettings(
            address: address, url: url.hasSuffix("/") ? String(url.dropLast()) : url,
            tls: isSecure ? try ServerTLS.configuration(section.section("tls"), baseDirectory: base) : nil)
    }

    private static func targets(_ sections: [ConfigSection]) throws -> [Target] {
        var names: Set<String> = []
        return try sections.map { section in
            let name = section.string("name") ?? ""
            let isWord = name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                    || [0x2d, 0x2e, 0x5f].contains($0)
            }
            guard !name.isEmpty, name.utf8.count <= 64, isWord else {
                throw section.error("name", "a target's name has 1 to 64 letters, digits, `-`, `_` and `.`")
            }
            guard names.insert(name).inserted else { throw section.error("name", "two targets are called \"\(name)\"") }
            return Target(name: name, kind: section.string("kind") ?? "", section: section)
        }
    }
}
