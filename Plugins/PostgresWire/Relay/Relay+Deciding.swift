import GatewayCore
import NIOCore

/// A command, and what the parser knows about it.
struct JudgedStatement {
    var command: Command
    let statement: SQLStatement?
    /// `nil` where its names are looked up as it runs.
    var lookup: NameLookup?

    var isOpaque: Bool { command.facts.contains { $0.name == "opaque" && $0.value == .bool(true) } }
}

extension Relay {
    typealias Decided = (Relay, Result<[RunningCommand], Refusal>) -> Void

    /// Judges the statements of one message: all of them run, or none. `completion` comes at once unless a person has
    /// to be asked; the caller's next message waits for it.
    ///
    /// - Parameter leavesAtOnce: The message is with the server a moment after.
    func decide(_ judged: [JudgedStatement], leavesAtOnce: Bool = true, _ completion: @escaping Decided) {
        // What is certainly refused is refused before the intents of those before it stand in the log.
        if judged.count > 1, let refused = judged.first(where: { !session.wouldAllow($0.command) }) {
            if case .refused(let refusal) = session.decide(refused.command) {
                return completion(self, .failure(refusal))
            }
        }
        // One behind it may have to wait for people.
        Deciding(self, judged, runsAtOnce: leavesAtOnce && judged.count == 1, completion).next()
    }

    /// Where names without a schema are looked for; `nil` where that is not certain.
    var certainSearchPath: [String]? {
        areSettingsStale || isSearchPathUnusual
            ? nil : SearchPath(schemas: settings.searchPath, temporary: temporarySchema).all
    }

    /// Others may have made a schema since that the path names, or may be about to.
    private var isSearchPathOld: Bool {
        searchPathRead.schemaChanges != place.catalog.schemaChangeCount
            || NIODeadline.now() - searchPathRead.at > Catalog.lifetime
    }

    /// Runs `body` once it is known what names and strings mean; what the caller sends next waits for it.
    func whenSettingsAreKnown(_ body: @escaping (Relay) -> Void) {
        // In a failed transaction nothing can be asked, and nothing but its end will run.
        // Nor can anything be asked amid a pipeline.
        let isFailed = transaction == .failed && replies.isEmpty
        if !isFailed, !isPipelineOpen, !place.isReplication, isSearchPathOld { areSettingsStale = true }
        guard areSettingsStale, !isFailed, !isPipelineOpen, !place.isReplication else { return body(self) }
        hold = .settings
        areSettingsStale = false
        searchPathRead = (.now(), place.catalog.schemaChangeCount)
        let query = OwnQuery(SearchPath.query) { [weak self] query in
            guard let self, !self.isClosed else { return }
            self.hold = nil
            if let path = SearchPath.read(query) {
                self.settings.searchPath = path.schemas
                self.temporarySchema = path.temporary
                self.isSearchPathUnusual = path.isUnusual
            } else {
                self.areSettingsStale = true
            }
            // The server skips what waited, where a pipeline failed before it.
            if !self.isServerSkipping { body(self) }
            self.pump()
        }
        send(Query.message(query.text), .own(query))
    }
}

extension Relay {
    /// Runs `body` once nothing that was sent can change what the names of a message stand for: a prepared statement's,
    /// a portal's, and all of them where SQL may change them. What the caller sends next waits for it.
    ///
    /// - Parameter all: Whether all names matter, since it is SQL that uses some.
    func whenNamesAreCertain(
        statement: String? = nil, portal: String? = nil, all: Bool = false, _ body: @escaping (Relay) -> Void
    ) {
        let isUncertain =
            all || areNamesChanging || statement.map { names.statements.isUncertain($0, in: readySent) } ?? false
            || portal.map { names.portals.isUncertain($0, in: readySent) } ?? false
        guard isUncertain, !replies.isEmpty else { return body(self) }
        hold = .names(goOn: body)
        // The server may keep its answers back until it is asked for them.
        if isPipelineOpen { send(Flush.message) }
    }

    /// Whether the server takes a statement's names for what they were when it was read: a prepared statement is read anew
    /// when the search path is another one.
    func isCurrent(_ statement: SQLStatement) -> Bool {
        guard statement.isUnqualified, !place.isReplication else { return true }
        if areSettingsStale { return transaction == .failed && replies.isEmpty }
        return statement.settings.searches(as: settings)
    }
}

/// One message's statements on their way to their permits.
private final class Deciding {
    private let relay: Relay
    private var waiting: ArraySlice<JudgedStatement>
    private var running: [RunningCommand] = []
    private let completion: Relay.Decided
    /// Of a message before, or of the transaction that is open.
    private let hadDefinitions: Bool
    /// Once it is decided, the server looks at it as soon as it has answered what was sent before.
    private let runsAtOnce: Bool

    init(
        _ relay: Relay, _ judged: [JudgedStatement], runsAtOnce: Bool, _ completion: @escaping Relay.Decided
    ) {
        self.relay = relay
        self.runsAtOnce = runsAtOnce
        self.waiting = judged[...]
        hadDefinitions = relay.hasUncommittedDefinitions
        self.completion = completion
    }

    func next() {
        while let judged = waiting.first {
            guard take(relay.session.decide(judged.command), judged) else { return }
        }
        completion(relay, .success(running))
    }

    /// - Returns: Whether to go on with the next statement now.
    private func take(_ decision: consuming Decision, _ judged: JudgedStatement) -> Bool {
        switch consume decision {
        case .permitted(let permit):
            // It takes a lock, and matters to rules for columns alone.
            let moment = permit.masking.selectsByName ? relay.place.catalog.moment : 0
            let command = RunningCommand(
                permit, statement: judged.statement, text: judged.command.text,
                lookup: judged.lookup ?? NameLookup(path: relay.certainSearchPath), moment: moment,
                recording: CommandRecording(session: relay.session))
            var isKnown = false
            var goesOn: Bool?
            relay.ruleEvaded(by: command, isFirst: runsAtOnce && relay.replies.isEmpty) { rule in
                goesOn = self.accept(command, judged, evaded: rule)
                if isKnown, goesOn == true { self.next() }
            }
            isKnown = true
            return goesOn ?? false
        case .refused(let refusal):
            refuse(refusal.explained(by: judged.command))
            return false
        case .needsApproval(let needed):
            ask(needed, judged)
            return false
        }
    }

    /// - Parameter evaded: The masking rule that the statement would evade.
    /// - Returns: Whether to go on with the next statement.
    private func accept(_ command: RunningCommand, _ judged: JudgedStatement, evaded: String?) -> Bool {
        // The catalog was read meanwhile, and an earlier message of the pipeline may have failed.
        if relay.isServerSkipping {
            command.end(.interrupted, status: "not run", reason: Refusal.skipped.reason)
            refuse(.skipped)
            return false
        }
        if let evaded {
            let refusal = Refusal.copiesMasked(evaded, command: command.commandID)
            command.end(.interrupted, status: "not run", reason: refusal.reason)
            refuse(refusal)
            return false
        }
        if !command.masking.isEmpty, let why = relay.whyNothingCanBeMasked {
            let refusal = Refusal.cannotMask(why, rule: command.masking.ruleNames.first ?? "masking", command.commandID)
            command.end(.interrupted, status: "not run", reason: refusal.reason)
            refuse(refusal)
            return false
        }
        guard relay.definitionsBegin(judged) else {
            let refusal = Refusal.definitionsInUse(command: command.commandID)
            command.end(.interrupted, status: "not run", reason: refusal.reason)
            refuse(refusal)
            return false
        }
        do {
            try command.recordRequest(judged.command)
        } catch {
            command.end(.interrupted, status: "not run", reason: "the session cannot be recorded: \(error)")
            refuse(.recordingUnavailable(error))
            return false
        }
        running.append(command)
        waiting.removeFirst()
        return true
    }

    private func refuse(_ refusal: Refusal) {
        for command in running {
            command.end(.interrupted, status: "not run", reason: "a statement sent with it was refused")
        }
        running = []
        if !hadDefinitions { relay.definitionsEnd() }
        completion(relay, .failure(refusal))
    }

    // MARK: Asking people

    private func ask(_ needed: ApprovalNeeded, _ judged: JudgedStatement) {
        let patience = Patience()
        var isOver = false
        relay.hold = .approval(cancel: {
            guard !isOver else { return }
            isOver = true
            patience.giveUp()
            self.finish { self.refuse(.approvalCancelled(needed)) }
        })
        func heard(_ answer: Result<ApprovalAnswer, any Error>, hasWaited: Bool) {
            guard !isOver else { return }
            if case .success(.pending(let ticket)) = answer, !hasWaited {
                relay.caller.write(ErrorFields.pending(ticket).noticeResponse())
                relay.caller.flush()
                relay.session.requestApproval(
                    needed, justification: relay.justification, hold: relay.place.options.approvalWait,
                    patience: patience
                ).assumeIsolated().whenComplete { heard($0, hasWaited: true) }
                return
            }
            isOver = true
            finish {
                switch answer {
                case .success(.approved(let redemption)):
                    if self.take(self.relay.session.permit(redemption), judged) { self.next() }
                case .success(.pending(let ticket)): self.refuse(.approvalTimedOut(ticket))
                case .success(.refused(let refusal)): self.refuse(refusal.forPostgres)
                case .failure(let error): self.refuse(.approvalsUnavailable(error))
                }
            }
        }
        relay.session.requestApproval(needed, justification: relay.justification, patience: patience)
            .assumeIsolated().whenComplete { heard($0, hasWaited: false) }
    }

    /// Goes on with what the approval held up.
    private func finish(_ body: () -> Void) {
        guard !relay.isClosed else { return refuseSilently() }
        relay.hold = nil
        if relay.isServerSkipping { refuse(.skipped) } else { body() }
        relay.flushUpstream()
        relay.pump()
        relay.endIfDrained()
    }

    private func refuseSilently() {
        for command in running { command.end(.interrupted, status: "not run", reason: "the session ended") }
        running = []
    }
}
