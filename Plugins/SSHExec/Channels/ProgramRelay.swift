import GatewayCore
import Masking
import NIOCore
import Policy
import Recording

/// A command or shell that runs on the host: its input, its masked output, its exit status.
final class ProgramRelay: HostProgramDelegate {
    /// How long masking may hold back what a program wrote before it waits for its user: typing has to feel direct.
    private static let longestHold = TimeAmount.milliseconds(40)

    private let caller: PeerChannel
    private let eventLoop: any EventLoop
    private let command: RunningCommand
    private let recording: ChannelRecording
    private let hasTerminal: Bool
    private let onEnd: () -> Void
    private var program: HostProgram?
    private var wantsReply = false
    private var standard: OutputMasker
    private var error: OutputMasker
    private var flushing: Scheduled<Void>?
    /// Counts what the host sent.
    private var heard = 0
    /// Received and not yet given back to the one who sent it.
    private var owedToCaller = 0
    private var owedToHost = 0
    /// What the caller sends before the program runs.
    private var early: [ByteBuffer] = []
    private var eofIsEarly = false
    private var isRunning = false
    /// The caller has closed its channel, and hears only how the program ends.
    private var callerHasClosed = false
    private var isOver = false
    private var ending: Ending?

    private enum Ending {
        case status(UInt32)
        case signal(String)
    }

    /// - Throws: `MaskingError` where the output cannot be masked at all.
    init(
        _ command: RunningCommand, caller: PeerChannel, on eventLoop: any EventLoop, recording: ChannelRecording,
        hasTerminal: Bool, onEnd: @escaping () -> Void
    ) throws(MaskingError) {
        self.command = command
        self.caller = caller
        self.eventLoop = eventLoop
        self.recording = recording
        self.hasTerminal = hasTerminal
        self.onEnd = onEnd
        standard = try OutputMasker(command.masking)
        error = try OutputMasker(command.masking)
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
        do throws(RecordingError) {
            try recording.input(bytes)
            program?.send(bytes)
            settle()
        } catch {
            cannotRecord(error)
        }
    }

    func receiveEOF() {
        guard isRunning else {
            eofIsEarly = true
            return
        }
        program?.sendEOF()
    }

    func receive(_ request: ChannelRequest) {
        do throws(RecordingError) {
            try recording.resized(request)
            program?.sendRequest(request)
        } catch {
            cannotRecord(error)
        }
    }

    /// What was sent has gone, one way or the other.
    func settle() {
        if isRunning, let program, program.takesMore {
            caller.consume(owedToCaller)
            owedToCaller = 0
        }
        if caller.takesMore {
            program?.consume(owedToHost)
            owedToHost = 0
        }
    }

    private static let closedByCaller = "the caller closed the channel"

    /// The caller has closed the channel: the program gets what was sent before that, as it would without a gateway.
    ///
    /// The channel's other half stays open until the program has ended: a client that has sent all it has closes as soon
    /// as the output ends, and the exit status comes after that.
    func callerClosed() {
        guard !isOver else { return }
        guard program?.finish() == true else {
            return finish(.interrupted, status: "interrupted", reason: Self.closedByCaller)
        }
        callerHasClosed = true
        flushing?.cancel()
        // What it would have taken is owed to the host, which could not go on otherwise.
        settle()
    }

    /// The caller is gone, or the session ends: so does the program.
    func end(_ reason: String) {
        guard !isOver else { return }
        program?.close()
        finish(.interrupted, status: "interrupted", reason: callerHasClosed ? Self.closedByCaller : reason)
    }

    // MARK: From the host

    func programStarted() {
        isRunning = true
        if wantsReply { caller.answer(success: true) }
        let early = early
        self.early = []
        owedToCaller -= early.reduce(0) { $0 + $1.readableBytes }
        for bytes in early where !isOver { receive(bytes) }
        if eofIsEarly { program?.sendEOF() }
        settle()
    }

    func programFailed(_ reason: String) {
        guard !isOver else { return }
        if wantsReply { caller.answer(success: false) }
        caller.close()
        finish(.interrupted, status: "not started", reason: reason)
    }

    func programSent(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard !isOver else { return }
        command.responseBytes += bytes.readableBytes
        owedToHost += bytes.readableBytes
        do throws(MaskingError) {
            switch stream {
            case .standard: pass(try standard.mask(bytes), to: .standard)
            case .error: pass(try error.mask(bytes), to: .error)
            }
        } catch {
            return cannotMask(error)
        }
        settle()
        heard &+= 1
        if standard.mayHold || error.mayHold { flushSoon() }
    }

    private func pass(_ bytes: ByteBuffer, to stream: ChannelStream) {
        guard bytes.readableBytes > 0, !isOver else { return }
        do throws(RecordingError) {
            try recording.output(bytes, on: stream)
            caller.send(stream, bytes)
        } catch {
            cannotRecord(error)
        }
    }

    /// What policy wants recorded and cannot be does not go on.
    private func cannotRecord(_ error: RecordingError) {
        guard !isOver else { return }
        program?.close()
        caller.sendNotice(
            Notice.text("This session cannot be recorded any more, so it ends: \(error)."), hasTerminal: hasTerminal)
        caller.sendExit(status: Notice.refusedStatus)
        finish(.interrupted, status: "not recorded", reason: "\(error)")
    }

    /// Lets go of what it can once the host has been silent, other than because it may not send: a caller that takes
    /// nothing is no reason to show what is held.
    private func flushSoon() {
        guard flushing == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let heard = heard
        flushing = eventLoop.scheduleTask(in: Self.longestHold) {
            // What has arrived and was not read yet, because the loop was busy, comes first.
            bound.value.flushing = bound.value.eventLoop.scheduleTask(in: .milliseconds(1)) {
                bound.value.flushing = nil
                if bound.value.heard == heard, bound.value.caller.takesMore {
                    bound.value.letGo()
                } else if !bound.value.isOver {
                    bound.value.flushSoon()
                }
            }
        }
    }

    /// A terminal shows everything in time. Elsewhere what may be the beginning of a regulated value waits for its end,
    /// however long that takes: a host or a network that pauses in its middle must not show it.
    private func letGo() {
        guard !hasTerminal else { return flushHeld() }
        guard !isOver else { return }
        do throws(MaskingError) {
            let (standard, error) = (try standard.settle(), try error.settle())
            try command.masking.sealOriginals()
            pass(standard, to: .standard)
            pass(error, to: .error)
        } catch {
            cannotMask(error)
        }
    }

    private func flushHeld() {
        guard !isOver else { return }
        do throws(MaskingError) {
            let (standard, error) = (try standard.flush(), try error.flush())
            try command.masking.sealOriginals()
            pass(standard, to: .standard)
            pass(error, to: .error)
        } catch {
            cannotMask(error)
        }
    }

    /// The rest cannot be shown.
    private func cannotMask(_ error: MaskingError) {
        program?.close()
        if case .originalsNotKept = error { return cannotKeepOriginals(error) }
        let text = Notice.text(
            .unmaskable(
                command, "what comes cannot be masked: \(error)", nextStep: "Only text can be masked: print that alone."
            ))
        caller.sendNotice(text, hasTerminal: hasTerminal)
        caller.sendExit(status: Notice.refusedStatus)
        finish(.interrupted, status: "not masked", reason: "\(error)")
    }

    /// What masking takes away would be lost to the auditors.
    private func cannotKeepOriginals(_ error: MaskingError) {
        let refusal = Refusal(
            kind: .unavailable, rule: "originals-unavailable", reason: "What comes \(error).",
            nextStep: "The command has run. Tell the gateway's operators.", commandID: command.commandID)
        caller.sendNotice(Notice.text(refusal), hasTerminal: hasTerminal)
        caller.sendExit(status: Notice.refusedStatus)
        finish(.interrupted, status: "originals not kept", reason: "\(error)")
    }

    func programRequested(_ request: ChannelRequest) {
        guard !isOver else { return }
        var passed = request.details
        switch ProgramExit(request) {
        case .status(let status): ending = .status(status)
        case .signal(let signal):
            ending = .signal(String(signal.name.prefix(32)))
            if !command.masking.isEmpty { passed = signal.withoutMessage }
        case nil: guard ["eow@openssh.com", "xon-xoff"].contains(request.type) else { return }
        }
        // No end of the output: what the program's children print, and what sshd has not read yet, comes after.
        caller.sendRequest(request.type, wantsReply: false, details: passed)
    }

    func programDrained() { settle() }

    func programSentEOF() {
        guard !isOver, !callerHasClosed else { return }
        flushHeld()
        if !isOver { caller.sendEOF() }
    }

    func programClosed(_ reason: String?) {
        guard !isOver else { return }
        if !callerHasClosed { flushHeld() }
        guard !isOver else { return }
        switch ending {
        case .status(let status): finish(status == 0 ? .succeeded : .failed, status: "exit \(status)")
        case .signal(let name): finish(.failed, status: "signal \(name)")
        case nil where callerHasClosed: finish(.interrupted, status: "interrupted", reason: Self.closedByCaller)
        case nil:
            if let reason {
                caller.sendNotice(Notice.text("The connection to the host ended: \(reason)."), hasTerminal: hasTerminal)
            }
            if reason != nil { caller.sendExit(status: Notice.failedStatus) }
            finish(.interrupted, status: "closed", reason: reason ?? "the host closed the channel")
        }
    }

    private func finish(_ kind: Outcome.Kind, status: String, reason: String? = nil) {
        guard !isOver else { return }
        isOver = true
        flushing?.cancel()
        var exitStatus: UInt32?
        if case .status(let status)? = ending { exitStatus = status }
        let details = recording.finish(status: status, exitStatus: exitStatus, bytes: command.responseBytes)
        command.masked = MaskCount.sum(standard.counts + error.counts)
        command.end(kind, status: status, reason: reason, details: details)
        caller.close()
        onEnd()
    }
}
