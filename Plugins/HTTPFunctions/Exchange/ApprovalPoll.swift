import GatewayCore
import Identifiers

/// Where a caller looks what has become of a ticket: `/.sallyport/approvals/{id}` on the same listener.
struct ApprovalPoll {
    /// Paths under it are the gateway's own; no target is reached through them.
    static let prefix = "/.sallyport/"

    let ticket: UUIDv7

    init?(_ request: RequestTarget) {
        let start = Self.prefix + "approvals/"
        guard request.path.hasPrefix(start), let ticket = UUIDv7(request.path.dropFirst(start.count)) else {
            return nil
        }
        self.ticket = ticket
    }

    static func path(ticket: UUIDv7) -> String { "\(prefix)approvals/\(ticket)" }
}

extension GatewayAnswer {
    static let noSuchTicket = GatewayAnswer.problem(
        status: 404, rule: "no-such-ticket", detail: "You have no ticket of this id.",
        nextStep: "Use the Location of the 202 answer, signed in as the same person.")

    static func problem(_ error: CredentialError, command: UUIDv7) -> GatewayAnswer {
        problem(
            status: 502, rule: "upstream-credential", detail: error.reason,
            nextStep: "Tell the gateway's operators; nothing was sent to the function.", command: command)
    }
}

extension Refusal {
    /// This refusal, which knows no protocol, with the header that HTTP callers give a justification in.
    var forHTTP: Refusal {
        guard kind == .justificationMissing else { return self }
        return Refusal(
            kind: kind, rule: rule, reason: reason,
            nextStep:
                "Send it again with `Sallyport-Justification`: a sentence that tells the approvers why you need it.",
            commandID: commandID)
    }

    static func recordingUnavailable(_ error: any Error, command: UUIDv7) -> Refusal {
        Refusal(
            kind: .unavailable, rule: "recording-unavailable",
            reason: "The session cannot be recorded now, so the command was not run: \(error).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.", commandID: command)
    }
}
