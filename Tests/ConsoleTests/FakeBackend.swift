import Approvals
import Foundation
import Identifiers
import Logging
import Store
import StrictJSON
import Synchronization

@testable import Console
@testable import GatewayCore
// Only Identity makes a caller, from a token that it has verified; these tests are about what a caller may do.
@testable import Identity

/// A gateway of these tests: a real approval desk on a store of its own, all else as told.
final class FakeBackend: ConsoleBackend {
    struct Down: Error, CustomStringConvertible { let description = "the disk /dev/secret0 is gone" }

    struct State {
        /// Whose tokens are good.
        var callers: [String: Caller] = [:]
        /// Which actions are refused, by subject; all others are allowed.
        var refused: [String: Set<ConsoleAction>] = [:]
        var authorized: [(subject: String, action: ConsoleAction, resource: ConsoleResource)] = []
        var sessions: [SessionSummary] = []
        var recordings: [UUIDv7: [String]] = [:]
        var terminalRecordings: [ConsoleTerminalRecording] = []
        /// What a terminal recording's reader is given: for who follows all of it, else the first.
        var terminalParts: [String] = []
        /// Sealed originals by session, and who took which and why.
        var originals: [UUIDv7: [UInt8]] = [:]
        /// Which commands each session has, and in which part of the originals something of theirs is.
        var commands: [UUIDv7: [UUIDv7: Int]] = [:]
        var taken: [String] = []
        var open: Set<UUIDv7> = []
        /// Where those came from who wanted to sign in.
        var clients: [String] = []
        var terminated: [(id: UUIDv7, by: String, reason: String)] = []
        var entries: [String] = []
        var searches: [EntryQuery] = []
        /// The index cannot be used.
        var indexError: IndexError?
        var checkpoint = "gate.example/log\n3\nAAAA\n\n— gate.example sig\n"
        var reload = ConsolePolicyReload(digest: "d2", isChanged: true, errors: [])
        var reloads = 0
        var problems: [(part: String, problem: String)] = []
        /// What callers do cannot be recorded.
        var isAuditFull = false
        /// Everything fails in a way that nobody foresaw.
        var isDown = false
    }

    let state = Mutex(State())
    let approvals: ApprovalDesk
    let folder: String
    var auditDirectory: String { "\(folder)/log" }

    init() throws {
        folder = NSTemporaryDirectory() + "console-tests-\(UUID().uuidString)"
        let store = try Store(path: "\(folder)/store.sqlite", schemas: [ApprovalDesk.schema])
        approvals = ApprovalDesk(
            store: store, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, journal: { _ in })
        let people = [
            Self.person("alice", ["payments"]), Self.person("bob", ["approver"]), Self.person("carol", ["auditor"]),
            Self.person("dave", ["approver", "sre"]),
        ]
        state.withLock { state in
            for caller in people { state.callers["\(caller.subject)-token"] = caller }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func person(_ subject: String, _ groups: Set<String>, label: String? = nil, lasts: Duration = .seconds(3600))
        -> Caller
    {
        Caller(
            issuer: "https://issuer.example", subject: subject, label: label ?? "\(subject)@example.com",
            groups: .known(groups), signedInAt: .now, expiresAt: Timestamp.now.adding(lasts))
    }

    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    func caller(_ subject: String) -> Caller? { state.withLock { $0.callers["\(subject)-token"] } }

    /// Opens a ticket of alice's.
    func ask(
        _ summary: String = "POST /pay {}", digest: String = "d1", because justification: String = "change 4711",
        approvers: Int = 1, window: Duration? = nil, by subject: String = "alice"
    ) async throws -> Ticket {
        guard let caller = caller(subject) else { throw Down() }
        return try await approvals.open(
            requester: caller, target: "ledger", digest: digest, summary: summary,
            requirements: [
                NeededApproval(approvers: approvers, groups: ["approver"], within: .seconds(900), window: window)
            ], justification: justification)
    }

    // MARK: ConsoleBackend

    func signIn(_ token: String, from client: String) async throws(SignInError) -> Caller {
        let caller = state.withLock { state in
            state.clients.append(client)
            return state.callers[token]
        }
        guard let caller else { throw token == "expired-token" ? .expired : .badSignature }
        return caller
    }

    func authorize(_ caller: Caller, _ action: ConsoleAction, on resource: ConsoleResource) async throws {
        let isRefused = try state.withLock { state in
            if state.isAuditFull { throw Down() }
            state.authorized.append((caller.subject, action, resource))
            return state.refused[caller.subject]?.contains(action) ?? false
        }
        if isRefused {
            throw Refusal(
                kind: .denied, rule: "no-\(action.rawValue)", reason: "You may not.", nextStep: "Ask the owner.")
        }
    }

    private func unlessDown<T>(_ body: (inout State) throws -> T) throws -> T {
        try state.withLock { state in
            if state.isDown { throw Down() }
            return try body(&state)
        }
    }

    func sessions(matching query: SessionQuery) async throws -> [SessionSummary] {
        try unlessDown { state in
            Array(
                state.sessions.sorted { $0.id > $1.id }.filter { session in
                    (query.caller == nil || query.caller == session.subject || query.caller == session.label)
                        && (query.target == nil || query.target == session.target)
                        && (query.from.map { session.started >= $0 } ?? true)
                        && (query.to.map { session.started < $0 } ?? true)
                        && (query.before.map { session.id < $0 } ?? true)
                }.prefix(query.limit))
        }
    }

    func hasOriginals(of command: UUIDv7, part: Int, in session: UUIDv7) async throws -> Bool? {
        try unlessDown { state in
            if let error = state.indexError { throw error }
            return state.commands[session]?[command].map { $0 == part }
        }
    }

    func sealedOriginals(
        of session: UUIDv7, part: Int, for command: UUIDv7, to caller: Caller, reason: String
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        try unlessDown { state in
            guard part == 1, let bytes = state.originals[session] else { return nil }
            state.taken.append("\(caller.subject) \(command) \(reason)")
            return AsyncThrowingStream { continuation in
                continuation.yield(bytes)
                continuation.finish()
            }
        }
    }

    func session(_ id: UUIDv7) async throws -> SessionSummary? {
        try unlessDown { state in state.sessions.first { $0.id == id } }
    }

    func entries(of session: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        let entries = try unlessDown { state in
            if let error = state.indexError { throw error }
            return state.entries.filter { $0.contains(session.description) }
        }
        return AsyncThrowingStream { continuation in
            for entry in entries { continuation.yield(Array("\(entry)\n".utf8)) }
            continuation.finish()
        }
    }

    func searchAudit(_ query: EntryQuery, before: UInt64?, limit: Int) async throws -> AuditSearch.Page {
        try unlessDown { state in
            if let error = state.indexError { throw error }
            state.searches.append(query)
            var page = AuditSearch.Page()
            page.treeSize = UInt64(state.entries.count)
            let end = before.map(Int.init) ?? state.entries.count
            let found = state.entries[..<end].enumerated().filter {
                query.text == nil || $0.element.contains(query.text!)
            }
            page.hits = found.suffix(limit).reversed().map {
                AuditHit(index: UInt64($0.offset), bytes: Array($0.element.utf8))
            }
            if found.count > limit { page.next = page.hits.last?.index }
            return page
        }
    }

    func recording(of id: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        guard let lines = try unlessDown({ $0.recordings[id] }) else { return nil }
        return AsyncThrowingStream { continuation in
            for line in lines { continuation.yield(Array("\(line)\n".utf8)) }
            continuation.finish()
        }
    }

    func terminalRecordings(of session: UUIDv7, after: UUIDv7?, limit: Int) async throws
        -> [ConsoleTerminalRecording]
    {
        try unlessDown { state in
            Array(state.terminalRecordings.filter { after == nil || $0.command > after! }.prefix(limit))
        }
    }

    func terminalRecording(
        of session: UUIDv7, command: UUIDv7, following: Bool
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>? {
        let parts = try unlessDown { state -> [String]? in
            guard state.terminalRecordings.contains(where: { $0.command == command }) else { return nil }
            return following ? state.terminalParts : Array(state.terminalParts.prefix(1))
        }
        guard let parts else { return nil }
        let left = Mutex(parts[...])
        return AsyncThrowingStream {
            // As a recording that grows: nothing new comes before each part, and for ever after "…".
            try await Task.sleep(for: .milliseconds(10))
            return left.withLock { left -> [UInt8]? in
                if left.first == "…" { return [] }
                return left.popFirst().map { Array($0.utf8) }
            }
        }
    }

    func terminate(_ id: UUIDv7, by caller: Caller, reason: String) async throws -> Bool {
        try unlessDown { state in
            guard state.open.remove(id) != nil else { return false }
            state.terminated.append((id, caller.subject, reason))
            return true
        }
    }

    func auditCheckpoint() async throws -> String? { try unlessDown { $0.checkpoint } }

    func auditEntry(at index: UInt64) async throws -> ConsoleAuditEntry? {
        try unlessDown { state in
            guard let place = Int(exactly: index), state.entries.indices.contains(place) else { return nil }
            return ConsoleAuditEntry(index: index, bytes: Array(state.entries[place].utf8))
        }
    }

    func auditEntry(_ id: UUIDv7) async throws -> ConsoleAuditEntry? {
        let place = try unlessDown { state in state.entries.firstIndex { $0.contains(id.description) } }
        guard let place else { return nil }
        return try await auditEntry(at: UInt64(place))
    }

    func auditEntries(from index: UInt64, limit: Int) async throws -> [ConsoleAuditEntry] {
        try unlessDown { state in
            state.entries.enumerated().filter { UInt64($0.offset) >= index }.prefix(limit).map {
                ConsoleAuditEntry(index: UInt64($0.offset), bytes: Array($0.element.utf8))
            }
        }
    }

    func policies() async throws -> JSONValue { try unlessDown { _ in ["digest": "d1", "mode": "enforce"] } }

    private let credentials = ShortLivedCredentials()

    func issueCredential(to caller: Caller) async throws -> ShortLivedCredentials.Issued {
        try credentials.issue(to: caller, at: .now)
    }

    private let registeredKeys = RegisteredKeys()

    func sshKeys(of caller: Caller) async throws -> [RegisteredKey] { registeredKeys.keys(of: caller, at: .now) }

    func registerSSHKey(
        _ key: SSHPublicKey, signature: String, of token: String, for caller: Caller
    ) async throws -> RegisteredKey {
        try unlessDown { _ in }
        let proven = try ProvenSSHKey(key, signature: signature, of: token)
        return try registeredKeys.register(proven, to: caller, at: .now)
    }

    func forgetSSHKey(_ fingerprint: String, of caller: Caller) async throws -> RegisteredKey? {
        registeredKeys.forget(fingerprint, of: caller, at: .now)
    }

    func reloadPolicies(by caller: Caller) async throws -> ConsolePolicyReload {
        try unlessDown { state in
            state.reloads += 1
            return state.reload
        }
    }

    func metrics() -> String { "sallyport_sink_up 1\n" }

    func problems() async -> [(part: String, problem: String)] { state.withLock { $0.problems } }
}

/// Sessions of these tests, a minute apart.
extension SessionSummary {
    static func sample(_ number: UInt64, subject: String = "alice", target: String = "ledger") -> SessionSummary {
        let started = Timestamp(milliseconds: 1_790_000_000_000 + number * 60_000)
        return SessionSummary(
            id: UUIDv7(milliseconds: started.milliseconds), issuer: "https://issuer.example", subject: subject,
            label: "\(subject)@example.com", target: target, kind: "http", client: "127.0.0.1:5000", started: started,
            ended: nil, endReason: nil, commands: 3, refused: 1, failed: 0, masked: 2, recordingSHA256: nil)
    }
}
