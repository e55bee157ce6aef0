import GatewayCore
import Identifiers
import Masking
import NIOCore
import Policy

/// One permitted request at its function: masks the answer as it comes and passes it on, and records the outcome.
///
/// Until the first byte has gone to the caller a failure becomes an answer of the gateway's own; after that it can only
/// end the answer in a way that the caller can see.
final class Forwarding: UpstreamReceiver {
    /// An answer that must be read whole to be filtered.
    static let filterLimit = 4 << 20

    /// An answer up to this size that is there at once goes out in one piece, with its length.
    static let coalescingLimit = 65_536

    private weak var exchange: Exchange?
    private let entry: CallerSessions.Entry
    private let target: FunctionTarget
    private let plan: MaskingPlan
    private let secrets: UpstreamSecrets
    private var eraser: CredentialEraser
    private let commandID: UUIDv7
    private let recording: ExchangeRecording
    private let requestBytes: Int
    private var call: UpstreamCall?

    private var head: ResponseHead?
    private var answerHead: AnswerHead?
    private var isHeadSent = false
    private var masker: StreamMasker?
    private var maskedInFields: [MaskCount] = []
    private var needsBytesFirst = false
    /// What is ready for the caller and not handed over yet.
    private var ready = CallerBytes.empty
    private var collected: ByteBuffer?
    private var recorded = ByteBuffer()
    private var responseBytes = 0
    private var answerBytes = 0
    private var isPaused = false

    init(
        exchange: Exchange, entry: CallerSessions.Entry, target: FunctionTarget, plan: MaskingPlan,
        secrets: UpstreamSecrets,
        commandID: UUIDv7, recording: ExchangeRecording, requestBytes: Int
    ) {
        self.exchange = exchange
        self.entry = entry
        self.target = target
        self.plan = plan
        self.secrets = secrets
        eraser = CredentialEraser(secrets)
        self.commandID = commandID
        self.recording = recording
        self.requestBytes = requestBytes
    }

    func start(_ permit: consuming Permit, _ request: UpstreamRequest, on pool: UpstreamPool) {
        pool.forward(permit, request: request, receiver: self) { call = $0 }
    }

    // MARK: From the function

    func receive(_ head: ResponseHead) {
        self.head = head
        do throws(MaskingError) {
            try prepare(head)
        } catch {
            refuse(error)
        }
    }

    private func prepare(_ head: ResponseHead) throws(MaskingError) {
        let filter = exchange?.shape.filter
        let hasBody = head.framing != .none && head.framing != .length(0)
        let contentType = head.fields.first(.contentType)
        if hasBody, !plan.isEmpty || filter != nil {
            try checkInspectable(head)
            if filter != nil { collected = ByteBuffer() }
            if !plan.isEmpty {
                let format = try MaskedFormat(contentType: contentType)
                masker = try StreamMasker(plan: plan, format: format)
                needsBytesFirst = format != .serverSentEvents
            }
        }
        var lines = ByteBufferAllocator().buffer(capacity: 512)
        let isRewritten = !plan.isEmpty || filter != nil
        maskedInFields = try AnswerFields(
            setCookie: target.setCookie, secrets: secrets, masking: plan, isRewritten: isRewritten
        )
        .lines(of: head, into: &lines)
        lines.writeStaticString("Sallyport-Command: ")
        lines.writeString(commandID.description)
        lines.writeStaticString("\r\n")
        answerHead = AnswerHead(status: head.status, lines: lines, length: length(of: head, isRewritten: isRewritten))
    }

    private func length(of head: ResponseHead, isRewritten: Bool) -> AnswerHead.Length {
        switch head.framing {
        case .none:
            // To HEAD: the length that GET would have, unless masking would change it.
            if !isRewritten, head.status != 204, head.status != 304,
                let length = head.fields.first(.contentLength).flatMap(Int.init)
            {
                return .withoutBody(length)
            }
            return .none
        case .length(let length) where !isRewritten || length == 0: return .known(length)
        case .length, .chunked, .untilClose: return .open
        }
    }

    /// What rules apply to must be readable: whole, and not compressed.
    private func checkInspectable(_ head: ResponseHead) throws(MaskingError) {
        if let encoding = head.fields["content-encoding"], encoding.lowercased() != "identity" {
            throw .notInspectable(reason: "the function compressed its answer although it was asked not to")
        }
        if head.status == 206 { throw .notInspectable(reason: "the function sent a part of its answer") }
    }

    func receiveBody(_ chunk: ByteBuffer) {
        responseBytes += chunk.readableBytes
        let chunk = eraser.erase(chunk)
        if chunk.readableBytes > 0 { receiveErased(chunk) }
    }

    private func receiveErased(_ chunk: ByteBuffer) {
        if collected != nil {
            guard responseBytes <= Self.filterLimit else {
                return refuse(.notInspectable(reason: "the answer is too large to be filtered"))
            }
            collected?.writeImmutableBuffer(chunk)
            return
        }
        do throws(MaskingError) {
            try pass(chunk)
        } catch {
            refuse(error)
        }
    }

    private func pass(_ chunk: ByteBuffer) throws(MaskingError) {
        if let masked = try masker?.mask(chunk) ?? plan.passThrough(chunk) { handOver(masked) }
    }

    private func handOver(_ masked: MaskedBytes) {
        let bytes = masked.buffer
        guard bytes.readableBytes > 0 else { return }
        answerBytes += bytes.readableBytes
        if recording.level == .full, recorded.readableBytes < ExchangeRecording.bodyLimit {
            let part = min(bytes.readableBytes, ExchangeRecording.bodyLimit - recorded.readableBytes)
            if let slice = bytes.getSlice(at: bytes.readerIndex, length: part) { recorded.writeImmutableBuffer(slice) }
        }
        guard let peer = exchange?.peer else { return }
        if !isHeadSent, ready.isEmpty {
            ready = CallerBytes(masked)
            return
        }
        if !isHeadSent, ready.buffer.readableBytes + bytes.readableBytes <= Self.coalescingLimit {
            ready.append(CallerBytes(masked))
            return
        }
        sendReady(to: peer)
        peer.send(CallerBytes(masked), isLast: false)
    }

    func receivePause() {
        guard let peer = exchange?.peer, answerHead != nil else { return }
        // Under rules the head waits for the first bytes that passed, so that an answer which cannot be inspected is
        // still refused as a whole; an event stream's head goes at once, as its first event may be hours away.
        if !needsBytesFirst || !ready.isEmpty, collected == nil { sendReady(to: peer) }
        peer.flush()
        if !peer.isWritable, !isPaused {
            isPaused = true
            call?.pauseReading()
        }
    }

    private func sendReady(to peer: any ExchangePeer) {
        guard !isHeadSent, let answerHead else { return }
        isHeadSent = true
        peer.send(answerHead, ready, isLast: false)
        ready = .empty
    }

    func receiveEnd() {
        let rest = eraser.finish()
        if rest.readableBytes > 0 { receiveErased(rest) }
        // What was held back may have been refused.
        guard exchange?.isDone == false else { return }
        do throws(MaskingError) {
            if let collected, let filter = exchange?.shape.filter {
                try pass(try filtered(collected, by: filter))
            }
            let rest = try masker?.finish()
            try plan.sealOriginals()
            if let rest { handOver(rest) }
        } catch {
            return refuse(error)
        }
        guard let head else { return }
        let functionError = head.fields["x-amz-function-error"]
        let isFailure = head.status >= 400 || functionError != nil
        let reason = functionError.map { "X-Amz-Function-Error: \($0)" }
        end(isFailure ? .failed : .succeeded, status: "\(head.status)", reason: reason)
        recording.record(
            status: head.status, contentType: head.fields.first(.contentType), body: recorded, bodyBytes: answerBytes)
        guard let peer = exchange?.finish() else { return }
        if isHeadSent {
            peer.send(.empty, isLast: true)
        } else if var answerHead {
            // The whole answer is here, so its length is known also where it was masked.
            if case .open = answerHead.length { answerHead.length = .known(ready.buffer.readableBytes) }
            peer.send(answerHead, ready, isLast: true)
        }
        peer.flush()
    }

    private func filtered(_ body: ByteBuffer, by filter: ResponseFilter) throws(MaskingError) -> ByteBuffer {
        do throws(RequestRefusal) {
            let session = entry.session
            return try filter.rewrite(body, head?.fields.first(.contentType)) { session.wouldAllow($0) }
        } catch {
            throw .notInspectable(reason: error.reason)
        }
    }

    // MARK: What goes wrong

    func receiveFailure(_ failure: UpstreamFailure) {
        end(.interrupted, status: "\(failure.status)", reason: failure.reason)
        giveUp(.problem(failure, command: commandID))
    }

    /// Masking cannot go on: nothing further of the answer may pass.
    private func refuse(_ error: MaskingError) {
        call?.cancel()
        if case .originalsNotKept = error { return loseOriginals(error) }
        end(.interrupted, status: "502", reason: "\(error)")
        giveUp(
            .problem(
                status: 502, rule: "not-inspectable",
                detail: "The function's answer \(error), and rules apply to it.",
                nextStep: "The function may have run. Ask its owners for an answer in JSON or text, uncompressed.",
                command: commandID))
    }

    /// What is masked would be lost to the auditors.
    private func loseOriginals(_ error: MaskingError) {
        end(.interrupted, status: "503", reason: "\(error)")
        giveUp(
            .problem(
                status: 503, rule: "originals-unavailable", detail: "The function's answer \(error).",
                nextStep: "The function has run. Tell the gateway's operators.", command: commandID))
    }

    private func giveUp(_ answer: GatewayAnswer) {
        if isHeadSent {
            recording.record(
                status: head?.status ?? 502, contentType: nil, body: recorded, bodyBytes: answerBytes)
            exchange?.finish()?.abort()
        } else {
            recording.record(status: answer.status, contentType: nil, body: ByteBuffer(), bodyBytes: 0)
            exchange?.answer(answer)
        }
    }

    func callerLeft(_ reason: String) {
        call?.cancel()
        end(.interrupted, status: "499", reason: reason)
    }

    private func end(_ kind: Outcome.Kind, status: String, reason: String? = nil) {
        call?.end(
            Outcome(
                kind, status: status, reason: reason, requestBytes: requestBytes, responseBytes: responseBytes,
                masked: (masker?.counts ?? []) + maskedInFields + eraser.counts))
    }

    // MARK: Backpressure

    func writabilityChanged() {
        guard isPaused, exchange?.peer?.isWritable == true else { return }
        isPaused = false
        call?.resumeReading()
    }
}
