import Approvals
import Identifiers
import Masking
import Policy
import StrictJSON

// Audit entries about commands. Members are written in their canonical order (RFC 8785), so the functions below read
// alphabetically rather than by importance.

/// What an intent or a refusal says.
struct Intent {
    let id: UUIDv7
    let time: Timestamp
    let command: Command
    let digest: CommandDigest
    let verdict: Verdict
}

extension Session {
    /// `kind: intent`: the command is about to be forwarded.
    func writeIntent(
        into writer: inout CanonicalJSONWriter, _ intent: Intent, approval: Ticket?, rules: RuleSnapshot
    ) throws {
        writer.beginObject()
        if let approval {
            writer.name("approval")
            writer.write(approval)
        }
        try writeCommon(into: &writer, intent, kind: "intent", rules: rules)
        writer.endObject()
    }

    /// `kind: refusal`: policy did not allow the command; nothing was forwarded.
    func writeRefusal(into writer: inout CanonicalJSONWriter, _ intent: Intent, rules: RuleSnapshot) throws {
        writer.beginObject()
        try writeCommon(into: &writer, intent, kind: "refusal", rules: rules)
        writer.endObject()
    }

    private func writeCommon(
        into writer: inout CanonicalJSONWriter, _ intent: Intent, kind: String, rules: RuleSnapshot
    ) throws {
        writer.name("caller")
        writer.writeCanonical(identityJSON.caller)
        writer.name("command")
        try write(intent.command, digest: intent.digest, id: intent.id, into: &writer)
        writer.name("decision")
        write(intent.verdict, into: &writer, rules: rules)
        writer.name("id")
        writer.write(intent.id.description)
        writer.name("kind")
        writer.write(kind)
        writer.name("session")
        writer.writeCanonical(identityJSON.session)
        writer.name("target")
        writer.writeCanonical(identityJSON.target)
        writer.name("time")
        writer.write(intent.time.description)
        if let traceParent = intent.command.traceParent {
            writer.name("traceparent")
            writer.write(traceParent)
        }
        writer.name("v")
        writer.write(AuditSchema.version)
    }

    private func write(
        _ command: Command, digest: CommandDigest, id: UUIDv7, into writer: inout CanonicalJSONWriter
    ) throws {
        let start = writer.bytes.count
        let redactor = lane.manager.parts.redactor
        writer.beginObject()
        writer.name("digest")
        writer.write(digest.description)
        writer.name("effects")
        writer.beginArray()
        for effect in command.effects {
            writer.beginObject()
            writer.name("action")
            writer.write(effect.action)
            writer.name("resource")
            writer.writeRedacted(effect.resource.name, by: redactor)
            writer.name("type")
            writer.write(effect.resource.type)
            writer.endObject()
        }
        writer.endArray()
        if !command.facts.isEmpty {
            writer.name("facts")
            writer.beginObject()
            for fact in command.facts.sorted(by: { $0.name < $1.name }) {
                writer.name(fact.name)
                writer.write(fact.value, redactedBy: redactor)
            }
            writer.endObject()
        }
        if !command.parameters.isEmpty {
            writer.name("parameters")
            writer.beginArray()
            for parameter in command.parameters {
                writer.beginObject()
                writer.name("encoding")
                writer.write(parameter.encoding)
                writer.name("name")
                writer.writeRedacted(parameter.name, by: redactor)
                writer.name("value")
                writer.writeRedacted(parameter.value, by: redactor)
                writer.endObject()
            }
            writer.endArray()
        }
        writer.name("text")
        writer.writeRedacted(command.text, by: redactor)
        writer.endObject()
        if writer.bytes.count - start > AuditSchema.largestCommand {
            try putBesideLog(digest: digest, id: id, in: &writer, from: start)
        }
    }

    /// `kind: outcome`: how the command whose intent has the id `command` ended.
    func writeOutcome(
        into writer: inout CanonicalJSONWriter, _ outcome: Outcome, of command: UUIDv7, after microseconds: Int64,
        at time: Timestamp
    ) {
        writer.beginObject()
        writer.name("command")
        writer.write(command.description)
        writer.name("id")
        writer.write(lane.newID(at: time).description)
        writer.name("kind")
        writer.write("outcome")
        writer.name("outcome")
        writer.beginObject()
        writer.name("duration_us")
        writer.write(microseconds)
        writer.name("kind")
        writer.write(outcome.kind.rawValue)
        if !outcome.masked.isEmpty {
            writer.name("masked")
            writer.beginArray()
            for count in outcome.masked {
                writer.beginObject()
                writer.name("count")
                writer.write(count.count)
                writer.name("rule")
                writer.write(count.rule)
                writer.name("selector")
                writer.write(count.selector)
                writer.endObject()
            }
            writer.endArray()
        }
        if let reason = outcome.reason {
            writer.name("reason")
            writer.writeRedacted(reason, by: lane.manager.parts.redactor)
        }
        writer.name("request_bytes")
        writer.write(outcome.requestBytes)
        writer.name("response_bytes")
        writer.write(outcome.responseBytes)
        if let rows = outcome.rows {
            writer.name("rows")
            writer.write(rows)
        }
        writer.name("status")
        writer.write(outcome.status)
        writer.endObject()
        writer.name("session")
        writer.writeCanonical(identityJSON.session)
        writer.name("target")
        writer.writeCanonical(identityJSON.target)
        writer.name("time")
        writer.write(time.description)
        writer.name("v")
        writer.write(AuditSchema.version)
        writer.endObject()
    }

    private func write(_ verdict: Verdict, into writer: inout CanonicalJSONWriter, rules: RuleSnapshot) {
        writer.beginObject()
        writer.name("answer")
        writer.write(verdict.answer.word)
        if let candidate = verdict.candidate {
            writer.name("candidate")
            writer.beginObject()
            writer.name("answer")
            writer.write(candidate.answer)
            writer.name("policy")
            writer.write(candidate.policyDigest)
            writer.name("rule")
            writer.write(candidate.rule)
            writer.endObject()
        }
        if !verdict.obligations.masks.isEmpty {
            writer.name("masks")
            writer.beginArray()
            for mask in verdict.obligations.masks { writer.write(mask) }
            writer.endArray()
        }
        writer.name("policy")
        writer.write(rules.policy.digest)
        writer.name("rule")
        writer.write(verdict.rule)
        if rules.mode == .shadow, case .deny = verdict.answer {
            writer.name("would_deny")
            writer.write(true)
        }
        writer.endObject()
    }
}

extension CanonicalJSONWriter {
    fileprivate mutating func write(_ ticket: Ticket) {
        beginObject()
        name("approvers")
        beginArray()
        for decision in ticket.decisions {
            beginObject()
            name("groups")
            beginArray()
            for group in decision.groups { write(group) }
            endArray()
            name("issuer")
            write(decision.approver.issuer)
            name("justification")
            write(decision.justification)
            name("subject")
            write(decision.approver.subject)
            name("time")
            write(decision.time.description)
            endObject()
        }
        endArray()
        name("justification")
        write(ticket.justification)
        name("ticket")
        write(ticket.id.description)
        endObject()
    }
}
