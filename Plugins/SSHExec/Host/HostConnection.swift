import GatewayCore
import Logging
import NIOCore
import NIOPosix

/// What hears of one channel on a host.
protocol HostChannelDelegate: AnyObject {
    func hostChannelOpened()
    func hostChannelFailed(_ failure: ChannelOpenFailure)
    func hostAnswered(success: Bool)
    func hostRequested(_ request: ChannelRequest)
    func hostSent(_ stream: ChannelStream, _ bytes: ByteBuffer)
    /// Everything that waited for the host has gone.
    func hostDrained()
    func hostSentEOF()
    func hostClosed()
    func hostEnded(_ reason: String)
}

/// The gateway's own connection to a host, for one caller's session, with all its channels.
final class HostConnection: SSHPeerDelegate {
    private enum Phase {
        case exchangingKeys
        case signingIn(HostSignIn)
        case open
        case ended(HostError)
    }

    private let target: SSHTarget
    private let login: String
    private let ready: (Result<HostConnection, HostError>) -> Void
    private let onEnd: (HostConnection) -> Void
    private var phase = Phase.exchangingKeys
    private var peer: SSHPeer?
    private var channels: [ChannelID: any HostChannelDelegate] = [:]
    private var deadline: Scheduled<Void>?

    /// Dials and signs in.
    ///
    /// - Parameters:
    ///   - ready: Called once, on `eventLoop`.
    ///   - onEnd: Called once when a connection that was ready is no more.
    static func dial(
        _ target: SSHTarget, login: String, on eventLoop: any EventLoop,
        ready: @escaping (Result<HostConnection, HostError>) -> Void,
        onEnd: @escaping (HostConnection) -> Void
    ) {
        let connection = HostConnection(target, login: login, ready: ready, onEnd: onEnd)
        let bound = NIOLoopBound(connection, eventLoop: eventLoop)
        connection.deadline = eventLoop.scheduleTask(in: target.connectTimeout) { bound.value.tooSlow() }
        ClientBootstrap(group: eventLoop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connectTimeout(target.connectTimeout)
            .connect(host: target.address.host, port: target.address.port)
            .assumeIsolated().whenComplete { result in
                do {
                    // Only now: a name with several addresses is dialled on several channels, of which one is left.
                    try connection.begin(on: result.get())
                } catch {
                    connection.fail(
                        HostError(.unreachable, "the host \(target.target.name) cannot be reached: \(error)"))
                }
            }
    }

    private init(
        _ target: SSHTarget, login: String, ready: @escaping (Result<HostConnection, HostError>) -> Void,
        onEnd: @escaping (HostConnection) -> Void
    ) {
        self.target = target
        self.login = login
        self.ready = ready
        self.onEnd = onEnd
    }

    private func begin(on channel: any Channel) throws {
        guard case .exchangingKeys = phase else { return channel.close(promise: nil) }
        let transport = SSHTransport(
            .client(verify: HostKeyVerification.isSigned), HostKeyVerification.algorithms(target),
            softwareVersion: "Sallyport")
        let peer = SSHPeer(channel, transport, writeTimeout: .minutes(10))
        peer.delegate = self
        self.peer = peer
        try channel.pipeline.syncOperations.addHandler(peer)
    }

    private func tooSlow() {
        fail(HostError(.unreachable, "the host \(target.target.name) did not answer in time"))
        peer?.channel.close(promise: nil)
    }

    // MARK: Before it is ready

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) {
        guard let hostKey else { return }
        do throws(HostError) {
            try HostKeyVerification.verify(hostKey, of: target)
            let signIn = try HostSignIn(
                target, login: login, sessionIdentifier: peer.transport.sessionIdentifier)
            peer.send(signIn.start())
            phase = .signingIn(signIn)
        } catch {
            fail(error)
            peer.disconnect(error.kind == .notTrusted ? .hostKeyNotVerifiable : .byApplication, "The gateway gives up.")
        }
    }

    func peer(_ peer: SSHPeer, received message: ByteBuffer) {
        guard case .signingIn(var signIn) = phase else { return peer.sendUnimplemented() }
        do throws(HostError) {
            let step = try signIn.receive(message, algorithms: peer.transport.serverSignatureAlgorithms)
            phase = .signingIn(signIn)
            for message in step.messages { peer.send(message) }
            if step.isSignedIn { becomeReady(peer) }
        } catch {
            fail(error)
            peer.disconnect(.noMoreAuthenticationMethods, "The gateway gives up.")
        }
    }

    private func becomeReady(_ peer: SSHPeer) {
        deadline?.cancel()
        phase = .open
        peer.isAuthenticated = true
        ready(.success(self))
    }

    private func fail(_ error: HostError) {
        deadline?.cancel()
        switch phase {
        case .ended: return
        case .open: phase = .ended(error)
        case .exchangingKeys, .signingIn:
            phase = .ended(error)
            ready(.failure(error))
        }
    }

    // MARK: Channels

    /// Asks for a channel; `delegate` hears what becomes of it, and is kept until it has closed.
    func open(type: String, details: ByteBuffer, for delegate: any HostChannelDelegate) -> PeerChannel? {
        guard case .open = phase, let peer else { return nil }
        let id = peer.connection.open(type: type, details: details)
        channels[id] = delegate
        peer.setNeedsFlush()
        return PeerChannel(id: id, peer: peer)
    }

    /// Keeps alive what a firewall would forget; the host's answer is not waited for.
    func sendKeepalive() {
        peer?.connection.sendGlobalRequest(type: "keepalive@openssh.com", wantsReply: true)
        peer?.setNeedsFlush()
    }

    func close() { peer?.disconnect(.byApplication, "The session has ended.") }

    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) {
        switch event {
        case .opened(let id): channels[id]?.hostChannelOpened()
        case .openFailed(let id, let failure): channels.removeValue(forKey: id)?.hostChannelFailed(failure)
        case .answered(let id, let success): channels[id]?.hostAnswered(success: success)
        case .request(let id, let request):
            // OpenSSH's server asks whether its client still lives, and takes any answer.
            if request.wantsReply { peer.connection.answer(id, success: false) }
            channels[id]?.hostRequested(request)
        case .data(let id, let stream, let bytes):
            if let channel = channels[id] {
                channel.hostSent(stream, bytes)
            } else {
                peer.connection.consume(id, bytes.readableBytes)
            }
        case .drained(let id): channels[id]?.hostDrained()
        case .eof(let id): channels[id]?.hostSentEOF()
        case .closed(let id):
            let channel = channels.removeValue(forKey: id)
            peer.connection.close(id)
            channel?.hostClosed()
        case .openRequested(let id, let opening):
            // Nothing was forwarded to it, no agent and no X11: a host has nothing to ask for.
            peer.connection.refuse(
                id,
                ChannelOpenFailure(
                    .administrativelyProhibited, "The gateway takes no \(opening.type.prefix(64)) channels."))
        case .globalRequest(_, let wantsReply, _):
            if wantsReply { peer.connection.answerGlobalRequest(success: false) }
        case .globalAnswered: break
        }
        peer.setNeedsFlush()
    }

    func peerBecameWritable(_ peer: SSHPeer) {
        for channel in channels.values { channel.hostDrained() }
    }

    func peer(_ peer: SSHPeer, ended reason: String) {
        let wasOpen = if case .open = phase { true } else { false }
        fail(HostError(.unreachable, "the connection to the host \(target.target.name) ended: \(reason)"))
        let open = channels
        channels = [:]
        for channel in open.values { channel.hostEnded(reason) }
        if wasOpen { onEnd(self) }
    }
}
