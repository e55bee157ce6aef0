import GatewayCore
import NIOCore

/// A connection that the caller makes through the host (`direct-tcpip`, RFC 4254, section 7.2).
final class ForwardChannel: CallerChannel, HostChannelDelegate {
    private let caller: PeerChannel
    private let peer: SSHPeer
    private let owner: CallerSession
    private let opening: ChannelOpening
    private let onEnd: () -> Void
    private var gate: CommandGate?
    private var command: RunningCommand?
    private var host: PeerChannel?
    private var isOpen = false
    private var isOver = false
    private var owedToCaller = 0
    private var owedToHost = 0
    private var hasHostEOF = false
    private var hasCallerEOF = false

    init(
        _ caller: PeerChannel, _ peer: SSHPeer, _ owner: CallerSession, _ opening: ChannelOpening,
        onEnd: @escaping () -> Void
    ) {
        self.caller = caller
        self.peer = peer
        self.owner = owner
        self.opening = opening
        self.onEnd = onEnd
    }

    var isBusy: Bool { !isOver }

    func begin() {
        if let reason = owner.isEnding {
            return refuse(ChannelOpenFailure(.administrativelyProhibited, "Nothing new begins here: \(reason)."))
        }
        guard let forward = ForwardRequest(opening.details) else {
            return refuse(ChannelOpenFailure(.connectFailed, "The destination cannot be read."))
        }
        let wanted = Command(
            effects: [
                Effect(
                    action: "ssh.forward",
                    resource: Resource(
                        type: "Endpoint", name: forward.endpoint,
                        attributes: ["host": .string(forward.host), "port": .integer(Int64(forward.port))]))
            ], text: "forward to \(forward.endpoint)", facts: SSHFacts(login: owner.login).facts)
        let gate = CommandGate(owner.session, wanted, justification: nil, wait: owner.options.approvalWait) { _ in
        } completion: { result in
            self.gate = nil
            switch result {
            case .success(let command): self.connect(command, forward)
            case .failure(let refusal):
                self.refuse(ChannelOpenFailure(.administrativelyProhibited, Notice.line(refusal)))
            }
        }
        self.gate = gate
        gate.decide()
    }

    private func connect(_ command: RunningCommand, _ forward: ForwardRequest) {
        self.command = command
        guard command.recording < .full else {
            command.end(.interrupted, status: "not run", reason: "a forwarded connection cannot be recorded in full")
            return refuse(
                ChannelOpenFailure(
                    .administrativelyProhibited,
                    "Policy wants a full recording, and a forwarded connection has none. Run a command on the host instead."
                ))
        }
        guard command.masking.isEmpty else {
            command.end(.interrupted, status: "not run", reason: "a forwarded connection cannot be masked")
            let refusal = Refusal.unmaskable(
                command, "a forwarded connection cannot be masked", nextStep: "Run a command on the host instead.")
            return refuse(ChannelOpenFailure(.administrativelyProhibited, Notice.line(refusal)))
        }
        owner.withHost(command) { result in
            guard !self.isOver else { return }
            switch result {
            case .success(let connection):
                self.host = connection.open(type: "direct-tcpip", details: forward.details, for: self)
                if self.host == nil { self.hostChannelFailed(ChannelOpenFailure(.connectFailed, "The host is gone.")) }
            case .failure(let error):
                self.hostChannelFailed(ChannelOpenFailure(.connectFailed, "\(error.message). \(error.nextStep)"))
            }
        }
    }

    private func refuse(_ failure: ChannelOpenFailure) {
        guard !isOver else { return }
        isOver = true
        peer.connection.refuse(caller.id, failure)
        peer.setNeedsFlush()
        onEnd()
    }

    private func settle() {
        if host?.takesMore == true {
            caller.consume(owedToCaller)
            owedToCaller = 0
        }
        if caller.takesMore {
            host?.consume(owedToHost)
            owedToHost = 0
        }
    }

    // MARK: The caller

    func received(_ request: ChannelRequest) { if request.wantsReply { caller.answer(success: false) } }

    func received(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard isOpen, !isOver else { return }
        owedToCaller += bytes.readableBytes
        command?.requestBytes += bytes.readableBytes
        host?.send(.standard, bytes)
        settle()
    }

    func receivedEOF() {
        hasCallerEOF = true
        host?.sendEOF()
    }

    /// The other side gets what was sent before.
    func closed() {
        host?.sendEOF()
        host?.close()
        end("the caller closed it", closesHost: false)
    }

    func drained() { settle() }

    func end(_ reason: String) { end(reason, closesHost: true) }

    private func end(_ reason: String, closesHost: Bool) {
        gate?.giveUp()
        gate = nil
        if closesHost { host?.abort() }
        finish(isOpen && hasHostEOF ? .succeeded : .interrupted, reason)
    }

    private func finish(_ kind: Outcome.Kind, _ reason: String) {
        guard !isOver else { return }
        isOver = true
        command?.end(kind, status: "closed", reason: kind == .succeeded ? nil : reason)
        caller.close()
        onEnd()
    }

    // MARK: The host

    func hostChannelOpened() {
        guard !isOver else { return }
        isOpen = true
        peer.connection.accept(caller.id)
        peer.setNeedsFlush()
    }

    func hostChannelFailed(_ failure: ChannelOpenFailure) {
        command?.end(.failed, status: "not opened", reason: failure.text)
        refuse(failure)
    }

    func hostAnswered(success: Bool) {}
    func hostRequested(_ request: ChannelRequest) {}

    func hostSent(_ stream: ChannelStream, _ bytes: ByteBuffer) {
        guard !isOver else {
            host?.consume(bytes.readableBytes)
            return
        }
        owedToHost += bytes.readableBytes
        command?.responseBytes += bytes.readableBytes
        caller.send(.standard, bytes)
        settle()
    }

    func hostDrained() { settle() }

    func hostSentEOF() {
        hasHostEOF = true
        caller.sendEOF()
    }

    func hostClosed() { finish(.succeeded, "") }
    func hostEnded(_ reason: String) {
        isOpen ? finish(.interrupted, reason) : hostChannelFailed(ChannelOpenFailure(.connectFailed, reason))
    }
}
