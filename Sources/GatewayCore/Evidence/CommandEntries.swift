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
    var phase = Phase.run
    let verdict: Verdict
    let redaction: Redaction

    enum Phase: String {
        /// The upstream parses and plans the command, which does not run.
        case prepare
        case run
    }
}

extension Session {
    /// `kind: intent`: the command is about to be forwarded.
    ///
    /// - Returns: Where in it stands what other commands of the form have otherwise; `nil` where the command stands
    ///   beside the log.
    @discardableResult
    func writeIntent(
        into writer: inout CanonicalJSONWriter, _ intent: Intent, approval: Ticket?, rules: RuleSnapshot
    ) throws -> IntentTemplate.Places? {
        writer.beginObject()
        if let approval {
            writer.name("approval")
            writer.write(approval, redactedBy: intent.redaction)
        }
        return try writeRest(of: intent, kind: "intent", into: &writer, rules: rules)
    }

    /// The same for a command of a form that is known.
    ///
    /// - Returns: Whether it was written; nothing was where the command is too large for an entry.
    func writeIntent(
        into writer: inout CanonicalJSONWriter, _ command: Command, of known: KnownForm, id: UUIDv7, time: Timestamp,
        digest: CommandDigest
    ) -> Bool {
        var size = 0
        known.template.write(into: &writer, id: id, time: time, digest: digest) { writer in
            let start = writer.bytes.count
            writeValues(of: command, text: known.recordedText(of: command), known.redaction, into: &writer)
            size = writer.bytes.count - start
        }
        guard known.template.holds(valuesOf: size) else {
            writer.removeAll()
            return false
        }
        return true
    }

    /// `kind: refusal`: the command was not allowed, and nothing was forwarded.
    func writeRefusal(
        into writer: inout CanonicalJSONWriter, _ intent: Intent, as kind: Refusal.Kind, rules: RuleSnapshot
    ) throws {
        writer.beginObject()
        _ = try writeRest(
            of: intent, kind: "refusal", code: kind == .denied ? nil : kind.rawValue, into: &writer, rules: rules)
    }

    private func writeRest(
        of intent: Intent, kind: String, code: String? = nil, into writer: inout CanonicalJSONWriter,
        rules: RuleSnapshot
    ) throws -> IntentTemplate.Places? {
        writer.name("caller")
        writer.writeCanonical(identityJSON.caller)
        if let code {
            writer.name("code")
            writer.write(code)
        }
        writer.name("command")
        var places = try writeCommand(of: intent, into: &writer)
        writer.name("decision")
        // In shadow mode too some commands are refused, e.g. after the sign-in has ended: these are not only on trial.
        let isOnTrial = rules.mode == .shadow && kind == "intent"
        write(intent.verdict, isOnTrial: isOnTrial, into: &writer, rules: rules)
        let end = endEntry(
            in: &writer, id: intent.id, kind: kind, at: intent.time, traceParent: intent.command.traceParent)
        places?.id = end.id
        places?.time = end.time
        return places
    }

    private func writeCommand(
        of intent: Intent, into writer: inout CanonicalJSONWriter
    ) throws -> IntentTemplate.Places? {
        let command = intent.command
        let redaction = intent.redaction
        var places = IntentTemplate.Places()
        let start = writer.bytes.count
        places.command = start
        writer.beginObject()
        writer.name("digest")
        places.digest = writer.bytes.count + 1
        writer.write(intent.digest)
        writer.name("effects")
        writer.beginArray()
        for effect in command.effects {
            writer.beginObject()
            writer.name("action")
            writer.write(effect.action)
            writer.name("resource")
            writer.write(redaction.text(effect.resource.name))
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
                writer.write(fact.value, redactedBy: redaction)
            }
            writer.endObject()
        }
        let values = writer.bytes.count
        writeValues(of: command, text: redaction.text(of: command), redaction, phase: intent.phase, into: &writer)
        places.values = values..<writer.bytes.count
        writer.endObject()
        if writer.bytes.count - start > AuditSchema.largestCommand {
            try putBesideLog(digest: intent.digest, id: intent.id, in: &writer, from: start)
            return nil
        }
        return places
    }

    /// The members `parameters`, where there are any, `phase`, where it does not run, and `text`.
    private func writeValues(
        of command: Command, text: String, _ redaction: Redaction, phase: Intent.Phase = .run,
        into writer: inout CanonicalJSONWriter
    ) {
        if !command.parameters.isEmpty {
            writer.continueObject(with: "parameters")
            writer.beginArray()
            for (parameter, value) in zip(command.parameters, redaction.values(of: command)) {
                writer.beginObject()
                writer.name("encoding")
                writer.write(parameter.encoding)
                writer.name("name")
                writer.write(redaction.detectors.redact(parameter.name) ?? parameter.name)
                writer.name("value")
                writer.write(value)
                writer.endObject()
            }
            writer.endArray()
        }
        if phase != .run {
            writer.continueObject(with: "phase")
            writer.write(phase.rawValue)
        }
        writer.continueObject(with: "text")
        writer.write(text)
    }

    /// `kind: outcome`: how the command whose intent has the id `command` ended.
    func writeOutcome(
        into writer: inout CanonicalJSONWriter, _ outcome: Outcome, of command: UUIDv7, originals: CommandOriginals?,
        after microseconds: Int64, at time: Timestamp
    ) {
        let redactor = lane.manager.parts.redactor
        writer.beginObject()
        writer.name("command")
        writer.write(command)
        endEntry(in: &writer, id: lane.newID(at: time), kind: "outcome", at: time) { writer in
            originals?.write(into: &writer, isLast: true)
            writer.name("outcome")
            writer.write(outcome, after: microseconds, redactedBy: redactor)
        }
    }

    private func write(
        _ verdict: Verdict, isOnTrial: Bool, into writer: inout CanonicalJSONWriter, rules: RuleSnapshot
    ) {
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
        if isOnTrial, case .deny = verdict.answer {
            writer.name("would_deny")
            writer.write(true)
        }
        writer.endObject()
    }
}

extension CanonicalJSONWriter {
    fileprivate mutating func write(
        _ outcome: Outcome, after microseconds: Int64, redactedBy redactor: SensitiveTextRedactor
    ) {
        beginObject()
        if !outcome.details.isEmpty {
            name("details")
            beginObject()
            for detail in outcome.details.sorted(by: { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }) {
                name(detail.name)
                write(detail.value)
            }
            endObject()
        }
        name("duration_us")
        write(microseconds)
        name("kind")
        write(outcome.kind.rawValue)
        if !outcome.masked.isEmpty {
            name("masked")
            beginArray()
            for count in outcome.masked {
                beginObject()
                name("count")
                write(count.count)
                name("rule")
                write(count.rule)
                name("selector")
                write(count.selector)
                endObject()
            }
            endArray()
        }
        if let reason = outcome.reason {
            name("reason")
            // A host may have said it.
            write(AuditSchema.cut(redactor.redact(reason) ?? reason))
        }
        name("request_bytes")
        write(outcome.requestBytes)
        name("response_bytes")
        write(outcome.responseBytes)
        if let rows = outcome.rows {
            name("rows")
            write(rows)
        }
        name("status")
        write(outcome.status)
        endObject()
    }

    fileprivate mutating func write(_ value: FactValue, redactedBy redaction: Redaction) {
        switch value {
        case .bool(let value): write(value)
        case .integer(let value): write(value)
        case .string(let text): write(redaction.text(text))
        case .contentDigest(let digits): write(redaction.detectors.digest(of: digits))
        case .strings(let texts):
            beginArray()
            for text in texts { write(redaction.text(text)) }
            endArray()
        }
    }

    fileprivate mutating func write(_ ticket: Ticket, redactedBy redaction: Redaction) {
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
            write(redaction.text(decision.justification))
            name("subject")
            write(decision.approver.subject)
            name("time")
            write(decision.time)
            endObject()
        }
        endArray()
        name("justification")
        write(redaction.text(ticket.justification))
        name("ticket")
        write(ticket.id)
        endObject()
    }
}
