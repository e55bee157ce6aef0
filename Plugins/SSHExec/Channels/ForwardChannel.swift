import GatewayCore
import NIOCore

/// A connection that the caller makes through the host (`direct-tcpip`, RFC 4254, section 7.2).
final class ForwardChannel: CallerChannel, HostChannelDelegate {
    private let caller: PeerChannel
    private let peer: SSHPeer
    private let owner: CallerSession
    private let details: ByteBuffer
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
        details = opening.details
        self.onEnd = onEnd
    }

    var isBusy: Bool { isOpen && !isOver }

    func begin() {
        var reading = details
        guard let destination = reading.readSSHText(), let port = reading.readInteger(as: UInt32.self), port <= 65535
        else { return refuse(ChannelOpenFailure(.connectFailed, "The destination cannot be read.")) }
        let name = destination.contains(":") ? "[\(destination)]:\(port)" : "\(destination):\(port)"
        let wanted = Command(
            effects: [
                Effect(
                    action: "ssh.forward",
                    resource: Resource(
                        type: "Endpoint", name: name,
                        attributes: ["host": .string(destination), "port": .integer(Int64(port))]))
            ], text: "forward to \(name)", facts: SSHFacts(login: owner.login).facts)
        let gate = CommandGate(owner.session, wanted, justification: nil, wait: owner.options.approvalWait) { _ in
        } completion: { result in
            self.gate = nil
            switch result {
            case .success(let command): self.connect(command)
            case .failure(let refusal):
                self.refuse(ChannelOpenFailure(.administrativelyProhibited, Notice.line(refusal)))
            }
        }
        self.gate = gate
        gate.decide()
    }

    private func connect(_ command: RunningCommand) {
        self.command = command
        guard command.masking.isEmpty else {
            let rule = command.masking.ruleNames.first ?? "masking"
            command.end(.interrupted, status: "not run", reason: "a forwarded connection cannot be masked")
            return refuse(
                ChannelOpenFailure(
                    .administrativelyProhibited,
                    "A masking rule (\(rule)) applies, and a forwarded connection cannot be masked."))
        }
        owner.withHost(command) { result in
            guard !self.isOver else { return }
            switch result {
            case .success(let connection):
                self.host = connection.open(type: "direct-tcpip", details: self.details, for: self)
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

    func closed() { end("the caller closed it") }
    func drained() { settle() }

    func end(_ reason: String) {
        gate?.giveUp()
        host?.abort()
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
