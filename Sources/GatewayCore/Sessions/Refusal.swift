import Identifiers

/// Why a command does not run, in words for the person who asked; each protocol renders it in its own way.
public struct Refusal: Error, Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Policy does not allow it.
        case denied
        /// A person said no.
        case approvalRejected = "approval-rejected"
        /// Nobody decided in time.
        case approvalExpired = "approval-expired"
        /// Approval is needed and the caller did not say why they ask.
        case justificationMissing = "justification-missing"
        /// The gateway cannot record or decide at present; trying again later may help.
        case unavailable
        /// What the caller has signed in with has ended; nothing more runs under it.
        case signInExpired = "sign-in-expired"
        /// The session has been ended by an operator, or the gateway drains.
        case sessionEnded = "session-ended"
    }

    public let kind: Kind
    /// The name of what decided: a policy's `@id`, `default-deny`, `audit-unavailable`, …
    public let rule: String
    /// One sentence.
    public let reason: String
    /// One sentence that says what the caller can do.
    public let nextStep: String
    /// The id under which the refusal stands in the audit log; `nil` when the log could not take it.
    public let commandID: UUIDv7?

    public init(kind: Kind, rule: String, reason: String, nextStep: String, commandID: UUIDv7? = nil) {
        self.kind = kind
        self.rule = rule
        self.reason = reason
        self.nextStep = nextStep
        self.commandID = commandID
    }
}
