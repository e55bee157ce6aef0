import Approvals
import Identifiers
import Identity
import Masking
import Policy
import StrictJSON

/// Entries about the gateway itself rather than about a command: rare, so built as values and sorted when written.
public struct ControlEntry: Sendable {
    public let bytes: [UInt8]
    public let id: UUIDv7

    /// An entry of `kind` with `members` beside the ones that every entry has.
    public init(kind: String, at time: Timestamp, _ members: [JSONMember]) {
        id = UUIDv7(milliseconds: time.milliseconds)
        let common = [
            JSONMember("id", .string(id.description)), JSONMember("kind", .string(kind)),
            JSONMember("time", .string(time.description)), JSONMember("v", .number(String(AuditSchema.version))),
        ]
        bytes = JSONValue.object(common + members).canonicalBytes
    }
}

extension ControlEntry {
    /// `kind: start`: a gateway runs from here on, with this configuration and policy.
    ///
    /// What changed since the last start, entries of their own tell. That this one names all that is in force shows a
    /// change even to whoever finds none of those.
    ///
    /// - Parameter auditorKey: The id of the key that masked values are sealed to.
    public static func start(
        version: String, inForce: InForce, recovery: String?, auditorKey: String? = nil, at time: Timestamp
    ) -> Self {
        var members = [
            JSONMember("configuration", .string(inForce.configuration.digest)),
            JSONMember("policy", .string(inForce.policy.digest)),
            JSONMember("pseudonym_key", .string(inForce.pseudonymKey)), JSONMember("version", .string(version)),
        ]
        if let recovery { members.append(JSONMember("recovery", .string(recovery))) }
        if let auditorKey { members.append(JSONMember("auditor_key", .string(auditorKey))) }
        return Self(kind: "start", at: time, members)
    }

    /// `kind: stop`: the gateway ended in order.
    public static func stop(reason: String, at time: Timestamp) -> Self {
        Self(kind: "stop", at: time, [JSONMember("reason", .string(reason))])
    }

    /// `kind: sign-in-failure`, at the console.
    ///
    /// - Parameter suppressed: Failures before this one that were not written.
    public static func consoleSignInFailure(
        _ error: SignInError, client: String, suppressed: Int, at time: Timestamp
    ) -> Self {
        var members = [
            JSONMember("at", "console"), JSONMember("client", .string(client)),
            JSONMember("code", .string(error.code)), JSONMember("reason", .string(error.reason)),
        ]
        if suppressed > 0 { members.append(JSONMember("suppressed", .number(String(suppressed)))) }
        return Self(kind: "sign-in-failure", at: time, members)
    }

    /// `kind: originals-opened`: somebody was given sealed originals, to open with a key of their own, and said why.
    ///
    /// - Parameters:
    ///   - label: What people call them, and look for them by.
    ///   - command: The one that they asked for.
    ///   - file: What they got, below the folder of originals: with the originals of all commands that are sealed in it.
    public static func originalsOpened(
        issuer: String, subject: String, label: String?, session: UUIDv7, command: UUIDv7, file: String,
        reason: String, at time: Timestamp
    ) -> Self {
        Self(
            kind: "originals-opened", at: time,
            [
                JSONMember("caller", person(issuer, subject, label)),
                JSONMember("command", .string(command.description)), JSONMember("file", .string(file)),
                JSONMember("reason", .string(reason)), JSONMember("session", .string(session.description)),
            ])
    }

    /// `kind: console`: somebody read or changed something through the console.
    ///
    /// - Parameter label: What people call them, and look for them by.
    public static func console(
        issuer: String, subject: String, label: String?, action: String, resource: String, allowed: Bool,
        rule: String, at time: Timestamp
    ) -> Self {
        Self(
            kind: "console", at: time,
            [
                JSONMember("action", .string(action)), JSONMember("allowed", .bool(allowed)),
                JSONMember("caller", person(issuer, subject, label)),
                JSONMember("resource", .string(resource)), JSONMember("rule", .string(rule)),
            ])
    }

    private static func person(_ issuer: String, _ subject: String, _ label: String?) -> JSONValue {
        let identity = [JSONMember("issuer", .string(issuer)), JSONMember("subject", .string(subject))]
        return .object(identity + (label.map { [JSONMember("label", .string($0))] } ?? []))
    }
}

extension ControlEntry {
    /// `kind: approval`: one step of a ticket. Texts are redacted: the ticket itself, in the store, has them whole.
    public static func approval(_ event: ApprovalEvent, redactedBy redactor: SensitiveTextRedactor) -> Self {
        func redacted(_ text: String) -> JSONValue { .string(redactor.redact(text) ?? text) }
        func party(_ party: TicketParty) -> JSONValue {
            person(party.issuer, party.subject, party.label)
        }
        let ticket = event.ticket
        var members = [
            JSONMember("requester", party(ticket.requester)), JSONMember("state", .string(ticket.state.rawValue)),
            JSONMember("step", .string(event.kind.rawValue)), JSONMember("target", ["name": .string(ticket.target)]),
            JSONMember("ticket", .string(ticket.id.description)),
        ]
        if let actor = event.actor { members.append(JSONMember("actor", party(actor))) }
        if let words = event.justification { members.append(JSONMember("justification", redacted(words))) }
        if let digest = event.digest { members.append(JSONMember("digest", .string(digest))) }
        if event.kind == .opened {
            members.append(JSONMember("needs", .array(ticket.requirements.map { .string($0.description) })))
            members.append(JSONMember("summary", redacted(AuditSchema.cut(ticket.redactedSummary))))
        }
        return Self(kind: "approval", at: event.time, members)
    }
}
