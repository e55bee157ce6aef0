import Approvals
import Audit
import Identifiers
import Identity
import Masking
import NIOCore
import Originals
import Policy
import Recording
import StrictJSON
import Vault

/// One caller's connection to one target: decides its commands, records them, and hands out permits.
///
/// Bound to the event loop of its lane.
public final class Session {
    public let id: UUIDv7
    public let caller: Caller
    public let target: Target
    /// The peer's address as the adapter knows it, e.g. `10.1.2.3:51234`.
    public let client: String

    let lane: Lane
    let evaluation: PolicyEvaluation
    let identityJSON: SessionIdentity
    private let onTerminate: (String) -> Void
    private var recorder: SessionRecorder?
    /// Seals what masking takes away, from the first command on that something may be masked for.
    private var sealer: SessionSealer?
    private var sealedFiles = 0
    private var endReason: String?
    private var commandCount = 0
    private var permitsOutstanding = 0
    private var knownForms = KnownForms()
    /// From when on nothing new runs: groups and rights are those of the sign-in, and nobody vouches for them any more.
    private let signInEnd: Timestamp

    init(
        lane: Lane, caller: Caller, target: Target, client: String, onTerminate: @escaping (String) -> Void
    ) {
        self.id = lane.newID(at: lane.manager.parts.clock())
        self.caller = caller
        self.signInEnd = caller.endsAt
        self.target = target
        self.client = client
        self.lane = lane
        self.onTerminate = onTerminate
        self.evaluation = PolicyEvaluation(caller: caller, target: target, client: client)
        self.identityJSON = SessionIdentity(caller: caller, session: id, target: target)
    }

    // MARK: Deciding

    /// Judges `command`. An allowed command's intent is on record when this returns its permit; a refusal is on
    /// record too.
    public func decide(_ command: Command) -> Decision {
        let rules = lane.currentRules
        let now = lane.manager.parts.clock()
        if let ended = refusalIfEnded(command, rules, at: now) { return .refused(ended) }
        if let form = command.form, command.traceParent == nil,
            let known = knownForms.known(form, rulesGeneration: lane.rulesGeneration)
        {
            return permit(command, of: known, rules, at: now)
        }
        let verdict = evaluation.judge(command, by: rules, at: now)
        switch verdict.answer {
        case .deny where rules.mode == .enforce:
            return .refused(refuse(command, verdict, rules, at: now))
        case .approval(let requirements) where rules.mode == .enforce:
            return .needsApproval(
                ApprovalNeeded(
                    command: command, digest: digest(of: command), requirements: requirements,
                    rule: verdict.rule, redaction: redaction(for: verdict, rules)))
        case .allow, .deny, .approval:
            return permit(
                command, digest: digest(of: command), verdict, rules, approval: nil, at: now)
        }
    }

    /// Whether policy could allow a command like this one now, with or without approval, where its parameters are not
    /// known yet. Nothing is recorded: this is for hiding what a caller could not use, never for deciding.
    public func wouldAllow(_ command: Command) -> Bool {
        let rules = lane.currentRules
        return rules.mode == .shadow
            || evaluation.couldAllow(command, by: rules.policy, at: lane.manager.parts.clock())
    }

    /// Judges a command that an upstream is only to parse and plan now: what it will be called with is not known yet.
    ///
    /// It is allowed where policy could allow it with some parameters, with or without approval. The permit is good for
    /// planning alone, and its intent says `phase: prepare`; to run it is a command of its own.
    public func decidePreparation(_ command: Command) -> Decision {
        let rules = lane.currentRules
        let now = lane.manager.parts.clock()
        if let ended = refusalIfEnded(command, rules, at: now) { return .refused(ended) }
        let verdict = evaluation.judgePreparation(command, by: rules.policy, at: now)
        if verdict.answer == .deny, rules.mode == .enforce { return .refused(refuse(command, verdict, rules, at: now)) }
        return permit(
            command, digest: digest(of: command), verdict, rules, approval: nil, phase: .prepare,
            at: now)
    }

    /// Turns an approval into the permit that it was given for, unless policy has changed its mind since.
    public func permit(_ redemption: Redemption) -> Decision {
        let rules = lane.currentRules
        let now = lane.manager.parts.clock()
        let command = redemption.needed.command
        if let ended = refusalIfEnded(command, rules, at: now) { return .refused(ended) }
        let verdict = evaluation.judge(command, by: rules, at: now)
        // Before the approval is used up: what keeps the command from running then is not the approvers' doing.
        if let masking = try? lane.plan(verdict.obligations.masks, of: rules),
            let missing = prepareOriginals(for: masking)
        {
            return .refused(refuse(command, missing, rules, kind: .unavailable, at: now))
        }
        guard redemption.spend() else {
            return .refused(refuse(command, .approvalUsed, rules, at: now))
        }
        switch verdict.answer {
        case .deny where rules.mode == .enforce:
            return .refused(refuse(command, verdict, rules, at: now))
        case .approval(let requirements)
        where rules.mode == .enforce && !Set(requirements).isSubset(of: redemption.needed.requirements):
            return .needsApproval(
                ApprovalNeeded(
                    command: command, digest: redemption.needed.digest, requirements: requirements, rule: verdict.rule,
                    redaction: redaction(for: verdict, rules)))
        case .allow, .deny, .approval:
            return permit(
                command, digest: redemption.needed.digest, verdict, rules, approval: redemption.ticket, at: now)
        }
    }

    private func permit(
        _ command: Command, digest: CommandDigest, _ verdict: Verdict, _ rules: RuleSnapshot, approval: Ticket?,
        phase: Intent.Phase = .run, at now: Timestamp
    ) -> Decision {
        let masking: MaskingPlan
        do {
            masking = try lane.plan(verdict.obligations.masks, of: rules)
        } catch {
            // A rule set that a policy names and the configuration lacks is refused at load; if it happens all the
            // same, an answer that cannot be masked must not be fetched.
            let missing = Verdict.maskingUnavailable(under: verdict.rule, because: "\(error)")
            return .refused(refuse(command, missing, rules, kind: .unavailable, at: now))
        }
        if let missing = prepareOriginals(for: masking) {
            return .refused(refuse(command, missing, rules, kind: .unavailable, at: now))
        }
        let commandID = lane.newID(at: now)
        let recorded = Intent(
            id: commandID, time: now, command: command, digest: digest, phase: phase, verdict: verdict,
            redaction: Redaction(detectors: lane.manager.parts.redactor, plan: masking))
        let isKept =
            command.form != nil && rules.judgesForms && verdict.answer == .allow && approval == nil && phase == .run
            && command.traceParent == nil
        var template: IntentTemplate?
        do {
            try lane.append { writer in
                let places = try writeIntent(into: &writer, recorded, approval: approval, rules: rules)
                if isKept, let places { template = IntentTemplate(writer.bytes, places) }
            }
        } catch {
            return .refused(lane.unavailable(error))
        }
        if let form = command.form, let template {
            knownForms.insert(KnownForm(form, verdict, masking, recorded.redaction, template))
        }
        return .permitted(grant(commandID, masking, verdict, rules))
    }

    /// What `permit` does, for a command that differs from one before in its text and parameters alone.
    private func permit(
        _ command: Command, of known: KnownForm, _ rules: RuleSnapshot, at now: Timestamp
    ) -> Decision {
        if let missing = prepareOriginals(for: known.masking) {
            return .refused(refuse(command, missing, rules, kind: .unavailable, at: now))
        }
        let commandID = lane.newID(at: now)
        let digest = self.digest(of: command)
        do {
            try lane.append { writer in
                if writeIntent(into: &writer, command, of: known, id: commandID, time: now, digest: digest) { return }
                try writeIntent(
                    into: &writer,
                    Intent(
                        id: commandID, time: now, command: command, digest: digest, verdict: known.verdict,
                        redaction: known.redaction), approval: nil, rules: rules)
            }
        } catch {
            return .refused(lane.unavailable(error))
        }
        return .permitted(grant(commandID, known.masking, known.verdict, rules))
    }

    /// The permit of a command whose intent stands in the log.
    private func grant(
        _ commandID: UUIDv7, _ masking: MaskingPlan, _ verdict: Verdict, _ rules: RuleSnapshot
    ) -> Permit {
        commandCount += 1
        permitsOutstanding += 1
        let originals = sealer.flatMap { sealer in
            masking.isEmpty
                ? nil : CommandOriginals(of: commandID, rules: masking.digest, in: self, by: sealer)
        }
        return Permit(
            intent: RecordedIntent(commandID: commandID, session: self, originals: originals),
            masking: originals?.attached(to: masking) ?? masking,
            recording: max(verdict.obligations.recording, rules.recording), maximumRows: verdict.obligations.maximumRows
        )
    }

    /// Makes sure that what `masking` takes away can be sealed, where it is to be kept. A command whose originals would
    /// be lost must not run.
    ///
    /// - Returns: What is said and recorded instead, where it cannot be.
    private func prepareOriginals(for masking: MaskingPlan) -> Verdict? {
        guard !masking.isEmpty, sealer?.isBroken ?? true, let store = lane.manager.parts.originals else { return nil }
        do throws(OriginalsError) {
            let new = try store.begin(session: id, part: sealedFiles + 1)
            let (told, item) = (lane.manager.parts.evidenceClosed, evidence(.originals, new.path))
            new.whenClosed = { told(item) }
            sealer = new
            sealedFiles += 1
            return nil
        } catch {
            return .originalsUnavailable(because: "\(error)")
        }
    }

    private func digest(of command: Command) -> CommandDigest {
        command.digest(target: target.name, key: lane.manager.parts.commandDigests)
    }

    /// Records what people, or the desk that asks them, refused; a session that has ended meanwhile says nothing more.
    func refuse(_ needed: ApprovalNeeded, _ refusal: Refusal) -> Refusal {
        guard endReason == nil else { return refusal }
        return refuse(
            needed.command, Verdict(refusal), lane.currentRules, kind: refusal.kind, at: lane.manager.parts.clock())
    }

    private func refuse(
        _ command: Command, _ verdict: Verdict, _ rules: RuleSnapshot, kind: Refusal.Kind = .denied, at now: Timestamp
    ) -> Refusal {
        let commandID = lane.newID(at: now)
        let recorded = Intent(
            id: commandID, time: now, command: command, digest: digest(of: command), verdict: verdict,
            redaction: redaction(for: verdict, rules))
        do {
            try lane.append { writer in
                try writeRefusal(into: &writer, recorded, as: kind, rules: rules)
            }
        } catch {
            return lane.unavailable(error)
        }
        commandCount += 1
        return Refusal(
            kind: kind, rule: verdict.rule, reason: verdict.reason, nextStep: verdict.nextStep, commandID: commandID)
    }

    /// How the record of a command that gets no permit now is redacted. No permit says which rules apply to a denied
    /// command, so all do.
    private func redaction(for verdict: Verdict, _ rules: RuleSnapshot) -> Redaction {
        let all = rules.masking.ruleSetNames
        let masks = verdict.answer == .deny ? all : verdict.obligations.masks
        let plan = (try? lane.plan(masks, of: rules)) ?? (try? lane.plan(all, of: rules)) ?? .none
        return Redaction(detectors: lane.manager.parts.redactor, plan: plan)
    }

    // MARK: Recording

    func record(
        _ outcome: Outcome, of commandID: UUIDv7, originals: CommandOriginals?, after microseconds: Int64
    ) {
        permitsOutstanding -= 1
        var outcome = outcome
        do throws(OriginalsFailure) {
            try originals?.finish()
        } catch {
            // What the caller got was masked; that its originals are lost must stand in the log.
            outcome.kind = .interrupted
            outcome.reason = [outcome.reason, "\(error)"].compactMap { $0 }.joined(separator: "; ")
        }
        let now = lane.manager.parts.clock()
        lane.appendOwed { writer in
            writeOutcome(
                into: &writer, outcome, of: commandID, originals: originals, after: microseconds, at: now)
        }
        if endReason != nil, permitsOutstanding == 0 { finish() }
    }

    /// Adds to the session's recording what has been masked already.
    ///
    /// - Parameter mayWait: Whether it may be written a moment later, together with what follows: the command stands in
    ///   the audit log either way.
    /// - Throws: `RecordingError` when the disk refuses; a command that must be recorded should then not go on.
    public func record(
        _ kind: RecordingEvent.Kind, of commandID: UUIDv7, head: [RecordingField], body: String,
        isTruncated: Bool = false, mayWait: Bool = false
    ) throws(RecordingError) {
        let recorder = try openRecorder()
        let now = lane.manager.parts.clock().milliseconds
        let offset = now - min(id.milliseconds, now)
        let wasWaiting = recorder.hasWaiting
        try recorder.record(
            RecordingEvent(
                offset: offset, kind: kind, commandID: commandID, head: head, body: body, isTruncated: isTruncated),
            mayWait: mayWait)
        if recorder.hasWaiting, !wasWaiting { lane.writeRecordingSoon(of: self) }
    }

    /// Writes what the recording holds back; what the disk refuses is tried again.
    func flushRecording() {
        do {
            try recorder?.flush()
        } catch {
            lane.writeRecordingSoon(of: self)
        }
    }

    /// A text of a command, such as its path and query, as a recording may hold it: without what a detector knows, and
    /// without values whose names `plan` selects (`name=value`).
    public func redacted(_ text: String, under plan: MaskingPlan) -> String {
        Redaction(detectors: lane.manager.parts.redactor, plan: plan).text(text)
    }

    /// The same of a command's own text.
    public func redactedText(of command: Command, under plan: MaskingPlan) -> String {
        if let form = command.form, let known = knownForms.known(form, rulesGeneration: lane.rulesGeneration) {
            return known.recordedText(of: command)
        }
        return Redaction(detectors: lane.manager.parts.redactor, plan: plan).text(of: command)
    }

    /// Whether a recording has to be on the disk before the log says that it is complete.
    public var synchronizesRecordings: Bool { lane.manager.parts.synchronizesRecordings }

    private func openRecorder() throws(RecordingError) -> SessionRecorder {
        if let recorder { return recorder }
        let header = RecordingHeader(
            session: id, caller: caller.label ?? caller.subject, target: target.name, kind: target.kind,
            started: Timestamp(milliseconds: id.milliseconds))
        let new = try SessionRecorder(directory: lane.manager.parts.recordingsDirectory, header: header)
        let (told, item) = (lane.manager.parts.evidenceClosed, evidence(.recordings, header.path))
        new.whenClosed = { told(item) }
        recorder = new
        return new
    }

    /// A file of evidence of this session, by its path below the folder of its kind.
    func evidence(_ kind: EvidenceKind, _ path: String) -> EvidenceItem {
        EvidenceItem(
            kind, path: path,
            owner: EvidenceOwner(session: id, issuer: caller.issuer, subject: caller.subject, target: target.name))
    }

    // MARK: Ending

    /// Ends the session; its end is recorded once the last permit has its outcome.
    public func close(reason: String) {
        guard endReason == nil else { return }
        endReason = reason
        if permitsOutstanding == 0 { finish() }
    }

    func terminate(by operatorLabel: String) {
        let reason = "terminated by \(operatorLabel)"
        // The reason first: the adapter will close the session too, and then for a reason of its own.
        close(reason: reason)
        onTerminate(reason)
    }

    private func finish() {
        let recording = try? recorder?.close(synchronizing: synchronizesRecordings)
        recorder = nil
        sealer = nil
        let now = lane.manager.parts.clock()
        lane.appendOwed { writer in
            writeEnd(
                into: &writer, reason: endReason ?? "closed", commands: commandCount, recording: recording, at: now)
        }
        lane.forget(self)
    }

    private func refusalIfEnded(_ command: Command, _ rules: RuleSnapshot, at now: Timestamp) -> Refusal? {
        if let endReason {
            return Refusal(
                kind: .sessionEnded, rule: "session-ended", reason: "This session has ended: \(endReason).",
                nextStep: "Connect again.")
        }
        guard now >= signInEnd else { return nil }
        return refuse(command, .signInExpired(at: caller.expiresAt), rules, kind: .signInExpired, at: now)
    }
}
