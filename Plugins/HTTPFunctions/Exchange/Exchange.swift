import ConfigFile
import Dispatch
import GatewayCore
import Identifiers
import Identity
import NIOCore

/// One request and its answer, from the head to the outcome.
///
/// The order is the promise: signed in, then read whole, then understood, then decided and recorded, and only then sent
/// on. The usual case takes no future and leaves no event loop.
final class Exchange {
    enum Phase {
        case signingIn
        /// Signed in; the body arrives.
        case collecting
        /// People are asked, or a credential is fetched.
        case waiting
        case forwarding
        case done
    }

    let head: RequestHead
    let sessions: CallerSessions
    let options: ListenerOptions
    private(set) var peer: (any ExchangePeer)?
    private(set) var phase = Phase.signingIn
    private let patience = Patience()
    private var body = ByteBuffer()
    private var isBodyWhole = false
    private var caller: Caller?
    private var hasOwnField = false
    private var route: (target: FunctionTarget, path: String)?
    private var entry: CallerSessions.Entry?
    private(set) var shape = RequestShape.plain
    private var command: Command?
    private var permit: Permit?
    var forwarding: Forwarding?

    var services: LoopServices { sessions.services }

    init(head: RequestHead, peer: any ExchangePeer, sessions: CallerSessions, options: ListenerOptions) {
        self.head = head
        self.peer = peer
        self.sessions = sessions
        self.options = options
    }

    var isDone: Bool { if case .done = phase { true } else { false } }

    // MARK: The request arrives

    /// The head is there. Sign-in comes first: who is not signed in learns nothing, not even which targets exist.
    func start() {
        let token: String
        do throws(SignInError) {
            (token, hasOwnField) = try BearerToken.find(in: head.fields)
        } catch {
            services.lane.recordSignInFailure(error, client: sessions.client)
            return answer(.problem(error))
        }
        switch services.lane.signIn(token, client: sessions.client) {
        case .signedIn(let caller): signedIn(caller)
        case .pending(let progress):
            progress.assumeIsolated().whenComplete { result in
                switch result {
                case .success(let caller): self.signedIn(caller)
                case .failure(let error as SignInError): self.answer(.problem(error))
                case .failure:
                    self.answer(
                        .problem(
                            status: 503, rule: "sign-in-unavailable", detail: "Nobody can be signed in now.",
                            nextStep: "Try again later; if it lasts, tell the gateway's operators."))
                }
                self.peer?.flush()
            }
        }
    }

    private func signedIn(_ caller: Caller) {
        guard case .signingIn = phase else { return }
        self.caller = caller
        if !head.target.path.utf8.starts(with: ApprovalPoll.prefix.utf8) {
            guard let found = services.routes.find(host: head.fields.first(.host), path: head.target.path) else {
                return answer(
                    .problem(
                        status: 404, rule: "no-such-target", detail: "No target is configured for this host and path.",
                        nextStep: "Look at the address that you were given, or ask the gateway's operators."))
            }
            route = found
        }
        if case .length(let length) = head.framing, length > bodyLimit {
            return refuse(.bodyTooLarge(limit: bodyLimit))
        }
        // What came while sign-in was pending was held to the listener's limit only.
        guard body.readableBytes <= bodyLimit else { return refuse(.bodyTooLarge(limit: bodyLimit)) }
        phase = .collecting
        if isBodyWhole {
            requestComplete()
        } else if head.expectsContinue {
            peer?.sendContinue()
        }
    }

    private var bodyLimit: Int { route?.target.bodyLimit ?? options.bodyLimit }

    func receiveBody(_ chunk: ByteBuffer) {
        guard !isDone else { return }
        guard body.readableBytes + chunk.readableBytes <= bodyLimit else {
            return refuse(.bodyTooLarge(limit: bodyLimit))
        }
        if body.readableBytes == 0 {
            body = chunk
        } else {
            body.writeImmutableBuffer(chunk)
        }
    }

    func receiveEnd() {
        isBodyWhole = true
        if case .collecting = phase { requestComplete() }
    }

    private func refuse(_ error: MessageError) { answer(.problem(error)) }

    // MARK: Understood and decided

    private func requestComplete() {
        guard let caller else { return }
        guard let route else { return pollApproval(caller) }
        let request = FunctionRequest(
            method: head.method, path: route.path,
            decodedPath: decodedPath(below: route.target.prefix),
            query: head.target.query, headers: head.fields, body: body, target: route.target.name)
        switch route.target.reader.read(request) {
        case .refused(let refusal, let shape):
            self.shape = shape
            answer(shape.answer(refusing: refusal) ?? .problem(refusal))
        case .command(var command, let shape):
            self.shape = shape
            if let replacement = shape.body { body = replacement }
            if command.traceParent == nil, let received = head.fields.first(.traceparent),
                TraceContext.parse(received) != nil
            {
                command.traceParent = received
            }
            self.command = command
            do throws(Refusal) {
                let entry = try sessions.entry(for: caller, target: route.target)
                self.entry = entry
                act(on: entry.session.decide(command))
            } catch {
                answer(refusing: error)
            }
        }
    }

    /// The prefix has no escapes, so it is as long in the decoded path.
    private func decodedPath(below prefix: String) -> String {
        var path = head.target.decodedPath.utf8.dropFirst(prefix.utf8.count)
        if path.count > 1, path.last == UInt8(ascii: "/") { path = path.dropLast() }
        return path.isEmpty ? "/" : String(Substring(path))
    }

    private func act(on decision: consuming Decision) {
        switch consume decision {
        case .permitted(let permit): forward(permit)
        case .refused(let refusal): answer(refusing: refusal)
        case .needsApproval(let needed): askForApproval(needed)
        }
    }

    private func answer(refusing refusal: Refusal) {
        answer(shape.answer(refusing: refusal) ?? .problem(refusal))
    }

    // MARK: Approval

    private func askForApproval(_ needed: ApprovalNeeded) {
        guard let entry else { return }
        phase = .waiting
        let wanted = Preferences(head.fields).wait.map { min($0, Int(options.holdLimit.components.seconds)) }
        let justification = head.fields.first(.sallyportJustification)
        entry.session.requestApproval(
            needed, justification: justification, hold: wanted.flatMap { $0 > 0 ? .seconds($0) : nil },
            patience: patience
        ).assumeIsolated().whenComplete { result in
            guard case .waiting = self.phase else { return }
            switch result {
            case .success(.approved(let redemption)): self.act(on: entry.session.permit(redemption))
            case .success(.pending(let ticket)): self.answer(pending: ticket, waited: wanted)
            case .success(.refused(let refusal)): self.answer(refusing: refusal.forHTTP)
            case .failure(let error):
                self.answer(
                    refusing: Refusal(
                        kind: .unavailable, rule: "approvals-unavailable", reason: "Nobody can be asked now: \(error).",
                        nextStep: "Try again later; if it lasts, tell the gateway's operators."))
            }
            self.peer?.flush()
        }
    }

    private func answer(pending ticket: PendingTicket, waited: Int?) {
        let poll = ApprovalPoll.path(ticket: ticket.id)
        answer(
            shape.answer(pending: ticket, poll: poll) ?? .pending(ticket, poll: poll, waited: waited))
    }

    /// `GET /.sallyport/approvals/{id}`: how the caller's own ticket stands.
    private func pollApproval(_ caller: Caller) {
        guard head.method == "GET" || head.method == "HEAD", let poll = ApprovalPoll(head.target) else {
            return answer(
                .problem(
                    status: 404, rule: "no-such-resource", detail: "The gateway has nothing under this path.",
                    nextStep: "Ask for /.sallyport/approvals/{id} with the Location of a 202 answer."))
        }
        phase = .waiting
        services.lane.ticket(poll.ticket, of: caller).assumeIsolated().whenComplete { result in
            guard case .waiting = self.phase else { return }
            switch result {
            case .success(let ticket?): self.answer(.state(of: ticket))
            case .success(nil): self.answer(.noSuchTicket)
            case .failure:
                self.answer(
                    .problem(
                        status: 503, rule: "approvals-unavailable",
                        detail: "The approval desk cannot be asked now.",
                        nextStep: "Try again later.", fields: [("Retry-After", "5")]))
            }
            self.peer?.flush()
        }
    }

    // MARK: Forwarded

    private func forward(_ permit: consuming Permit) {
        guard let route, let entry, let command else { return }
        let commandID = permit.commandID
        let plan = permit.masking
        let trace = TraceContext(
            continuing: command.traceParent, commandID: (commandID.high, commandID.low),
            span: .random(in: 1 ... .max))
        let query = head.target.query.map { "?\($0)" } ?? ""
        let outgoing = OutgoingHead(
            target: route.target, head: head, path: route.target.upstream.basePath + route.path + query,
            isInspected: !plan.isEmpty || shape.filter != nil, hasOwnField: hasOwnField, trace: trace,
            requestID: commandID.description)
        let recording = ExchangeRecording(level: permit.recording, plan: plan, entry: entry, commandID: commandID)
        do {
            try recording.record(request: head, body: body)
        } catch {
            permit.end(Outcome(.interrupted, status: "503", reason: "the session cannot be recorded: \(error)"))
            return answer(refusing: .recordingUnavailable(error, command: commandID))
        }
        let credential = route.target.credential
        if let fixed = credential?.fixed {
            let wire = outgoing.serialized(fixed: fixed.fields, bodyBytes: body.readableBytes)
            return send(permit, wire: wire, body: body, secrets: fixed.secrets, recording: recording)
        }
        guard let credential else {
            let wire = outgoing.serialized(fixed: [], bodyBytes: body.readableBytes)
            return send(permit, wire: wire, body: body, secrets: .none, recording: recording)
        }
        let progress: CredentialProgress
        do throws(CredentialError) {
            progress = try credential.prepare(outgoing.outgoing(body: body), on: services.eventLoop)
        } catch {
            permit.end(Outcome(.interrupted, status: "502", reason: error.reason))
            return answer(.problem(error, command: commandID))
        }
        switch progress {
        case .applied(let prepared):
            send(
                permit, wire: outgoing.serialized(prepared.request), body: prepared.request.body,
                secrets: prepared.secrets, recording: recording)
        case .pending(let progress):
            phase = .waiting
            self.permit = consume permit
            progress.assumeIsolated().whenComplete { self.credentialReady($0, outgoing, recording) }
        }
    }

    private func credentialReady(
        _ result: Result<PreparedRequest, any Error>, _ outgoing: OutgoingHead, _ recording: ExchangeRecording
    ) {
        guard case .waiting = phase, let permit = permit.take() else { return }
        switch result {
        case .success(let prepared):
            send(
                permit, wire: outgoing.serialized(prepared.request), body: prepared.request.body,
                secrets: prepared.secrets, recording: recording)
        case .failure(let error):
            let error = error as? CredentialError ?? CredentialError(reason: "The function's credential cannot be had.")
            let command = permit.commandID
            permit.end(Outcome(.interrupted, status: "502", reason: error.reason))
            answer(.problem(error, command: command))
        }
        peer?.flush()
    }

    private func send(
        _ permit: consuming Permit, wire: ByteBuffer, body: ByteBuffer, secrets: UpstreamSecrets,
        recording: ExchangeRecording
    ) {
        guard let route, let entry else { return }
        phase = .forwarding
        entry.inFlight += 1
        let forwarding = Forwarding(
            exchange: self, entry: entry, target: route.target, plan: permit.masking, secrets: secrets,
            commandID: permit.commandID, recording: recording, requestBytes: body.readableBytes)
        self.forwarding = forwarding
        self.body = ByteBuffer()
        forwarding.start(
            permit, UpstreamRequest(method: head.method, head: wire, body: body), on: services.pool(of: route.target))
    }

    // MARK: The end

    /// Answers in the gateway's own name.
    func answer(_ answer: GatewayAnswer) {
        guard let peer = finish() else { return }
        var lines = ByteBuffer()
        let seconds = Timestamp.now.milliseconds / 1000
        lines.writeField("Date", services.dateText(at: seconds))
        let hasBody = answer.body.readableBytes > 0
        if hasBody { lines.writeField("Content-Type", answer.contentType) }
        lines.writeStaticString("Cache-Control: no-store\r\n")
        for field in answer.fields { lines.writeField(field.name, field.value) }
        let isHead = head.method == "HEAD"
        let length = answer.body.readableBytes
        let head = AnswerHead(
            status: answer.status, lines: lines, length: isHead ? .withoutBody(length) : .known(length))
        peer.send(head, isHead ? .empty : CallerBytes(answer), isLast: true)
        peer.flush()
    }

    /// Marks the exchange as over and gives up the peer, for the last call to it.
    func finish() -> (any ExchangePeer)? {
        guard !isDone else { return nil }
        phase = .done
        if forwarding != nil {
            entry?.inFlight -= 1
            forwarding = nil
        }
        defer { peer = nil }
        return peer
    }

    /// The caller has gone. Whatever was asked of others is given up, and recorded so.
    func callerLeft(_ reason: String) {
        // An approval that comes now stays in its ticket, for the same call sent again.
        patience.giveUp()
        guard !isDone else { return }
        let forwarding = forwarding
        _ = finish()
        forwarding?.callerLeft(reason)
        if let permit = permit.take() { permit.end(Outcome(.interrupted, status: "499", reason: reason)) }
    }

    func writabilityChanged() { forwarding?.writabilityChanged() }
}
