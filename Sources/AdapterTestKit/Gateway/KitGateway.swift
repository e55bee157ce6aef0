import Approvals
import Audit
import Crypto
import Foundation
import GatewayCore
import Identifiers
import Identity
import Logging
import Masking
import Policy
import Recording
import Store
import StrictJSON

/// A gateway without adapters in a temporary folder: real audit log, store, identity, policy, masking and approvals.
/// Only the issuer is in memory, and the log's disk and the clock do as the test says.
public final class KitGateway: Sendable {
    public let folder: String
    public let clock = KitClock()
    public let disk = KitDisk()
    public let issuer: KitIssuer
    public let log: AuditLog
    public let approvals: ApprovalDesk
    public let sessions: SessionManager
    /// The key of the keyed digests that stand for regulated values.
    public let redactor: SensitiveTextRedactor
    let logger: Logger
    private let authenticator: Authenticator
    private let pseudonymKey: SymmetricKey
    /// What the digests of commands are made with.
    public let commandDigests: CommandDigest.Key

    /// - Parameter policy: Cedar; it may name groups of `KitPerson`s and the rule sets of `masking`.
    public init(policy: String, masking: [MaskingRuleSet] = [], mode: RuleSnapshot.Mode = .enforce) throws {
        folder = "\(NSTemporaryDirectory())sallyport-kit-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let logger = Logger(label: "kit") { _ in SwiftLogNoOpLogHandler() }
        let clock = clock
        let now: @Sendable () -> Timestamp = { clock.now }
        let log = try AuditLog(
            AuditOptions(
                directory: "\(folder)/audit", origin: "kit.example/log", keyPath: "\(folder)/audit.key",
                fileOperations: disk.operations, logger: logger))
        let key = SymmetricKey(size: .bits256)
        let redactor = SensitiveTextRedactor(key: key)
        let approvals = ApprovalDesk(
            store: try Store(path: "\(folder)/store.sqlite", schemas: [ApprovalDesk.schema]),
            clock: ApprovalClock(now: now, sleep: ApprovalClock.system.sleep), logger: logger
        ) { event in
            try log.append(ControlEntry.approval(event, redactedBy: redactor).bytes)
        }
        let issuer = KitIssuer(now: now)
        self.issuer = issuer
        authenticator = Authenticator(
            issuers: [IssuerConfiguration(issuer: KitIssuer.url, audiences: [KitIssuer.audience])],
            fetcher: { _ in issuer }, now: now, logger: logger)
        commandDigests = CommandDigest.Key(pseudonymKey: key)
        sessions = SessionManager(
            .init(
                authenticator: authenticator, auditLog: log, approvals: approvals, redactor: redactor,
                commandDigests: commandDigests,
                payloads: PayloadStore(directory: "\(folder)/payloads"), recordingsDirectory: "\(folder)/recordings",
                consoleURL: "http://127.0.0.1:1", clock: now, logger: logger),
            rules: try Self.rules(policy, masking, mode: mode, key: key))
        self.log = log
        self.approvals = approvals
        self.redactor = redactor
        self.logger = logger
        pseudonymKey = key
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private static func rules(
        _ policy: String, _ masking: [MaskingRuleSet], mode: RuleSnapshot.Mode, candidate: String? = nil,
        key: SymmetricKey
    ) throws -> RuleSnapshot {
        func load(_ text: String) throws -> PolicySet {
            try PolicySet.load([PolicySource(name: "kit.cedar", text: text)])
        }
        return RuleSnapshot(
            policy: try load(policy), mode: mode, candidate: try candidate.map(load),
            masking: try MaskingCatalog(ruleSets: masking, pseudonymKey: key), recording: .metadata)
    }

    /// Puts other rules in force, as a reload does.
    public func replaceRules(
        policy: String, masking: [MaskingRuleSet] = [], mode: RuleSnapshot.Mode = .enforce, candidate: String? = nil
    ) throws {
        sessions.replaceRules(
            try Self.rules(policy, masking, mode: mode, candidate: candidate, key: pseudonymKey))
    }

    // MARK: People

    public func token(for person: KitPerson) throws -> String { try issuer.token(for: person) }

    /// Signs `person` in.
    public func caller(_ person: KitPerson) async throws -> Caller {
        try await authenticator.authenticate(token(for: person))
    }

    // MARK: What is left of it all

    /// Everything in the log, signed or not yet, in the order of each journal.
    public func entries() throws -> [LogEntry] { try auditEntries().map(LogEntry.init) }

    /// The same as they stand in the log.
    public func auditEntries() throws -> [AuditEntry] {
        let reader = AuditReader(directory: "\(folder)/audit")
        // First the journals: an entry that moves meanwhile is then seen twice rather than not at all.
        let pending = try reader.pendingEntries()
        var all: [AuditEntry] = []
        var signed = try reader.entries()
        while let entry = try signed.next() { all.append(entry) }
        let known = Set(all.map(\.bytes))
        return all + pending.filter { !known.contains($0.bytes) }
    }

    /// The text of every file of recordings and large commands.
    public func recordedTexts() -> [String] {
        ["recordings", "payloads"].flatMap { name -> [String] in
            let files = FileManager.default.enumerator(atPath: "\(folder)/\(name)")?.compactMap { $0 as? String } ?? []
            return files.compactMap { file in
                FileManager.default.contents(atPath: "\(folder)/\(name)/\(file)").map {
                    String(decoding: $0, as: UTF8.self)
                }
            }
        }
    }
}
