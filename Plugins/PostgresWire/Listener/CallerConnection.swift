import ConfigFile
import GatewayCore
import Identity
import NIOCore
import NIOSSL
import NIOTLS

/// A caller's connection, from its first byte to its session's end.
final class CallerConnection: ChannelInboundHandler, DrainableConnection {
    typealias InboundIn = ByteBuffer

    enum Phase {
        case signingIn
        /// A token is verified, or a database dialled; what the caller sends meanwhile waits.
        case waiting
        case relaying(Relay)
        case closed
    }

    let loop: PostgresLoop
    let services: PostgresServices
    let listener: ListenerPlan
    let client: String
    let peer: ChannelPeer
    let channel: any Channel
    /// Nobody beyond the listener's limit gets further than an answer.
    let isSurplus: Bool
    var machine: SignInMachine
    var startup = StartupParameters(minorVersion: 0, values: [:])
    var isDirectTLS = false
    var usesBearer = false
    /// What a short-lived credential's holder has to prove, and how far that is.
    var challenge: SCRAMChallenge?
    var scram: SCRAMExchange?
    var phase = Phase.signingIn
    var deadline: Scheduled<Void>?
    /// When the caller last sent something.
    var lastHeard = NIODeadline.now()
    var cancelKey: BackendKeyData?

    init(
        _ channel: any Channel, loop: PostgresLoop, services: PostgresServices, listener: ListenerPlan, isSurplus: Bool
    ) {
        self.channel = channel
        self.loop = loop
        self.services = services
        self.listener = listener
        self.isSurplus = isSurplus
        client = channel.remoteAddress.map(Self.text) ?? "unknown"
        peer = ChannelPeer(channel, isReading: true, writeTimeout: listener.options.writeTimeout)
        machine = SignInMachine(offersTLS: listener.tls != nil)
    }

    /// `10.1.2.3:51234`.
    private static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        loop.add(self)
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        deadline = channel.eventLoop.scheduleTask(in: listener.options.signInTimeout) { bound.value.tooSlow() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        switch phase {
        case .relaying(let relay):
            if listener.options.idleTimeout != nil { lastHeard = .now() }
            relay.receiveFromCaller(bytes)
        case .signingIn:
            machine.append(bytes)
            signIn()
        case .waiting: machine.append(bytes)
        case .closed: break
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard case .relaying(let relay) = phase else { return }
        peer.writabilityChanged { relay.close(reason: "the caller did not read its answers") }
        relay.regulate()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            guard !isDirectTLS || negotiated == "postgresql" else {
                // PostgreSQL refuses direct TLS without ALPN too: another protocol's bytes must not be taken for it.
                return shut()
            }
            machine.tlsEstablished()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        if case .relaying(let relay) = phase { relay.close(reason: "the caller's connection ended") }
        ended()
    }

    /// A connection that is closed before it became active is told of nothing else.
    func handlerRemoved(context: ChannelHandlerContext) { ended() }

    private func ended() {
        deadline?.cancel()
        phase = .closed
        if let cancelKey { services.cancels.remove(cancelKey) }
        loop.remove(self)
    }

    private func shut() {
        if case .closed = phase { return }
        phase = .closed
        peer.close()
    }

    private func tooSlow() {
        guard case .relaying = phase else {
            return refuse(.fatal(.invalidAuthorization, "signing in took too long"))
        }
    }

    /// Ends the session once it has been silent for too long; looks again when it could be next.
    func watchSilence() {
        guard let limit = listener.options.idleTimeout, case .relaying(let relay) = phase else { return }
        let now = NIODeadline.now()
        if !relay.isWaitingForCaller { lastHeard = now }
        if now - lastHeard >= limit {
            return relay.fail(.idleTooLong, reason: "the session was silent for too long")
        }
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        deadline = channel.eventLoop.scheduleTask(deadline: lastHeard + limit) { bound.value.watchSilence() }
    }

    // MARK: Signing in

    private func signIn() {
        do throws(ProtocolViolation) {
            while case .signingIn = phase, let event = try machine.next() { handle(event) }
        } catch {
            refuse(.violation(error))
        }
    }

    private func handle(_ event: SignInMachine.Event) {
        switch event {
        case .tlsRequested(let answer):
            peer.write(ByteBuffer(integer: answer))
            peer.flush()
            if answer == UInt8(ascii: "S") { beginTLS() }
        case .tlsBegan(let bytes):
            isDirectTLS = true
            beginTLS()
            channel.pipeline.syncOperations.fireChannelRead(NIOAny(bytes))
        case .encryptionRequested(let answer):
            peer.write(ByteBuffer(integer: answer))
            peer.flush()
        case .cancel(let key):
            services.cancels.cancel(key)
            shut()
        case .startup(let parameters): begin(parameters)
        case .token(let token): verify(token)
        case .scramFirst(let first):
            guard let challenge else { return shut() }
            let exchange = SCRAMExchange(first, challenge)
            scram = exchange
            peer.write(machine.continueSCRAM(exchange.serverFirst))
            peer.flush()
        case .scramFinal(let message): verify(scramFinal: message)
        case .discovery:
            peer.write(machine.refuseBearer(services.oauthMetadata))
            peer.flush()
        case .refusalAcknowledged:
            refuse(.fatal(.invalidAuthorization, "OAuth bearer authentication failed for user \"\(startup.user)\""))
        }
    }

    private func beginTLS() {
        guard let context = listener.tls else { return shut() }
        do {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context), position: .first)
        } catch {
            shut()
        }
    }

    private func begin(_ parameters: StartupParameters) {
        startup = parameters
        // Before a password is asked for, so that none travels in clear.
        guard machine.isEncrypted || listener.takesPlaintext else { return refuse(.plaintextRefused) }
        guard !isSurplus else { return refuse(.fatal(.tooManyConnections, "sorry, too many clients already")) }
        if let negotiation = NegotiateProtocolVersion.message(parameters) { peer.write(negotiation) }
        usesBearer = wantsBearer(parameters)
        if !usesBearer { challenge = loop.lane.challenge(forCredential: parameters.user) }
        if challenge != nil {
            peer.write(machine.requestSCRAM())
            return peer.flush()
        }
        peer.write(usesBearer ? machine.requestBearer() : machine.requestPassword())
        peer.flush()
    }

    /// A server announces one method and the client takes it or leaves. Most clients can send a password and only the
    /// newest know OAUTHBEARER, so that one is for those who ask: by the user name `oauth`, or where the listener
    /// offers nothing else.
    private func wantsBearer(_ parameters: StartupParameters) -> Bool {
        switch listener.options.offeredSignIn {
        case .oauthBearer: true
        case .password: false
        case .automatic: parameters.user == Self.bearerUser
        }
    }

    static let bearerUser = "oauth"

    private func verify(scramFinal message: ByteBuffer) {
        do throws(ProtocolViolation) {
            guard let (caller, serverFinal) = try scram?.finish(message) else {
                let failure = WrongPassword()
                loop.lane.recordSignInFailure(failure, client: client)
                return refuse(.signInFailed(failure, user: startup.user))
            }
            peer.write(Authentication.message(12) { $0.writeImmutableBuffer(serverFinal) })
            signedIn(caller)
        } catch {
            refuse(.violation(error))
        }
    }

    private func verify(_ token: String) {
        switch loop.lane.signIn(token, client: client) {
        case .signedIn(let caller): signedIn(caller)
        case .pending(let progress):
            phase = .waiting
            progress.assumeIsolated().whenComplete { result in
                guard case .waiting = self.phase else { return }
                switch result {
                case .success(let caller): self.signedIn(caller)
                case .failure(let error): self.refuseToken(error)
                }
            }
        }
    }

    private func refuseToken(_ error: any Error) {
        phase = .signingIn
        if usesBearer {
            // The client hears where tokens come from, and acknowledges; then it is refused.
            peer.write(machine.refuseBearer(services.oauthMetadata))
            peer.flush()
            return signIn()
        }
        refuse(.signInFailed(error, user: startup.user))
    }

    private func signedIn(_ caller: Caller) {
        // The name of a credential is that of its caller.
        guard startup.user == Self.bearerUser || challenge != nil || caller.isCalled(startup.user) else {
            return refuse(.wrongUser(startup.user, caller))
        }
        guard let (target, database) = services.route(startup.database) else {
            return refuse(.noSuchDatabase(startup.database))
        }
        guard !startup.asksForReplication || target.allowsReplication else { return refuse(.replicationRefused) }
        do throws(Refusal) {
            let session = try loop.lane.openSession(caller: caller, target: target.target, client: client) {
                [weak self] reason in self?.terminated(reason)
            }
            connect(session, target, database)
        } catch {
            refuse(ErrorFields(error).asFatal)
        }
    }

    private func terminated(_ reason: String) {
        if case .relaying(let relay) = phase {
            relay.fail(.terminated(reason), reason: reason)
        } else {
            refuse(.terminated(reason))
        }
    }

    // MARK: Ending

    func refuse(_ fields: ErrorFields) {
        if case .closed = phase { return }
        peer.write(fields.errorResponse())
        peer.flush()
        shut()
    }

    func drain() {
        switch phase {
        case .relaying(let relay): relay.drain()
        case .signingIn, .waiting: refuse(.shuttingDown)
        case .closed: break
        }
    }

    func shutDown() {
        if case .relaying(let relay) = phase {
            relay.fail(.shuttingDown, reason: "the gateway stops")
        } else {
            refuse(.shuttingDown)
        }
    }
}

/// Who uses a credential's name has not its password.
private struct WrongPassword: Error, CustomStringConvertible {
    let description = "the password is not that of the credential"
}
