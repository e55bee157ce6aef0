import GatewayCore

/// How the gateway speaks to the person at the other end.
enum Notice {
    /// What a shell gives for a command that it may not run.
    static let refusedStatus: UInt32 = 126
    /// What `ssh` itself gives when a connection fails.
    static let failedStatus: UInt32 = 255

    static func text(_ refusal: Refusal) -> String {
        let record = refusal.commandID.map { " It stands in the audit log as \($0)." } ?? ""
        return """
            sallyport: \(refusal.reason)
            sallyport: The rule is \(refusal.rule).\(record)
            sallyport: \(refusal.nextStep)

            """
    }

    static func text(_ ticket: PendingTicket) -> String {
        """
        sallyport: This waits for approval: \(ticket.url)
        sallyport: It needs \(ticket.requirements.map(\.description).joined(separator: " and ")), until \(ticket.expiresAt).

        """
    }

    static func text(_ message: String) -> String { "sallyport: \(message)\n" }

    /// In one line, for where a protocol has room for no more.
    static func line(_ refusal: Refusal) -> String {
        "\(refusal.reason) The rule is \(refusal.rule). \(refusal.nextStep)"
    }
}

extension Refusal {
    /// The environment variable in which callers say why they ask.
    static let justificationVariable = "SALLYPORT_JUSTIFICATION"

    /// The next step in this protocol's words.
    var forSSH: Refusal {
        guard kind == .justificationMissing else { return self }
        return Refusal(
            kind: kind, rule: rule, reason: reason,
            nextStep:
                "Say why you need it: ssh -o SetEnv=\(Self.justificationVariable)=\"why you need it\" and the rest as before.",
            commandID: commandID)
    }

    static func timedOut(_ ticket: PendingTicket) -> Refusal {
        Refusal(
            kind: .approvalExpired, rule: "approval-pending",
            reason: "Nobody decided while the command waited; its ticket is \(ticket.url)",
            nextStep: "Send the same command again: it runs once the ticket is approved.")
    }

    static func approvalsUnavailable(_ error: any Error) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "approvals-unavailable", reason: "Nobody can be asked now: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.")
    }

    /// What cannot be masked as policy wants it is not shown.
    static func unmaskable(_ command: RunningCommand, _ reason: String, nextStep: String) -> Refusal {
        Refusal(
            kind: .denied, rule: command.masking.ruleNames.first ?? "masking",
            reason: "A masking rule applies, and \(reason).", nextStep: nextStep, commandID: command.commandID)
    }

    static func recordingUnavailable(_ error: any Error) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "recording-unavailable", reason: "The session cannot be recorded now: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.")
    }
}
