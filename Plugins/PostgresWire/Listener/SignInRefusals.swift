import GatewayCore
import Identity

extension Caller {
    /// Whether somebody who calls himself `user` can be this caller: by subject, label, or the label's local part.
    func isCalled(_ user: String) -> Bool {
        if user == subject || user == label { return true }
        guard let label, let at = label.firstIndex(of: "@") else { return false }
        return label[..<at] == user
    }

    /// What the caller should have called himself.
    fileprivate var userName: String { label ?? subject }
}

// Why nobody is let in, as PostgreSQL's clients show it.
extension ErrorFields {
    static let plaintextRefused = ErrorFields(
        severity: .fatal, code: .invalidAuthorization, message: "this listener takes connections over SSL only",
        hint: "Connect with sslmode=verify-full.")

    static func fatal(_ code: SQLState, _ message: String, detail: String? = nil, hint: String? = nil) -> ErrorFields {
        ErrorFields(severity: .fatal, code: code, message: message, detail: detail, hint: hint)
    }

    var asFatal: ErrorFields {
        var fields = self
        for index in fields.fields.indices
        where [UInt8(ascii: "S"), UInt8(ascii: "V")].contains(fields.fields[index].code) {
            fields.fields[index].value = Severity.fatal.rawValue
        }
        return fields
    }

    static func signInFailed(_ error: any Error, user: String) -> ErrorFields {
        guard let error = error as? SignInError else {
            return .fatal(.cannotConnectNow, "Nobody can be signed in now.", hint: "Try again later.")
        }
        return .fatal(
            .invalidPassword, "password authentication failed for user \"\(user)\"",
            detail: "\(error.reason) (\(error.code))", hint: error.nextStep)
    }

    static func wrongUser(_ user: String, _ caller: Caller) -> ErrorFields {
        .fatal(
            .invalidAuthorization, "The token is not that of user \"\(user)\".",
            detail: "It is that of \(caller.label ?? caller.subject).", hint: "Connect as user \"\(caller.userName)\".")
    }

    static func noSuchDatabase(_ name: String) -> ErrorFields {
        .fatal(
            .invalidCatalogName, "database \"\(name)\" does not exist",
            detail: "The gateway has no target of this name.",
            hint: "Name a target as the database, or `target/database` where a target serves several.")
    }

    static let idleTooLong = ErrorFields.fatal(
        .idleSessionTimeout, "terminating connection due to idle-session timeout",
        hint: "Connect again; the gateway's listener has an idle_timeout.")

    static let replicationRefused = ErrorFields.fatal(
        .insufficientPrivilege, "Replication connections are not relayed.",
        hint: "Their content cannot be inspected; ask the gateway's operators.")

    static let connectingNeedsApproval = ErrorFields.fatal(
        .insufficientPrivilege, "A policy asks for approval of sql.connect, which cannot wait for one.",
        hint: "Ask the target's owners to require approval of statements, or of a time window on the target.")

    static func unreachable(_ reason: String) -> ErrorFields {
        .fatal(
            .sqlClientUnableToConnect, "The database cannot be reached: \(reason).",
            hint: "Try again later; if it lasts, tell the gateway's operators.")
    }

    static func unreachable(_ error: UpstreamDialError) -> ErrorFields {
        error.isGatewayRefused
            ? .fatal(
                .sqlClientUnableToConnect, "The database does not accept the gateway's own credential.",
                detail: error.message, hint: "You can do nothing about it: tell the gateway's operators.")
            : unreachable(error.message)
    }
}
