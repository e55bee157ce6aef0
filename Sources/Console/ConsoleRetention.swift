import Identifiers
import Identity
import StrictJSON

/// Whose evidence a legal hold keeps.
public enum ConsoleHoldSubject: Sendable, Equatable {
    case session(UUIDv7)
    case caller(issuer: String, subject: String)
}

/// A file of a session's evidence.
public enum SessionEvidence: Sendable, Equatable {
    case recording
    /// Of one command's terminal.
    case terminalRecording(command: UUIDv7)
    /// The file of sealed originals with this number, from 1 on.
    case originals(part: Int)
}

/// What the console needs of whoever keeps evidence.
public protocol ConsoleRetention: Sendable {
    /// When what is deleted, under which rule: members `plan` and `trusted_time`.
    func plan() async throws -> JSONValue
    /// The legal holds in force.
    func holds() async throws -> [JSONValue]
    /// Puts a hold, and records it: the hold, and how many `sessions` and sealed `files` it covers now. `nil` when the
    /// log knows no such session.
    func hold(_ subject: ConsoleHoldSubject, reason: String, by caller: Caller) async throws -> JSONValue?
    /// Ends a hold, and records it; false when there is no such hold.
    func release(_ id: UUIDv7, reason: String, by caller: Caller) async throws -> Bool
    /// What became of what is not there: "deleted on … under the rule …"; `nil` when nothing is known of it.
    func absence(of evidence: SessionEvidence, in session: UUIDv7) async throws -> String?
}

extension ConsoleBackend {
    public var retention: (any ConsoleRetention)? { nil }
}
