import GatewayCore
import Identity
import NIOCore
import SSHCredentials

/// A caller's connection, from its first byte to its session's end.
final class CallerConnection: SSHPeerDelegate {
    enum Phase {
        case exchangingKeys
        case signingIn(CallerSignIn)
        case open(CallerSession)
        /// Signed in, and there is nothing for this caller: every channel is told why.
        case refused(String)
        case closed
    }

    let peer: SSHPeer
    let loop: SSHLoop
    let services: SSHServices
    let listener: ListenerPlan
    let client: String
    /// Nobody beyond the listener's limit gets further than a goodbye.
    private let isSurplus: Bool
    private var phase = Phase.exchangingKeys
    private var channels: [ChannelID: any CallerChannel] = [:]
    private var deadline: Scheduled<Void>?
    private var silence: Scheduled<Void>?

    init(_ peer: SSHPeer, loop: SSHLoop, services: SSHServices, listener: ListenerPlan, isSurplus: Bool) {
        self.peer = peer
        self.loop = loop
        self.services = services
        self.listener = listener
        self.isSurplus = isSurplus
        client = peer.channel.remoteAddress.map(Self.text) ?? "unknown"
        peer.delegate = self
        loop.add(self)
        giveTime(listener.options.signInTimeout)
    }

    /// `10.1.2.3:51234`.
    private static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address without its port.
    var host: String { peer.channel.remoteAddress?.ipAddress ?? "unknown" }

    /// Signing in has to be over after `time`.
    func giveTime(_ time: TimeAmount) {
        deadline?.cancel()
        let bound = NIOLoopBound(self, eventLoop: peer.eventLoop)
        deadline = peer.eventLoop.scheduleTask(in: time) {
            bound.value.peer.disconnect(.byApplication, "Signing in took too long.")
        }
    }

    // MARK: Signing in

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) {
        guard !isSurplus else {
            return peer.disconnect(.tooManyConnections, "The gateway has too many connections now.")
        }
        phase = .signingIn(CallerSignIn(self, sessionIdentifier: peer.transport.sessionIdentifier))
    }

    func peer(_ peer: SSHPeer, received message: ByteBuffer) {
        switch phase {
        case .signingIn(let signIn): signIn.receive(message)
        case .exchangingKeys: peer.disconnect(.protocolError, "A message came before the keys were exchanged.")
        case .open(_), .refused:
            // RFC 4252, section 5.1: requests after success are ignored.
            if message.getInteger(at: message.readerIndex, as: UInt8.self) != MessageNumber.userAuthRequest {
                peer.sendUnimplemented()
            }
        case .closed: break
        }
    }

    /// - Parameters:
    ///   - permissions: Those of the caller's certificate; all where there is none.
    ///   - user: The target, or login and target.
    func signedIn(_ caller: Caller, _ permissions: Set<CertificatePermission>, user: String) {
        deadline?.cancel()
        peer.isAuthenticated = true
        guard let (target, login) = services.route(user) else {
            loop.lane.recordSignInFailure(NoSuchTarget(name: user), client: client)
            phase = .refused(
                Notice.text("There is no target \"\(user.prefix(128))\" for you here.")
                    + Notice.text("Connect as TARGET@ or LOGIN+TARGET@ the gateway; ask its operators for the names."))
            return
        }
        do throws(Refusal) {
            let session = try loop.lane.openSession(caller: caller, target: target.target, client: client) {
                [weak self] reason in self?.terminated(reason)
            }
            phase = .open(
                CallerSession(
                    session, target, login: login, permissions: permissions, options: listener.options,
                    eventLoop: peer.eventLoop))
            watchSilence()
            if loop.isDraining { drain() }
        } catch {
            phase = .refused(Notice.text(error))
        }
    }

    // MARK: Channels

    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) {
        switch event {
        case .openRequested(let id, let opening): open(id, opening)
        case .request(let id, let request):
            if let channel = channels[id] { channel.received(request) } else { refuse(request, on: id) }
        case .data(let id, let stream, let bytes):
            if let channel = channels[id] {
                channel.received(stream, bytes)
            } else {
                peer.connection.consume(id, bytes.readableBytes)
            }
        case .drained(let id): channels[id]?.drained()
        case .eof(let id): channels[id]?.receivedEOF()
        case .closed(let id):
            if let channel = channels[id] { channel.closed() } else { peer.connection.close(id) }
        case .globalRequest(let type, let wantsReply, _): answerGlobal(type, wantsReply)
        case .opened, .openFailed, .answered, .globalAnswered: break
        }
        peer.setNeedsFlush()
    }

    private func open(_ id: ChannelID, _ opening: ChannelOpening) {
        let channel = PeerChannel(id: id, peer: peer)
        let ended: () -> Void = { [weak self] in self?.ended(id) }
        switch (phase, opening.type) {
        case (.open(let session), "session"):
            channels[id] = SessionChannel(channel, session, onEnd: ended)
            peer.connection.accept(id)
        case (.refused, "session"): peer.connection.accept(id)
        case (.open(let session), "direct-tcpip") where !session.permissions.contains(.portForwarding):
            peer.connection.refuse(
                id,
                ChannelOpenFailure(.administrativelyProhibited, "Your certificate has no permit-port-forwarding."))
        case (.open(let session), "direct-tcpip"):
            let forward = ForwardChannel(channel, peer, session, opening, onEnd: ended)
            channels[id] = forward
            forward.begin()
        case (.refused(let text), "direct-tcpip"):
            peer.connection.refuse(id, ChannelOpenFailure(.administrativelyProhibited, text))
        default:
            peer.connection.refuse(
                id,
                ChannelOpenFailure(
                    .unknownChannelType,
                    "The gateway opens sessions and forwarded TCP connections, not \(opening.type.prefix(64))."))
        }
    }

    /// What a caller is told for whom there is nothing here.
    private func refuse(_ request: ChannelRequest, on id: ChannelID) {
        guard case .refused(let text) = phase else { return peer.connection.answer(id, success: false) }
        let channel = PeerChannel(id: id, peer: peer)
        let isStart = ["exec", "shell", "subsystem"].contains(request.type)
        if request.wantsReply { channel.answer(success: isStart || request.type == "pty-req") }
        guard isStart else { return }
        channel.sendNotice(text, hasTerminal: true)
        channel.sendExit(status: Notice.refusedStatus)
        channel.sendEOF()
        channel.close()
    }

    private func ended(_ id: ChannelID) {
        channels[id] = nil
        if loop.isDraining { later { $0.drain() } }
    }

    /// A client that reads a goodbye throws away what it has not shown yet: it gets the time to.
    private func later(_ body: @escaping @Sendable (CallerConnection) -> Void) {
        let bound = NIOLoopBound(self, eventLoop: peer.eventLoop)
        peer.eventLoop.scheduleTask(in: .milliseconds(300)) { body(bound.value) }
    }

    private func answerGlobal(_ type: String, _ wantsReply: Bool) {
        switch type {
        case "tcpip-forward", "cancel-tcpip-forward", "streamlocal-forward@openssh.com":
            explain("Remote forwarding is refused: nothing on the host may connect back through the gateway.")
            if wantsReply { peer.connection.answerGlobalRequest(success: false) }
        case "keepalive@openssh.com": if wantsReply { peer.connection.answerGlobalRequest(success: true) }
        default: if wantsReply { peer.connection.answerGlobalRequest(success: false) }
        }
    }

    /// Where the protocol has no room for a reason: `ssh -v` shows it (RFC 4253, section 11.3).
    private func explain(_ text: String) {
        var message = ByteBuffer()
        message.writeInteger(MessageNumber.debug)
        message.writeSSHBool(true)
        message.writeSSHText("sallyport: \(text)")
        message.writeSSHText("")
        peer.send(message)
    }

    func peerBecameWritable(_ peer: SSHPeer) {
        for channel in channels.values { channel.drained() }
    }

    // MARK: Ending

    /// Ends the connection once nothing has come or gone for too long; looks again when it could be next.
    private func watchSilence() {
        guard let limit = listener.options.idleTimeout else { return }
        let now = NIODeadline.now()
        if now - peer.lastActivity >= limit { return end("the session was silent for too long") }
        let bound = NIOLoopBound(self, eventLoop: peer.eventLoop)
        silence = peer.eventLoop.scheduleTask(deadline: peer.lastActivity + limit) { bound.value.watchSilence() }
    }

    private func terminated(_ reason: String) { end("the session was \(reason)") }

    /// Lets what runs end, and takes nothing new.
    func drain() {
        if case .open(let session) = phase { session.takeNothingNew(Self.stopping) }
        guard !channels.values.contains(where: \.isBusy) else { return }
        shutDown()
    }

    func shutDown() { end(Self.stopping) }

    private static let stopping = "the gateway stops"

    /// Tells everybody who can be told.
    private func end(_ reason: String) {
        if case .open(let session) = phase { session.takeNothingNew(reason) }
        let open = channels
        for channel in open.values {
            if let session = channel as? SessionChannel {
                session.end(reason, saying: Notice.text("This ends now: \(reason)."))
            } else {
                channel.end(reason)
            }
        }
        later { $0.peer.disconnect(.byApplication, "This ends now: \(reason).") }
    }

    func peer(_ peer: SSHPeer, ended reason: String) {
        deadline?.cancel()
        silence?.cancel()
        if case .signingIn(let signIn) = phase { signIn.cancel() }
        let open = channels
        channels = [:]
        for channel in open.values { channel.end("the caller's connection ended: \(reason)") }
        if case .open(let session) = phase { session.close(reason) }
        phase = .closed
        loop.remove(self)
    }
}

/// A target that is none.
private struct NoSuchTarget: Error, CustomStringConvertible {
    let name: String
    var description: String { "there is no target \"\(name.prefix(128))\"" }
}
