import Audit
import Crypto
import Identifiers
import Identity
import Logging
import Masking
import NIOCore
import StrictJSON

/// What one event loop needs to decide and record by itself: a journal, verified callers, the rules as last seen.
///
/// Bound to its event loop; no other thread may touch it.
public final class Lane {
    public let eventLoop: any EventLoop
    let manager: SessionManager
    private let journal: Journal
    private var callers = CallerCache()
    private var sessions: [UUIDv7: Session] = [:]
    private var rules: RuleSnapshot
    /// Which rules `currentRules` are, as of the last look.
    private(set) var rulesGeneration: Int
    /// The plans of `rules` that were used here, so that no command waits for a lock that all lanes share.
    private var plans: [[String]: MaskingPlan] = [:]
    private var writer = CanonicalJSONWriter(capacity: 4096)
    /// Outcomes that the log could not take when they happened. They go first once it can, before any new intent.
    private var backlog: [[UInt8]] = []
    private var signInFailures = FailureBudget()
    private var unwrittenRecordings: [UUIDv7: Session] = [:]
    private var isWritingScheduled = false
    private var random = BufferedRandomNumberGenerator()

    init(manager: SessionManager, eventLoop: any EventLoop, journal: Journal) {
        self.manager = manager
        self.eventLoop = eventLoop
        self.journal = journal
        self.rulesGeneration = manager.generation
        self.rules = manager.currentRules
    }

    /// The rules in force, read anew after a reload.
    var currentRules: RuleSnapshot {
        let generation = manager.generation
        if generation != rulesGeneration {
            rules = manager.currentRules
            rulesGeneration = generation
            plans.removeAll()
        }
        return rules
    }

    /// The plan of the rule sets `names` of `rules`, which are the rules in force.
    func plan(_ names: [String], of rules: RuleSnapshot) throws(MaskingError) -> MaskingPlan {
        if names.isEmpty { return .none }
        if let known = plans[names] { return known }
        let plan = try rules.masking.plan(names)
        plans[names] = plan
        return plan
    }

    // MARK: Sign-in

    /// Verifies `token`: at once when this loop has seen it, otherwise through the issuer's keys.
    ///
    /// A failed future carries a `SignInError`, which is recorded before it is given.
    public func signIn(_ token: String, client: String) -> SignInProgress {
        let authenticator = manager.parts.authenticator
        let generation = authenticator.generation
        if let caller = callers.caller(for: token, at: manager.parts.clock(), generation: generation) {
            return .signedIn(caller)
        }
        let lane = NIOLoopBound(self, eventLoop: eventLoop)
        let verified = eventLoop.makeFutureWithTask { try await authenticator.authenticate(token) }
        return .pending(
            verified.assumeIsolated().map { caller in
                lane.value.callers.insert(
                    caller, for: token, at: lane.value.manager.parts.clock(), generation: generation)
                return caller
            }.flatMapErrorThrowing { error in
                lane.value.recordSignInFailure(error, client: client)
                throw error
            }.nonisolated())
    }

    /// What whoever signs in by the name of a short-lived credential has to prove; `nil` where there is none.
    public func challenge(forCredential name: String) -> SCRAMChallenge? {
        manager.parts.authenticator.credentials.challenge(for: name, at: manager.parts.clock())
    }

    /// Who has registered the SSH key with this wire form; `nil` when nobody has. It gives a caller only to whoever
    /// states that the private key was proved.
    public func registeredKey(_ blob: [UInt8]) -> RegisteredKey? {
        manager.parts.authenticator.registeredKeys.holder(of: blob, at: manager.parts.clock())
    }

    /// Asks an issuer for a code that a person confirms in a browser (RFC 8628). Cancel what comes of it when the client
    /// goes away.
    ///
    /// A failed future carries a `SignInError`, which is recorded before it is given.
    public func beginDeviceSignIn(client: String) -> EventLoopFuture<DevicePrompt> {
        let authenticator = manager.parts.authenticator
        return recording(eventLoop.makeFutureWithTask { try await authenticator.beginDeviceSignIn() }, client: client)
    }

    /// Waits until the person has signed in, or `prompt` was cancelled, and verifies the token that comes.
    ///
    /// A failed future carries a `SignInError`, which is recorded before it is given.
    public func finishDeviceSignIn(_ prompt: DevicePrompt, client: String) -> EventLoopFuture<Caller> {
        let authenticator = manager.parts.authenticator
        return recording(
            eventLoop.makeFutureWithTask { try await authenticator.finishDeviceSignIn(prompt) }, client: client)
    }

    /// Records the failure of a sign-in. A client that went away has failed at nothing.
    func recording<Value>(_ signIn: EventLoopFuture<Value>, client: String) -> EventLoopFuture<Value> {
        let lane = NIOLoopBound(self, eventLoop: eventLoop)
        return signIn.flatMapErrorThrowing { error in
            if error as? SignInError != .device(.cancelled) { lane.value.recordSignInFailure(error, client: client) }
            throw error
        }
    }

    /// Records that somebody could not sign in; an adapter calls it for what it refuses before it has a token.
    public func recordSignInFailure(_ error: any Error, client: String) {
        let now = manager.parts.clock()
        guard let suppressed = signInFailures.take(at: now) else { return }
        let failure = error as? SignInError
        _ = try? append { writer in
            writeSignInFailure(
                into: &writer, code: failure?.code ?? "internal", reason: failure?.reason ?? "\(error)", client: client,
                suppressed: suppressed, time: now)
        }
    }

    // MARK: Sessions

    /// Opens a session and records it.
    ///
    /// - Throws: `Refusal` when the log cannot take the session.
    public func openSession(
        caller: Caller, target: Target, client: String, onTerminate: @escaping (_ reason: String) -> Void
    ) throws(Refusal) -> Session {
        let session = Session(lane: self, caller: caller, target: target, client: client, onTerminate: onTerminate)
        do {
            try append { session.writeStart(into: &$0) }
        } catch {
            throw unavailable(error)
        }
        sessions[session.id] = session
        return session
    }

    func forget(_ session: Session) { sessions[session.id] = nil }

    /// Writes the waiting events of `session`'s recording within a tenth of a second, with those of all others.
    func writeRecordingSoon(of session: Session) {
        unwrittenRecordings[session.id] = session
        guard !isWritingScheduled else { return }
        isWritingScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { [self] in
            isWritingScheduled = false
            let sessions = unwrittenRecordings.values
            unwrittenRecordings = [:]
            for session in sessions { session.flushRecording() }
        }
    }

    /// A new id for something that happens now.
    func newID(at time: Timestamp) -> UUIDv7 { UUIDv7(milliseconds: time.milliseconds, using: &random) }

    func terminate(_ id: UUIDv7, by operatorLabel: String) -> Bool {
        guard let session = sessions[id] else { return false }
        session.terminate(by: operatorLabel)
        return true
    }

    var openSessionIDs: [UUIDv7] { Array(sessions.keys) }

    // MARK: The log

    /// Appends what `write` writes, after everything that is still owed to the log.
    func append(_ write: (inout CanonicalJSONWriter) throws -> Void) throws {
        try settleBacklog()
        writer.removeAll()
        try write(&writer)
        try journal.append(writer.bytes)
    }

    /// Appends an entry about something that has happened and cannot be refused any more. What the log cannot take
    /// now is kept and goes first later; until then no new command gets a permit.
    func appendOwed(_ write: (inout CanonicalJSONWriter) -> Void) {
        do {
            try append(write)
        } catch {
            writer.removeAll()
            write(&writer)
            // One that the log can never take must not keep all that follows out of it.
            let entry = writer.bytes.count > AuditLog.maximumEntryBytes ? Self.standIn(for: writer.bytes) : writer.bytes
            backlog.append(entry)
            manager.parts.logger.critical(
                "the audit log takes no entries; new commands are refused until it does",
                metadata: ["error": "\(error)", "owed": "\(backlog.count)"])
        }
    }

    /// `kind: entry-omitted`: an entry was larger than an entry can be; this is what it was.
    static func standIn(for entry: [UInt8]) -> [UInt8] {
        let head = AuditEntry(bytes: entry)
        var members = [
            JSONMember("bytes", .number(String(entry.count))),
            JSONMember("of", .string(head.kind ?? "")),
            JSONMember("sha256", .string(SHA256.hash(data: entry).hexadecimal)),
        ]
        if let id = head.id { members.append(JSONMember("entry", .string(id.description))) }
        if let session = head.session { members.append(JSONMember("session", .string(session))) }
        return ControlEntry(kind: "entry-omitted", at: .now, members).bytes
    }

    private func settleBacklog() throws(AuditError) {
        while let first = backlog.first {
            try journal.append(first)
            backlog.removeFirst()
        }
    }

    func unavailable(_ error: any Error) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "audit-unavailable",
            reason: "The gateway cannot record commands now, so it runs none: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators that the audit log takes no entries.")
    }
}

/// How far a sign-in has come.
public enum SignInProgress {
    case signedIn(Caller)
    case pending(EventLoopFuture<Caller>)
}

/// Bounds what a flood of bad tokens can write: at most 50 entries a second, the rest counted in the next one.
struct FailureBudget {
    private var second: UInt64 = 0
    private var taken = 0
    private var suppressed = 0

    /// How many were left out since the last entry, or `nil` when this one is left out too.
    mutating func take(at now: Timestamp) -> Int? {
        let current = now.milliseconds / 1000
        if current != second {
            second = current
            taken = 0
        }
        guard taken < 50 else {
            suppressed += 1
            return nil
        }
        taken += 1
        defer { suppressed = 0 }
        return suppressed
    }
}
