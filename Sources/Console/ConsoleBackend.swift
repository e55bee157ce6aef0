import Approvals
import GatewayCore
import Identifiers
import Identity
import StrictJSON

/// What a caller wants to do through the console; policies name it as `Action::"console.approvals.read"`.
public enum ConsoleAction: String, Sendable, CaseIterable {
    case readApprovals = "console.approvals.read"
    case decideApprovals = "console.approvals.decide"
    case readSessions = "console.sessions.read"
    case readRecordings = "console.recordings.read"
    case readOriginals = "console.originals.read"
    case terminateSessions = "console.sessions.terminate"
    case readAudit = "console.audit.read"
    case readPolicy = "console.policy.read"
    case reloadPolicy = "console.policy.reload"
    case readRetention = "console.retention.read"
    case addHold = "console.holds.add"
    case releaseHold = "console.holds.release"
}

/// What the action is about, as a policy sees it.
public struct ConsoleResource: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case approvals = "Approvals"
        case approval = "Approval"
        case sessions = "Sessions"
        case session = "Session"
        case auditLog = "AuditLog"
        case policySet = "PolicySet"
        case retention = "Retention"
        case hold = "Hold"
    }

    public let kind: Kind
    /// The id of the approval or session; `nil` for what there is one of.
    public let name: String?
    /// The target that the approval or session is for.
    public let target: String?
    /// Whose approval or session it is.
    public let owner: TicketParty?

    public init(_ kind: Kind, name: String? = nil, target: String? = nil, owner: TicketParty? = nil) {
        self.kind = kind
        self.name = name
        self.target = target
        self.owner = owner
    }
}

/// What is recorded of one command's terminal.
public struct ConsoleTerminalRecording: Sendable {
    public let command: UUIDv7
    /// The command's text; `nil` for a login shell.
    public let text: String?
    public let started: Timestamp
    public let columns: UInt16
    public let rows: UInt16
    public let bytes: UInt64
    /// Whether it is being written.
    public let isOpen: Bool

    public init(
        command: UUIDv7, text: String?, started: Timestamp, columns: UInt16, rows: UInt16, bytes: UInt64, isOpen: Bool
    ) {
        self.command = command
        self.text = text
        self.started = started
        self.columns = columns
        self.rows = rows
        self.bytes = bytes
        self.isOpen = isOpen
    }
}

/// An entry of the audit log and where it stands.
public struct ConsoleAuditEntry: Sendable {
    public let index: UInt64
    /// Canonical JSON.
    public let bytes: [UInt8]

    public init(index: UInt64, bytes: [UInt8]) {
        self.index = index
        self.bytes = bytes
    }
}

/// What became of loading the policies again.
public struct ConsolePolicyReload: Sendable {
    /// The digest of the policies in force now.
    public let digest: String
    public let isChanged: Bool
    /// Why the new ones were refused, one finding a line as `file:line:column: message`; empty when they are in force.
    public let errors: [String]

    public init(digest: String, isChanged: Bool, errors: [String]) {
        self.digest = digest
        self.isChanged = isChanged
        self.errors = errors
    }
}

/// What the console needs of the gateway.
///
/// The console brings HTTP and nothing else: who somebody is, what they may do and what there is to see come from here.
/// An error other than those named becomes an answer 500 that tells nothing of it, and a line in the log that does.
public protocol ConsoleBackend: Sendable {
    /// Verifies a token; a failure is recorded.
    ///
    /// - Parameter client: Where the request comes from, e.g. `10.1.2.3:51234`.
    func signIn(_ token: String, from client: String) async throws(SignInError) -> Caller

    /// Lets the caller go on, and records that they did, or throws `Refusal`. Any other error means that it could not be
    /// decided or recorded, and is answered with 503.
    func authorize(_ caller: Caller, _ action: ConsoleAction, on resource: ConsoleResource) async throws

    var approvals: ApprovalDesk { get }

    /// Sessions, newest first.
    func sessions(matching query: SessionQuery) async throws -> [SessionSummary]
    func session(_ id: UUIDv7) async throws -> SessionSummary?
    /// The session's entries of the audit log, in its order: one a line, in parts of whole lines.
    func entries(of session: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error>
    /// The recording as its file stands: one JSON object a line, in parts of any size; `nil` when there is none.
    func recording(of id: UUIDv7) async throws -> AsyncThrowingStream<[UInt8], any Error>?
    /// A session's terminal recordings whose command comes after `after`, oldest first.
    func terminalRecordings(of session: UUIDv7, after: UUIDv7?, limit: Int) async throws -> [ConsoleTerminalRecording]
    /// The terminal recording of a command as asciicast v3, in parts of any size; `nil` when there is none. With
    /// `following` it goes on as the recording grows, until its end: an empty part says that there is nothing new.
    func terminalRecording(
        of session: UUIDv7, command: UUIDv7, following: Bool
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>?
    /// Whether the log says that originals of a command were sealed into this part of its session's; `nil` when the
    /// session has no such command.
    ///
    /// - Throws: `IndexError` while there is no index that helps.
    func hasOriginals(of command: UUIDv7, part: Int, in session: UUIDv7) async throws -> Bool?
    /// A file of the sealed originals of a session, whole, of which only an auditor's private key opens anything; `nil`
    /// when there is none. That `caller` was given them, for which command and why, is recorded before this returns.
    func sealedOriginals(
        of session: UUIDv7, part: Int, for command: UUIDv7, to caller: Caller, reason: String
    ) async throws -> AsyncThrowingStream<[UInt8], any Error>?
    /// False when no such session is open.
    func terminate(_ id: UUIDv7, by caller: Caller, reason: String) async throws -> Bool

    /// The signed note of the newest checkpoint, with witnesses the newest that they cosigned; `nil` when there is none.
    func auditCheckpoint() async throws -> String?
    func auditEntry(at index: UInt64) async throws -> ConsoleAuditEntry?
    func auditEntry(_ id: UUIDv7) async throws -> ConsoleAuditEntry?
    /// At most `limit` entries from `index` on, in the order of the log.
    func auditEntries(from index: UInt64, limit: Int) async throws -> [ConsoleAuditEntry]
    /// The newest entries that match and stand before `before`. A search of text looks through a part of the log only,
    /// and says where to go on.
    ///
    /// - Throws: `IndexError` while there is no index that helps.
    func searchAudit(_ query: EntryQuery, before: UInt64?, limit: Int) async throws -> AuditSearch.Page
    /// The folder of the log: `checkpoint`, `tile/…`.
    var auditDirectory: String { get }

    /// How long evidence is kept; `nil` where nobody keeps it.
    var retention: (any ConsoleRetention)? { get }

    /// The policies in force, as JSON for people and programs: `digest`, `mode`, `policies` …
    func policies() async throws -> JSONValue
    /// Loads the policies again; those in force stay when the new ones have errors.
    func reloadPolicies(by caller: Caller) async throws -> ConsolePolicyReload

    /// Makes the caller a password that lasts as long as their token, and records that.
    func issueCredential(to caller: Caller) async throws -> ShortLivedCredentials.Issued

    /// What the caller has registered, the oldest first.
    func sshKeys(of caller: Caller) async throws -> [RegisteredKey]
    /// Lets whoever holds the private key be the caller as long as their token lasts, and records that.
    ///
    /// - Parameters:
    ///   - signature: Of the key over `token`, by which the caller shows to have the private key.
    ///   - token: The one that the caller is signed in with.
    /// - Throws: `SSHKeyError` when the signature shows nothing, or somebody else has registered the key. After any other
    ///   error nothing has changed.
    func registerSSHKey(
        _ key: SSHPublicKey, signature: String, of token: String, for caller: Caller
    ) async throws -> RegisteredKey
    /// `nil` when the caller has registered no such key.
    func forgetSSHKey(_ fingerprint: String, of caller: Caller) async throws -> RegisteredKey?

    /// Numbers for Prometheus, in its text format; they name sinks and nobody.
    func metrics() -> String

    /// What keeps the gateway from serving, one sentence each by the name of the part; empty when it is ready.
    func problems() async -> [(part: String, problem: String)]
}

/// A question that the policies or the audit log could not take.
struct AuthorizationUnavailable: Error {
    let cause: any Error
}

extension ConsoleBackend {
    /// Verifies the token that a program sent.
    func signIn(_ exchange: Exchange) async throws -> Caller {
        try await signIn(try exchange.bearerToken(), from: exchange.client)
    }

    /// `authorize`, with doubt told apart from a refusal.
    func admit(_ caller: Caller, _ action: ConsoleAction, on resource: ConsoleResource) async throws {
        do {
            try await authorize(caller, action, on: resource)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw AuthorizationUnavailable(cause: error)
        }
    }
}
