import GatewayCore
import Identifiers
import Masking
import NIOCore

extension ErrorFields {
    /// A refusal in PostgreSQL's words: what, under which rule, and what to do next.
    init(_ refusal: Refusal) {
        let record = refusal.commandID.map { " It stands in the audit log as \($0)." } ?? ""
        self.init(
            severity: .error, code: SQLState(refusal.kind), message: refusal.reason,
            detail: "The rule is \(refusal.rule).\(record)", hint: refusal.nextStep)
    }

    static func cannotMask(_ what: String) -> ErrorFields {
        ErrorFields(
            severity: .error, code: .insufficientPrivilege,
            message: "A masking rule applies, and \(what) cannot be masked.",
            hint: "Ask for the data in another form, or ask the target's owners about the rule.")
    }

    /// The NOTICE while people decide.
    static func pending(_ ticket: PendingTicket) -> ErrorFields {
        ErrorFields(
            severity: .notice, code: .successfulCompletion,
            message: "This statement waits for approval: \(ticket.url)",
            detail: "It needs \(ticket.requirements.map(\.description).joined(separator: " and ")), "
                + "until \(ticket.expiresAt).",
            hint:
                "It runs once it is approved. Cancel it to stop waiting; the ticket stays open for the same statement.")
    }

    static func violation(_ violation: ProtocolViolation) -> ErrorFields {
        ErrorFields(severity: .fatal, code: .protocolViolation, message: violation.message)
    }

    static let shuttingDown = ErrorFields(
        severity: .fatal, code: .adminShutdown,
        message: "terminating connection due to administrator command",
        detail: "The gateway stops.", hint: "Connect again.")

    static func terminated(_ reason: String) -> ErrorFields {
        ErrorFields(
            severity: .fatal, code: .adminShutdown, message: "terminating connection due to administrator command",
            detail: "The session was \(reason).", hint: "Ask the gateway's operators.")
    }

    static func connectionFailure(_ reason: String) -> ErrorFields {
        ErrorFields(
            severity: .fatal, code: .connectionFailure, message: reason,
            hint: "Connect again; what ran may or may not have been committed.")
    }

    /// Nobody sees it: of a query of the gateway's own, amid a pipeline that failed.
    static let skippedQuery = ErrorFields(
        severity: .error, code: .queryCanceled, message: "an earlier message of the pipeline failed")

    static let cancelledWhileRead = ErrorFields(
        severity: .error, code: .queryCanceled, message: "canceling statement due to user request")

    static let boundTooEarly = ErrorFields(
        severity: .error, code: .featureNotSupported,
        message: "this statement has to run right after it is bound",
        hint: "Send Bind and Execute with nothing but Describe between them.")

    static func statementTooLong(_ limit: Int) -> ErrorFields {
        ErrorFields(
            severity: .error, code: .programLimitExceeded,
            message: "The statement is longer than the \(limit) bytes that the gateway takes.",
            hint: "Send values as parameters or by COPY, or ask for a larger max_statement_bytes of the listener.")
    }

    /// - Parameter setting: What the limit is called.
    static func valuesTooLong(_ limit: Int, setting: String) -> ErrorFields {
        ErrorFields(
            severity: .error, code: .programLimitExceeded,
            message: "The statement's values are longer than the \(limit) bytes that the gateway takes at a time.",
            hint: "Send them in pieces, as a large object or by COPY, or ask for a larger \(setting) of the listener.")
    }

    static func valuesNotKept(_ error: any Error) -> ErrorFields {
        ErrorFields(
            severity: .error, code: .systemError,
            message: "The gateway cannot keep the statement's values on its disk until they are judged: \(error).",
            hint: "Try again later; if it lasts, tell the gateway's operators.")
    }

    static let tooManyNames = ErrorFields(
        severity: .error, code: .configurationLimitExceeded,
        message: "This session has too many prepared statements, portals and cursors.",
        detail: "The gateway knows at most \(StatementTables.limit) of them.", hint: "Close those that are not needed.")

    static let multipleStatements = ErrorFields(
        severity: .error, code: .syntaxError, message: "cannot insert multiple commands into a prepared statement")

    static let cannotPrepare = ErrorFields(
        severity: .error, code: .insufficientPrivilege, message: "This statement cannot be prepared on its own.",
        hint: "Send it with its parameters.")

    static func badParameters(_ error: ParameterError) -> ErrorFields {
        ErrorFields(severity: .error, code: .invalidBinaryRepresentation, message: error.message)
    }

    static func originalsNotKept(_ failure: OriginalsFailure) -> ErrorFields {
        ErrorFields(
            severity: .fatal, code: .systemError,
            message: "A masking rule applies, and what it takes away cannot be sealed for the auditors.",
            detail: failure.reason,
            hint: "What ran may have been committed. Tell the gateway's operators.")
    }

    static func tooManyRows(_ limit: Int) -> ErrorFields {
        ErrorFields(
            severity: .fatal, code: .programLimitExceeded, message: "The result has more than \(limit) rows.",
            detail: "Policy allows no more from one statement.", hint: "Connect again, and ask for less at a time.")
    }
}

extension SQLState {
    init(_ kind: Refusal.Kind) {
        self =
            switch kind {
            case .denied, .approvalRejected, .justificationMissing: .insufficientPrivilege
            case .approvalExpired: .queryCanceled
            case .unavailable: .systemError
            case .signInExpired: .invalidAuthorization
            case .sessionEnded: .adminShutdown
            }
    }
}

extension Refusal {
    /// The next step in this protocol's words.
    var forPostgres: Refusal {
        guard kind == .justificationMissing else { return self }
        return Refusal(
            kind: kind, rule: rule, reason: reason,
            nextStep: "Run SET sallyport.justification = 'why you need it'; and then the statement again.",
            commandID: commandID)
    }

    /// With what the parser said, where it could not read the statement: it may be no more than a slip of the pen.
    func explained(by command: Command) -> Refusal {
        guard case .string(let why)? = command.facts.first(where: { $0.name == "sql.unread_because" })?.value else {
            return self
        }
        return Refusal(
            kind: kind, rule: rule, reason: "\(reason) (the gateway cannot read the statement: \(why))",
            nextStep: nextStep, commandID: commandID)
    }

    /// Nobody sees it: the server has told of the earlier failure.
    static let skipped = Refusal(
        kind: .denied, rule: "pipeline-failed", reason: "An earlier message of the pipeline failed.",
        nextStep: "Send it again.")

    static func approvalCancelled(_ needed: ApprovalNeeded) -> Refusal {
        Refusal(
            kind: .approvalExpired, rule: "approval-cancelled",
            reason: "canceling statement due to user request, while it waited for approval",
            nextStep: "The ticket stays open: the same statement runs once it is approved.")
    }

    static func approvalTimedOut(_ ticket: PendingTicket) -> Refusal {
        Refusal(
            kind: .approvalExpired, rule: "approval-pending",
            reason: "Nobody decided while the statement waited; its ticket is \(ticket.url)",
            nextStep: "Send the same statement again: it runs once the ticket is approved.")
    }

    static func approvalsUnavailable(_ error: any Error) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "approvals-unavailable", reason: "Nobody can be asked now: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.")
    }

    static func definitionsInUse(command: UUIDv7) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "definitions-in-use",
            reason: "Another session is about to copy from what this statement may change, under a masking rule.",
            nextStep: "Run it again.", commandID: command)
    }

    /// - Parameter rule: The masking rule that would be evaded.
    static func copiesMasked(_ rule: String, command: UUIDv7) -> Refusal {
        Refusal(
            kind: .denied, rule: rule,
            reason:
                "The statement would put masked values where they could be read unmasked, or it cannot be told that it does not.",
            nextStep: "Leave the masked columns out, or ask the target's owners.", commandID: command)
    }

    static func cannotMask(_ why: String, rule: String, _ command: UUIDv7) -> Refusal {
        Refusal(
            kind: .denied, rule: rule, reason: "A masking rule applies, and \(why).",
            nextStep: "Ask for the data in another way, or ask the target's owners about the rule.", commandID: command)
    }

    static func recordingUnavailable(_ error: any Error) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "recording-unavailable", reason: "The session cannot be recorded now: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.")
    }
}
