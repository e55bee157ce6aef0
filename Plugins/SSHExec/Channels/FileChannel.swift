import GatewayCore
import Identifiers
import Masking
import NIOCore
import StrictJSON

/// The SFTP subsystem in a caller's channel: each request that does something is a command of its own.
final class FileChannel: HostProgramDelegate {
    private let caller: PeerChannel
    private let owner: CallerSession
    private let justification: String?
    private let onEnd: () -> Void
    /// The start of the server itself.
    private let command: RunningCommand
    private var program: HostProgram?
    private var relay = SFTPRelay()
    private var gate: CommandGate?
    private var running: [SFTPDecisionID: RunningCommand] = [:]
    private var owedToCaller = 0
    private var owedToHost = 0
    private var early: [ByteBuffer] = []
    private var isRunning = false
    /// The caller has closed its channel, and hears only how the server ends.
    private var callerHasClosed = false
    private var isOver = false
    private var isPumping = false
    private var wantsReply = false
    private var status: UInt32?

    init(
        _ command: RunningCommand, caller: PeerChannel, _ owner: CallerSession, justification: String?,
        onEnd: @escaping () -> Void
    ) {
        self.command = command
        self.caller = caller
        self.owner = owner
        self.justification = justification
        self.onEnd = onEnd
    }

    func start(_ start: ProgramStart, on host: HostConnection) {
        let program = HostProgram(start, delegate: self)
        self.program = program
        wantsReply = start.wantsReply
        program.open(on: host)
    }

    // MARK: From the caller

    func receive(_ bytes: ByteBuffer) {
        owedToCaller += bytes.readableBytes
        guard isRunning else { return early.append(bytes) }
        command.requestBytes += bytes.readableBytes
        relay.receive(fromCaller: bytes)
        pump()
    }

    func receiveEOF() {
        relay.callerEnded()
        if isRunning { pump() }
    }

    func settle() { if isRunning { pump() } }

    private static let closedByCaller = "the caller closed the channel"

    /// The caller has closed the channel: the server gets what was permitted before that. As with any program, the exit
    /// status is still to come.
    func callerClosed() {
        guard !isOver else { return }
        gate?.giveUp()
        callerHasClosed = program?.finish() == true
        relay.hostEnded()
        pump(toEnd: true)
        if !callerHasClosed { finish(.interrupted, Self.closedByCaller) }
    }

    func end(_ reason: String) {
        guard !isOver else { return }
        gate?.giveUp()
        program?.close()
        relay.hostEnded()
        pump(toEnd: true)
        finish(.interrupted, callerHasClosed ? Self.closedByCaller : reason)
    }

    // MARK: What the relay wants

    /// Does what the relay wants as long as the caller takes its answers: nothing is asked for and kept here.
    ///
    /// - Parameter toEnd: Nothing more comes from the host, so what is left is little.
    private func pump(toEnd: Bool = false) {
        guard !isPumping, !isOver else { return }
        isPumping = true
        defer { isPumping = false }
        do throws(SFTPViolation) {
            while toEnd || caller.takesMore, let action = try relay.nextAction() { perform(action) }
        } catch {
            violated(error)
            return
        }
        if relay.callerIsGone { program?.sendEOF() }
        guard caller.takesMore else { return }
        program?.consume(owedToHost)
        owedToHost = 0
        if let program, isRunning, program.takesMore, relay.wantsMoreFromCaller {
            caller.consume(owedToCaller)
            owedToCaller = 0
        }
    }

    private func perform(_ action: SFTPAction) {
        switch action {
        case .sendToHost(let bytes): program?.send(bytes)
        case .sendToCaller(let bytes): caller.send(.standard, bytes)
        case .decide(let decision, let request): decide(decision, request)
        case .withdrawn: gate?.giveUp()
        case .finished(let decision, let outcome): running.removeValue(forKey: decision)?.end(outcome)
        }
    }

    private func decide(_ decision: SFTPDecisionID, _ request: SFTPRequest) {
        let wanted = request.command(login: owner.login)
        let gate = CommandGate(
            owner.session, wanted, justification: justification, wait: owner.options.approvalWait
        ) { [weak self] ticket in
            self?.caller.sendNotice(Notice.text(ticket), hasTerminal: false)
        } completion: { [weak self] result in
            self?.decided(decision, request, result)
        }
        self.gate = gate
        gate.decide()
    }

    private func decided(
        _ decision: SFTPDecisionID, _ request: SFTPRequest, _ result: Result<RunningCommand, Refusal>
    ) {
        gate = nil
        switch result {
        case .success(let command):
            running[decision] = command
            relay.permit(
                decision, content: command.masking.isEmpty ? nil : FileContentMasker(command, request, command.masking))
        case .failure(let refusal): relay.refuse(decision, message: Notice.line(refusal))
        }
        pump()
    }

    private func violated(_ violation: SFTPViolation) {
        program?.close()
        caller.sendNotice(Notice.text("The SFTP session cannot go on: \(violation)."), hasTerminal: false)
        caller.sendExit(status: Notice.failedStatus)
        finish(.interrupted, "\(violation)")
    }

    private func finish(_ kind: Outcome.Kind, _ reason: String?) {
        guard !isOver else { return }
        isOver = true
        for command in running.values {
            command.end(.interrupted, status: "interrupted", reason: reason ?? "the session ended")
        }
        running = [:]
        command.end(kind, status: status.map { "exit \($0)" } ?? "closed", reason: reason)
        caller.close()
        onEnd()
    }

    // MARK: From the host

    func programStarted() {
        isRunning = true
        if wantsReply { caller.answer(success: true) }
        for bytes in early { relay.receive(fromCaller: bytes) }
        early = []
        pump()
    }

    func programFailed(_ reason: String) {
        guard !isOver else { return }
        if wantsReply { caller.answer(success: false) }
        finish(.interrupted, reason)
    }

    func programSent(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard !isOver else { return }
        command.responseBytes += bytes.readableBytes
        owedToHost += bytes.readableBytes
        switch stream {
        case .standard: relay.receive(fromHost: bytes)
        // What the server says beside its answers; with a masking rule nobody has looked into it.
        case .error: if command.masking.isEmpty { caller.send(.error, bytes) }
        }
        pump()
    }

    func programRequested(_ request: ChannelRequest) {
        guard !isOver, let exit = ProgramExit(request) else { return }
        switch exit {
        case .status(let status):
            self.status = status
            caller.sendRequest(request.type, wantsReply: false, details: request.details)
        case .signal(let signal):
            let passed = command.masking.isEmpty ? request.details : signal.withoutMessage
            caller.sendRequest(request.type, wantsReply: false, details: passed)
        }
    }

    func programDrained() { settle() }

    func programSentEOF() {
        relay.hostEnded()
        pump(toEnd: true)
        if !isOver, !callerHasClosed { caller.sendEOF() }
    }

    func programClosed(_ reason: String?) {
        guard !isOver else { return }
        relay.hostEnded()
        pump(toEnd: true)
        if reason != nil { caller.sendExit(status: Notice.failedStatus) }
        let wasCutOff = callerHasClosed && status == nil
        let reason = wasCutOff ? Self.closedByCaller : reason
        finish(reason == nil ? .succeeded : .interrupted, reason)
    }
}

extension RunningCommand {
    fileprivate func end(_ outcome: SFTPOutcome) {
        requestBytes = Int(clamping: outcome.transfer?.bytesWritten ?? 0)
        responseBytes = Int(clamping: outcome.transfer?.bytesRead ?? 0)
        let details = outcome.transfer?.details ?? []
        switch outcome.ending {
        case .succeeded: end(.succeeded, status: "SSH_FX_OK", details: details)
        case .failed(let status): end(.failed, status: status.code.word, reason: status.message, details: details)
        case .refused(let reason): end(.interrupted, status: "not masked", reason: reason, details: details)
        case .interrupted(let reason): end(.interrupted, status: "interrupted", reason: reason, details: details)
        }
    }
}

extension SFTPTransfer {
    fileprivate var details: [OutcomeDetail] {
        var details: [OutcomeDetail] = []
        func add(_ digest: SFTPContentDigest?, _ name: String) {
            switch digest {
            case .sha256(let bytes):
                let digits = bytes.hexadecimal
                details.append(OutcomeDetail("\(name)_sha256", .string(digits)))
            case .unknown(let why): details.append(OutcomeDetail("\(name)_sha256_unknown", .string(why)))
            case nil: break
            }
        }
        if read != nil { details.append(OutcomeDetail("read_whole", .bool(readToEnd))) }
        add(read, "read")
        add(written, "written")
        return details
    }
}
