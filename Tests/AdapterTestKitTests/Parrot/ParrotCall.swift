import GatewayCore
import Identifiers
import Identity
import Masking
import NIOCore
import Recording

/// One line of one client, from the sign-in to the outcome. Bound to the adapter's event loop.
final class ParrotCall {
    let adapter: ParrotAdapter
    let answer: EventLoopPromise<String>
    private let line: String
    private var session: Session?
    private var permit: Permit?
    private var isAnswered = false

    init(adapter: ParrotAdapter, line: String) {
        self.adapter = adapter
        self.line = line
        answer = adapter.eventLoop.makePromise()
    }

    private var word: Substring { line.prefix { $0 != " " } }
    private var rest: Substring { line.dropFirst(word.count + 1) }
    private var marker: Substring { rest.prefix { $0 != " " } }
    /// What follows the marker: the words for the approvers, or the parameter of what is masked.
    private var justification: String? {
        let words = rest.dropFirst(marker.count + 1)
        return words.isEmpty ? nil : String(words)
    }

    // MARK: The way in

    func start(token: String?) {
        do {
            let lane = try adapter.sessions.lane(on: adapter.eventLoop)
            guard let token else {
                if adapter.fault == .forwardsForStrangers { adapter.perch.say(line) { _ in } }
                lane.recordSignInFailure(SignInError.missing, client: "perch")
                return finish("NO \(SignInError.missing)")
            }
            switch lane.signIn(token, client: "perch") {
            case .signedIn(let caller): signedIn(caller, lane)
            case .pending(let progress):
                progress.assumeIsolated().whenComplete { result in
                    switch result {
                    case .success(let caller): self.signedIn(caller, lane)
                    case .failure(let error): self.finish("NO \(error)")
                    }
                }
            }
        } catch {
            finish("NO \(error)")
        }
    }

    private func signedIn(_ caller: Caller, _ lane: Lane) {
        do throws(Refusal) {
            let session = try lane.openSession(caller: caller, target: adapter.target, client: "perch") {
                [weak self] reason in self?.interrupted(reason, telling: "NO \(reason)")
            }
            self.session = session
            if adapter.fault == .forwardsBeforeRecording { adapter.perch.say(line) { _ in } }
            take(session.decide(command))
        } catch {
            refuse(error)
        }
    }

    private var command: Command {
        var command = Command(
            effects: [
                Effect(action: "parrot.say", resource: Resource(type: "Word", name: "\(word)-\(marker)"))
            ], text: "say \(word) \(marker)")
        if word == "masked" {
            let name = adapter.fault == .namesParametersWrongly ? "value" : "ssn"
            command.parameters = [Parameter(name: name, value: .string(justification ?? ""), encoding: "word")]
        }
        if word == "opaque", adapter.fault != .hidesWhatIsOpaque { command.facts = [Fact("opaque", .bool(true))] }
        if adapter.fault == .statesUndeclaredFacts { command.facts.append(Fact("parrot.mood", .string("good"))) }
        return command
    }

    private func take(_ decision: consuming Decision) {
        switch consume decision {
        case .permitted(let permit): forward(permit)
        case .refused(let refusal): refuse(refusal)
        case .needsApproval(let needed):
            guard let session else { return }
            session.requestApproval(needed, justification: justification).assumeIsolated().whenSuccess { answer in
                switch answer {
                case .pending(let ticket): self.finish("WAIT for \(ticket.url)")
                case .refused(let refusal): self.refuse(refusal)
                case .approved(let redemption):
                    if self.adapter.fault == .runsApprovedCommandsTwice { self.adapter.perch.say(self.line) { _ in } }
                    self.take(session.permit(redemption))
                }
            }
        }
    }

    private func refuse(_ refusal: Refusal) {
        finish(
            adapter.fault == .refusesWithoutReason
                ? "NO" : "NO \(refusal.rule): \(refusal.reason) \(refusal.nextStep)")
    }

    // MARK: The way back

    private func forward(_ permit: consuming Permit) {
        let masking = permit.masking
        let id = permit.commandID
        if adapter.fault == .dropsPermits { _ = consume permit } else { self.permit = consume permit }
        let bound = NIOLoopBound(self, eventLoop: adapter.eventLoop)
        let pieces: ParrotUpstream.Listener = { [eventLoop = adapter.eventLoop] pieces in
            eventLoop.execute { bound.value.heard(pieces, masking) }
        }
        if adapter.fault != .forwardsBeforeRecording {
            adapter.perch.say("\(adapter.password) \(line)", pieces)
        } else {
            pieces([Array("{\"said\":\"\(marker)\"}".utf8)])
        }
        recordedID = id
    }

    private var recordedID: UUIDv7?

    private func heard(_ pieces: [[UInt8]]?, _ masking: MaskingPlan) {
        guard !isAnswered else { return }
        guard let pieces else { return interrupted("the parrot has flown", telling: "NO the parrot has flown") }
        do {
            let (text, counts) = try masked(pieces, masking)
            if let session, let recordedID {
                let whole = String(decoding: pieces.joined(), as: UTF8.self)
                try session.record(
                    .response, of: recordedID, head: [], body: adapter.fault == .recordsUnmasked ? whole : text)
            }
            if adapter.fault != .swallowsOutcomes, let permit = permit.take() {
                permit.end(Outcome(.succeeded, status: "OK", responseBytes: text.utf8.count, masked: counts))
            }
            finish("OK \(text)\(adapter.fault == .echoesItsCredential ? " \(adapter.password)" : "")")
        } catch {
            interrupted("\(error)", telling: "NO \(error)")
        }
    }

    private func masked(_ pieces: [[UInt8]], _ plan: MaskingPlan) throws -> (String, [MaskCount]) {
        var masker = try StreamMasker(plan: plan, format: .json)
        var output = ByteBuffer()
        for piece in pieces {
            let passed = try masker.mask(ByteBuffer(bytes: piece)).buffer
            let isLeak = adapter.fault == .masksOnlyWholeAnswers && pieces.count > 1
            output.writeImmutableBuffer(isLeak ? ByteBuffer(bytes: piece) : passed)
        }
        output.writeImmutableBuffer(try masker.finish().buffer)
        return (String(buffer: output), masker.counts)
    }

    // MARK: Ends

    func callerLeft() {
        guard adapter.fault != .forgetsCallersThatLeave else { return answer.succeed("GONE") }
        interrupted("the caller left", telling: "GONE")
    }

    func gatewayStops() { interrupted("the gateway stops", telling: "GONE") }

    private func interrupted(_ reason: String, telling text: String) {
        guard !isAnswered else { return }
        if let permit = permit.take() { permit.end(Outcome(.interrupted, status: "gone", reason: reason)) }
        finish(text)
    }

    private func finish(_ text: String) {
        guard !isAnswered else { return }
        isAnswered = true
        if adapter.fault != .neverEndsSessions { session?.close(reason: "the client has its answer") }
        answer.succeed(text)
    }
}
