import Approvals
import Audit
import Identifiers
import Identity
import Logging
import Masking
import NIOCore
import Originals
import Policy
import Recording
import Synchronization
import Vault

/// Identity, policy, masking, approvals and audit, joined: what every adapter asks before anything runs.
///
/// Each event loop has a `Lane` with its own journal, cache of callers and view of the rules, so that an allowed
/// command touches nothing that another connection could hold.
public final class SessionManager: Sendable {
    /// The parts that the manager joins.
    public struct Parts: Sendable {
        public var authenticator: Authenticator
        public var auditLog: AuditLog
        public var approvals: ApprovalDesk
        public var redactor: SensitiveTextRedactor
        public var commandDigests: CommandDigest.Key
        /// Where what is too large for an entry of the log is kept.
        public var payloads: PayloadStore
        /// The folder of the session recordings.
        public var recordingsDirectory: String
        /// Whether a recording is on the disk before the log says that it is complete, as at the log's durability `disk`.
        public var synchronizesRecordings: Bool
        /// Where what masking takes away is sealed for auditors; `nil` where it is not kept.
        public var originals: OriginalsStore?
        /// Told of each file of evidence that is written and closed. On an event loop: it must not wait.
        public var evidenceClosed: @Sendable (EvidenceItem) -> Void
        public var consoleURL: String
        public var clock: @Sendable () -> Timestamp
        public var logger: Logger

        public init(
            authenticator: Authenticator, auditLog: AuditLog, approvals: ApprovalDesk,
            redactor: SensitiveTextRedactor, commandDigests: CommandDigest.Key, payloads: PayloadStore,
            recordingsDirectory: String, consoleURL: String,
            synchronizesRecordings: Bool = false, originals: OriginalsStore? = nil,
            clock: @escaping @Sendable () -> Timestamp = { .now },
            evidenceClosed: @escaping @Sendable (EvidenceItem) -> Void = { _ in }, logger: Logger
        ) {
            self.authenticator = authenticator
            self.auditLog = auditLog
            self.approvals = approvals
            self.redactor = redactor
            self.commandDigests = commandDigests
            self.payloads = payloads
            self.recordingsDirectory = recordingsDirectory
            self.synchronizesRecordings = synchronizesRecordings
            self.originals = originals
            self.evidenceClosed = evidenceClosed
            self.consoleURL = consoleURL
            self.clock = clock
            self.logger = logger
        }
    }

    let parts: Parts
    private let rules: Mutex<RuleSnapshot>
    private let ruleGeneration = Atomic(1)
    private let laneCount = Atomic(0)
    private let lanes = Mutex<[ObjectIdentifier: NIOLoopBound<Lane>]>([:])

    public init(_ parts: Parts, rules: RuleSnapshot) {
        self.parts = parts
        self.rules = Mutex(rules)
    }

    /// Whose tokens are accepted: for protocols that tell clients where to get one.
    public var issuers: [String] { parts.authenticator.issuerNames }

    /// A text that somebody wrote, as the log may hold it: without what a detector knows.
    public func redacted(_ text: String) -> String { parts.redactor.redact(text) ?? text }

    /// The rules in force.
    public var currentRules: RuleSnapshot { rules.withLock { $0 } }

    /// Puts `new` in force: each connection judges its next command by it.
    public func replaceRules(_ new: RuleSnapshot) {
        rules.withLock { $0 = new }
        ruleGeneration.add(1, ordering: .releasing)
    }

    /// Changes with every `replaceRules`; a lane compares it before each decision.
    var generation: Int { ruleGeneration.load(ordering: .acquiring) }

    /// The lane of `eventLoop`, made on first use. Call it on that loop.
    ///
    /// - Throws: `AuditError` when no journal can be opened for the loop.
    public func lane(on eventLoop: any EventLoop) throws -> Lane {
        eventLoop.preconditionInEventLoop()
        let key = ObjectIdentifier(eventLoop)
        if let known = lanes.withLock({ $0[key] }) { return known.value }
        // Only this loop makes its lane, so nothing can come between the look and the entry.
        let name = "loop-\(laneCount.add(1, ordering: .relaxed).oldValue)"
        let lane = Lane(manager: self, eventLoop: eventLoop, journal: try parts.auditLog.openJournal(name))
        let bound = NIOLoopBound(lane, eventLoop: eventLoop)
        lanes.withLock { $0[key] = bound }
        return lane
    }

    /// Ends the session `id`, wherever it runs; false when no such session is open.
    public func terminate(_ id: UUIDv7, by operatorLabel: String) async throws -> Bool {
        for lane in lanes.withLock({ Array($0.values) }) {
            let found = try await lane.eventLoop.submit { lane.value.terminate(id, by: operatorLabel) }.get()
            if found { return true }
        }
        return false
    }

    /// The ids of the sessions that are open now.
    public func openSessions() async throws -> Set<UUIDv7> {
        var open: Set<UUIDv7> = []
        for lane in lanes.withLock({ Array($0.values) }) {
            open.formUnion(try await lane.eventLoop.submit { Set(lane.value.openSessionIDs) }.get())
        }
        return open
    }
}
