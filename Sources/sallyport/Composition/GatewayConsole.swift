import Approvals
import Audit
import Console
import Foundation
import GatewayCore
import Identifiers
import Identity
import NIOPosix
import Originals
import Policy
import Recording
import StrictJSON
import Synchronization
import Vault

/// What the console shows and does, made of the gateway's parts.
struct GatewayConsole: ConsoleBackend {
    let sessions: SessionManager
    let authenticator: Authenticator
    let approvals: ApprovalDesk
    let auditLog: AuditLog
    let witnessing: Witnessing?
    let sinks: SinkServices
    let index: SessionIndex
    let reloader: PolicyReloader
    let evidence: GatewayRetention
    let stateDirectory: String
    let signInFailures: ConsoleSignInFailures

    var auditDirectory: String { "\(stateDirectory)/audit" }
    var reader: AuditReader { AuditReader(directory: auditDirectory) }

    // MARK: Who and whether

    func signIn(_ token: String, from client: String) async throws(SignInError) -> Caller {
        do {
            return try await authenticator.authenticate(token)
        } catch {
            signInFailures.record(error, client: client, at: .now)
            throw error
        }
    }

    func authorize(_ caller: Caller, _ action: ConsoleAction, on resource: ConsoleResource) async throws {
        let decision = sessions.decideConsole(
            caller, action: action.rawValue, resourceType: resource.kind.rawValue, resourceName: resource.name,
            target: resource.target, isOwner: resource.owner?.isSamePerson(as: TicketParty(caller)) ?? false)
        let entry = ControlEntry.console(
            issuer: caller.issuer, subject: caller.subject, label: caller.label, action: action.rawValue,
            resource: "\(resource.kind.rawValue)\(resource.name.map { "/\($0)" } ?? "")", allowed: decision.allowed,
            rule: decision.rule, at: .now)
        do {
            try auditLog.append(entry.bytes)
        } catch {
            throw Refusal(
                kind: .unavailable, rule: "audit-unavailable",
                reason: "The gateway cannot record this now, so it is not done: \(error).",
                nextStep: "Tell the gateway's operators that the audit log takes no entries.", commandID: entry.id)
        }
        guard decision.allowed else {
            throw Refusal(
                kind: .denied, rule: decision.rule,
                reason: decision.reason ?? "No policy permits \(action.rawValue).",
                nextStep: decision.advice ?? "Ask the gateway's operators for a policy that permits it.",
                commandID: entry.id)
        }
    }

    // MARK: Sessions

    func sessions(matching query: SessionQuery) async throws -> [SessionSummary] {
        try await index.sessions(matching: query)
    }

    func session(_ id: UUIDv7) async throws -> SessionSummary? { try await index.session(id) }

    func recording(of id: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        guard let summary = try await index.session(id) else { return nil }
        let header = RecordingHeader(
            session: id, caller: summary.label ?? summary.subject, target: summary.target, kind: summary.kind,
            started: Timestamp(milliseconds: id.milliseconds))
        return try parts(of: recordingPlace(header.path))
    }

    func terminalRecordings(
        of session: UUIDv7, after: UUIDv7?, limit: Int
    ) async throws -> [ConsoleTerminalRecording] {
        try await NIOThreadPool.singleton.runIfActive {
            TerminalRecordings.list(
                in: recordingsDirectory, of: session, after: after, limit: limit, place: recordingPlace
            ).map {
                ConsoleTerminalRecording(
                    command: $0.header.commandID, text: $0.header.command, started: $0.header.started,
                    columns: $0.header.size.columns, rows: $0.header.size.rows, bytes: $0.bytes,
                    isOpen: $0.isBeingWritten)
            }
        }
    }

    func terminalRecording(
        of session: UUIDv7, command: UUIDv7, following: Bool
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        let place = recordingPlace(TerminalRecordings.path(of: command, in: session))
        guard following else { return try parts(of: place) }
        guard FileManager.default.fileExists(atPath: place.path) else { return nil }
        let follower = try TerminalRecordingFollower(place)
        return AsyncThrowingStream { try await follower.nextLines() }
    }

    func sealedOriginals(
        of session: UUIDv7, part: Int, for command: UUIDv7, to caller: Caller, reason: String
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        let path = OriginalsStore.path(session: session, part: part)
        let place = EvidencePlace(state: stateDirectory, kind: .originals, path: path)
        guard FileManager.default.fileExists(atPath: place.path) else { return nil }
        let entry = ControlEntry.originalsOpened(
            issuer: caller.issuer, subject: caller.subject, label: caller.label, session: session, command: command,
            file: path, reason: sessions.redacted(reason), at: .now)
        try auditLog.append(entry.bytes)
        return try parts(of: place)
    }

    private var recordingsDirectory: String { "\(stateDirectory)/recordings" }

    private func recordingPlace(_ path: String) -> EvidencePlace {
        EvidencePlace(state: stateDirectory, kind: .recordings, path: path)
    }

    /// The file as it was written, whether it is sealed by now or not; `nil` where it is not there.
    private func parts(of place: EvidencePlace) throws -> AsyncThrowingStream<[UInt8], any Error>? {
        let file: EvidenceFile
        do throws(VaultError) {
            file = try EvidenceFile(place)
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
        let offset = Mutex<UInt64>(0)
        return AsyncThrowingStream {
            let start = offset.withLock { $0 }
            let part = try await NIOThreadPool.singleton.runIfActive { try file.read(at: start, count: 65_536) }
            offset.withLock { $0 = start + UInt64(part.count) }
            return part.isEmpty ? nil : part
        }
    }

    // MARK: Retention

    var retention: (any ConsoleRetention)? { evidence }

    func terminate(_ id: UUIDv7, by caller: Caller, reason: String) async throws -> Bool {
        try await sessions.terminate(id, by: "\(caller.label ?? caller.subject): \(reason)")
    }

    func metrics() -> String { sinks.metrics }

    // MARK: The log

    /// What strangers go by: with witnesses, the newest that they cosigned.
    func auditCheckpoint() async throws -> String? {
        let checkpoint = witnessing.map(\.witnessed) ?? auditLog.checkpoint()
        return checkpoint.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    func auditEntry(at index: UInt64) async throws -> ConsoleAuditEntry? {
        guard index < auditLog.checkpoint().treeSize else { return nil }
        let entry = try await NIOThreadPool.singleton.runIfActive { [reader] in try reader.entry(at: index) }
        return ConsoleAuditEntry(index: index, bytes: entry.bytes)
    }

    func auditEntry(_ id: UUIDv7) async throws -> ConsoleAuditEntry? {
        let entry = try await NIOThreadPool.singleton.runIfActive { [reader] in try reader.entry(id: id) }
        return entry.flatMap { entry in entry.index.map { ConsoleAuditEntry(index: $0, bytes: entry.bytes) } }
    }

    func auditEntries(from index: UInt64, limit: Int) async throws -> [ConsoleAuditEntry] {
        let size = auditLog.checkpoint().treeSize
        guard index < size else { return [] }
        return try await NIOThreadPool.singleton.runIfActive { [reader] in
            var cursor = try reader.entries(in: index..<min(size, index + UInt64(limit)))
            var entries: [ConsoleAuditEntry] = []
            while let entry = try cursor.next() {
                entries.append(ConsoleAuditEntry(index: index + UInt64(entries.count), bytes: entry.bytes))
            }
            return entries
        }
    }

    // MARK: Policies

    func policies() async throws -> JSONValue {
        let rules = sessions.currentRules
        let policies = rules.policy.policies.map { policy -> JSONValue in
            [
                "id": .string(policy.id.name), "effect": .string("\(policy.effect)"),
                "position": .string("\(policy.position)"),
                "annotations": .object(policy.annotations.map { JSONMember($0.name, .string($0.value)) }),
            ]
        }
        return [
            "digest": .string(rules.policy.digest), "mode": .string(rules.mode.rawValue), "policies": .array(policies),
        ]
    }

    func reloadPolicies(by caller: Caller) async throws -> ConsolePolicyReload {
        let result = try await reloader.reload(by: "\(caller.issuer)|\(caller.subject)")
        return ConsolePolicyReload(digest: result.digest, isChanged: result.isChanged, errors: result.findings)
    }

    func issueCredential(to caller: Caller) async throws -> ShortLivedCredentials.Issued {
        let issued = try authenticator.credentials.issue(to: caller, at: .now)
        let entry = ControlEntry.console(
            issuer: caller.issuer, subject: caller.subject, label: caller.label, action: "console.credential.issue",
            resource: "Credential/\(issued.name)", allowed: true, rule: "own-credential", at: .now)
        try auditLog.append(entry.bytes)
        return issued
    }

    // MARK: SSH keys

    func sshKeys(of caller: Caller) async throws -> [RegisteredKey] {
        authenticator.registeredKeys.keys(of: caller, at: .now)
    }

    func registerSSHKey(
        _ key: SSHPublicKey, signature: String, of token: String, for caller: Caller
    ) async throws -> RegisteredKey {
        let registered: RegisteredKey
        do {
            let proven = try ProvenSSHKey(key, signature: signature, of: token)
            registered = try authenticator.registeredKeys.register(proven, to: caller, at: .now)
        } catch {
            try record("console.ssh-key.register", of: caller, on: key.fingerprint, allowed: false, rule: error.code)
            throw error
        }
        do {
            try record(
                "console.ssh-key.register", of: caller, on: key.fingerprint, allowed: true, rule: "own-ssh-key")
        } catch {
            authenticator.registeredKeys.forget(key.fingerprint, of: caller, at: .now)
            throw error
        }
        return registered
    }

    func forgetSSHKey(_ fingerprint: String, of caller: Caller) async throws -> RegisteredKey? {
        let known = authenticator.registeredKeys.keys(of: caller, at: .now).contains {
            $0.fingerprint.utf8.elementsEqual(fingerprint.utf8)
        }
        guard known else { return nil }
        try record("console.ssh-key.forget", of: caller, on: fingerprint, allowed: true, rule: "own-ssh-key")
        return authenticator.registeredKeys.forget(fingerprint, of: caller, at: .now)
    }

    private func record(
        _ action: String, of caller: Caller, on fingerprint: String, allowed: Bool, rule: String
    ) throws {
        let entry = ControlEntry.console(
            issuer: caller.issuer, subject: caller.subject, label: caller.label, action: action,
            resource: "SSHKey/\(fingerprint)", allowed: allowed, rule: rule, at: .now)
        try auditLog.append(entry.bytes)
    }

    func problems() async -> [(part: String, problem: String)] {
        var problems: [(String, String)] = []
        if let failure = auditLog.synchronizationFailure ?? auditLog.integrationFailure {
            problems.append(("audit", "\(failure)"))
        }
        for issuer in await authenticator.health() {
            if let problem = issuer.problem { problems.append(("identity", "\(issuer.issuer): \(problem)")) }
        }
        return problems
    }
}
