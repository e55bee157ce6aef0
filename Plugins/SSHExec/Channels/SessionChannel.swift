import ConfigFile
import GatewayCore
import Masking
import NIOCore
import Recording

/// A caller's session channel (RFC 4254, section 6): collects what the program is to have, decides it, and hands it to
/// what relays it.
final class SessionChannel: CallerChannel {
    private enum Phase {
        case collecting
        case deciding(CommandGate)
        /// Permitted; the host is dialled.
        case connecting(RunningCommand)
        case running(ProgramRelay)
        case transferring(FileChannel)
        case over
    }

    private static let mostVariables = 128
    /// Bytes of their names and values.
    private static let longestEnvironment = 64 * 1024

    private let caller: PeerChannel
    private let owner: CallerSession
    private let onEnd: () -> Void
    private var phase = Phase.collecting
    private var pty: TerminalRequest?
    private var environment: [(name: String, value: String)] = []
    private var justification: String?
    private var startWantsReply = false
    /// What comes before the program runs; the caller's window bounds it.
    private var early: [ByteBuffer] = []
    private var eofIsEarly = false

    init(_ caller: PeerChannel, _ owner: CallerSession, onEnd: @escaping () -> Void) {
        self.caller = caller
        self.owner = owner
        self.onEnd = onEnd
    }

    var isBusy: Bool {
        switch phase {
        case .collecting, .over: false
        case .deciding, .connecting, .running, .transferring: true
        }
    }

    // MARK: Requests

    func received(_ request: ChannelRequest) {
        switch request.type {
        case "exec", "shell", "subsystem":
            guard case .collecting = phase else { return answer(request, success: false) }
            begin(request)
        case "pty-req":
            guard case .collecting = phase, owner.permissions.contains(.terminal),
                let terminal = TerminalRequest(request.details)
            else {
                return answer(request, success: false)
            }
            pty = terminal
            answer(request, success: true)
        case "env": answer(request, success: takes(variable: request.details))
        case "window-change", "signal", "eow@openssh.com", "break":
            pass(request)
            // Only `break` wants to know (RFC 4335), and nobody can tell it whether the host did anything.
            answer(request, success: false)
        default: answer(request, success: false)
        }
    }

    private func answer(_ request: ChannelRequest, success: Bool) {
        if request.wantsReply { caller.answer(success: success) }
    }

    private func pass(_ request: ChannelRequest) {
        switch phase {
        case .running(let relay): relay.receive(request)
        case .collecting, .deciding, .connecting:
            if request.type == "window-change" { pty?.resize(request.details) }
        case .transferring, .over: break
        }
    }

    private func takes(variable details: ByteBuffer) -> Bool {
        var details = details
        guard case .collecting = phase, let name = details.readSSHText(), let value = details.readSSHText() else {
            return false
        }
        let size = environment.reduce(name.utf8.count + value.utf8.count) {
            $0 + $1.name.utf8.count + $1.value.utf8.count
        }
        guard size <= Self.longestEnvironment else { return false }
        if name.utf8.elementsEqual(Refusal.justificationVariable.utf8) {
            justification = value
            return true
        }
        guard owner.target.passes(variable: name), environment.count < Self.mostVariables else { return false }
        environment.append((name, value))
        return true
    }

    // MARK: Deciding

    private func begin(_ request: ChannelRequest) {
        startWantsReply = request.wantsReply
        if let reason = owner.isEnding { return refuse(Notice.text("Nothing new begins here: \(reason).")) }
        let start: ProgramStart
        let command: Command
        let reading = CommandReading(
            login: owner.login, hasTerminal: pty != nil, environment: environment,
            terminal: pty.map { RequestedTerminal(type: $0.type, modes: Array($0.modes.readableBytesView)) })
        var details = request.details
        switch request.type {
        case "shell":
            start = program(.shell, request)
            command = reading.shell()
        case "exec":
            guard let line = details.readSSHString(), details.readableBytes == 0 else {
                return answer(request, success: false)
            }
            start = program(.exec, request)
            command = reading.exec(line.readableBytesView)
        default:
            guard let name = details.readSSHText(), name.utf8.elementsEqual("sftp".utf8) else {
                return refuseSubsystem(request)
            }
            start = program(.subsystem, request)
            command = reading.sftp()
        }
        let gate = CommandGate(
            owner.session, command, justification: justification, wait: owner.options.approvalWait
        ) { [weak self] ticket in
            self?.say(Notice.text(ticket))
        } completion: { [weak self] result in
            switch result {
            case .success(let running): self?.permitted(running, command, start)
            case .failure(let refusal): self?.refuse(Notice.text(refusal))
            }
        }
        phase = .deciding(gate)
        gate.decide()
    }

    private func program(_ kind: ProgramStart.Kind, _ request: ChannelRequest) -> ProgramStart {
        ProgramStart(
            kind: kind, wantsReply: request.wantsReply, details: request.details, pty: kind == .subsystem ? nil : pty,
            environment: environment)
    }

    private func refuseSubsystem(_ request: ChannelRequest) {
        refuse(Notice.text("This gateway knows the subsystem sftp and no other."))
    }

    private func permitted(_ running: RunningCommand, _ command: Command, _ start: ProgramStart) {
        if case .over = phase {
            return running.end(.interrupted, status: "not run", reason: "the caller had gone")
        }
        if let program = command.transferProgram, !running.masking.isEmpty {
            running.end(.interrupted, status: "not run", reason: "what \(program) transfers cannot be masked")
            return refuse(
                Notice.text(
                    .unmaskable(
                        running, "what \(program) transfers cannot be masked",
                        nextStep: "Use sftp, or scp without -O: files come masked then.")))
        }
        let recording = ChannelRecording(
            owner.session, running, recordsInput: owner.target.recordsInput)
        let relay: Relay
        do throws(MaskingError) {
            relay = try self.relay(running, start, recording)
        } catch {
            running.end(.interrupted, status: "not run", reason: "\(error)")
            return refuse(
                Notice.text(
                    .unmaskable(
                        running, "the output cannot be masked: \(error)",
                        nextStep: "Ask for a rule set of detectors alone: what a command prints has no fields.")))
        }
        do {
            try recording.begin(
                owner.session.redactedText(of: command, under: running.masking), pty: start.pty,
                isTransfer: start.kind == .subsystem || command.transferProgram != nil)
        } catch {
            running.end(.interrupted, status: "not run", reason: "the session cannot be recorded: \(error)")
            return refuse(Notice.text(Refusal.recordingUnavailable(error)))
        }
        phase = .connecting(running)
        owner.withHost(running) { result in
            guard case .connecting = self.phase else {
                return running.end(.interrupted, status: "not run", reason: "the caller had gone")
            }
            switch result {
            case .success(let host): self.run(relay, start, on: host)
            case .failure(let error):
                running.end(.interrupted, status: "not connected", reason: error.message)
                self.refuse(
                    Notice.text("\(error.message).") + Notice.text(error.nextStep), status: Notice.failedStatus)
            }
        }
    }

    /// What relays the program, before any host is asked for it.
    private enum Relay {
        case program(ProgramRelay)
        case files(FileChannel)
    }

    /// - Throws: `MaskingError` where the output cannot be masked at all.
    private func relay(
        _ running: RunningCommand, _ start: ProgramStart, _ recording: ChannelRecording
    ) throws(MaskingError) -> Relay {
        let ended: () -> Void = { [weak self] in self?.ended() }
        guard start.kind != .subsystem else {
            return .files(FileChannel(running, caller: caller, owner, justification: justification, onEnd: ended))
        }
        return .program(
            try ProgramRelay(
                running, caller: caller, on: owner.eventLoop, recording: recording, hasTerminal: pty != nil,
                onEnd: ended))
    }

    private func run(_ relay: Relay, _ start: ProgramStart, on host: HostConnection) {
        let early = early
        self.early = []
        switch relay {
        case .program(let program):
            phase = .running(program)
            program.start(start, on: host)
            for bytes in early { program.receive(bytes) }
            if eofIsEarly { program.receiveEOF() }
        case .files(let files):
            phase = .transferring(files)
            files.start(start, on: host)
            for bytes in early { files.receive(bytes) }
            if eofIsEarly { files.receiveEOF() }
        }
    }

    // MARK: Speaking to the caller

    /// Tells of something before the program runs. A client that does not have its answer yet may not show it.
    private func say(_ text: String) { caller.sendNotice(text, hasTerminal: pty != nil) }

    /// The program counts as started, and ends at once: so the reason arrives where the program's own errors would.
    private func refuse(_ text: String, status: UInt32 = Notice.refusedStatus) {
        if case .over = phase { return }
        phase = .over
        if startWantsReply { caller.answer(success: true) }
        say(text)
        caller.sendExit(status: status)
        caller.sendEOF()
        caller.close()
        onEnd()
    }

    private func ended() {
        phase = .over
        onEnd()
    }

    // MARK: Data

    func received(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        switch phase {
        case .running(let relay): relay.receive(bytes)
        case .transferring(let files): files.receive(bytes)
        case .collecting, .deciding, .connecting: early.append(bytes)
        case .over: caller.consume(bytes.readableBytes)
        }
    }

    func receivedEOF() {
        switch phase {
        case .running(let relay): relay.receiveEOF()
        case .transferring(let files): files.receiveEOF()
        case .collecting, .deciding, .connecting: eofIsEarly = true
        case .over: break
        }
    }

    func drained() {
        switch phase {
        case .running(let relay): relay.settle()
        case .transferring(let files): files.settle()
        case .collecting, .deciding, .connecting, .over: break
        }
    }

    func closed() {
        switch phase {
        case .running(let relay): relay.callerClosed()
        case .transferring(let files): files.callerClosed()
        case .collecting, .deciding, .connecting, .over: end("the caller closed the channel")
        }
    }

    func end(_ reason: String) {
        switch phase {
        case .running(let relay): relay.end(reason)
        case .transferring(let files): files.end(reason)
        case .deciding(let gate):
            gate.giveUp()
            caller.close()
        case .connecting(let running):
            running.end(.interrupted, status: "not run", reason: reason)
            caller.close()
        case .collecting: caller.close()
        case .over: return
        }
        if case .over = phase { return }
        ended()
    }

    /// Tells the caller why the session ends, before it does.
    func end(_ reason: String, saying text: String) {
        say(text)
        end(reason)
    }
}

extension Command {
    /// The program whose server part this is, where it transfers files.
    fileprivate var transferProgram: String? {
        guard case .string(let name)? = facts.first(where: { $0.name == "ssh.transfer" })?.value else { return nil }
        return name.isEmpty ? nil : name
    }
}
