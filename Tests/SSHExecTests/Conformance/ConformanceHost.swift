import AdapterTestKit
import Crypto
import NIOCore
import NIOPosix
import SSHCredentials

@testable import SSHExec

/// An SSH server that takes one password and runs what the kit's commands ask for. It answers as the kit wants it; real
/// servers have their own suites.
final class ConformanceHost: Sendable {
    let port: Int
    /// As a target's `host_keys` has it.
    let fingerprint: String
    private let server: any Channel
    private let connections: OpenChannels

    /// - Parameter password: The only one that it takes.
    init(_ eventLoops: any EventLoopGroup, _ witness: UpstreamWitness, password: String) async throws {
        let connections = OpenChannels()
        self.connections = connections
        let key = try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey()))
        fingerprint = SSHVerificationKey.fingerprint(of: key.publicBlob)
        let hostKey = ServerHostKey(algorithm: key.type, blob: key.publicBlob) { bytes in
            try key.sign(bytes, algorithm: key.type)
        }
        server = try await ServerBootstrap(group: eventLoops)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let transport = SSHTransport(
                        .server([hostKey]), TransportAlgorithms(hostKeys: [key.type]),
                        softwareVersion: "ConformanceHost")
                    let peer = SSHPeer(channel, transport, writeTimeout: .seconds(60))
                    let visit = Visit(peer, password: password, witness, connections)
                    peer.delegate = visit
                    try channel.pipeline.syncOperations.addHandlers([peer, visit])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = server.localAddress?.port ?? 0
    }

    func hangUp() async { await connections.hangUp() }

    func stop() async throws {
        try await server.close()
        await hangUp()
    }
}

/// One connection of the gateway's. A handler too, so that it lives as long as the channel: the peer knows it weakly.
private final class Visit: SSHPeerDelegate, ChannelInboundHandler {
    typealias InboundIn = Never

    private let peer: SSHPeer
    private let password: String
    private let witness: UpstreamWitness
    private let connections: OpenChannels
    private var signIn: UserAuthServer?
    /// Who has signed in, and with what.
    private var credentials = ""
    /// What came for the program of each channel: its variables, its command line, its input.
    private var received: [ChannelID: String] = [:]

    init(
        _ peer: SSHPeer, password: String, _ witness: UpstreamWitness, _ connections: OpenChannels
    ) {
        self.peer = peer
        self.password = password
        self.witness = witness
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) { connections.add(context.channel) }
    func channelInactive(context: ChannelHandlerContext) { connections.remove(context.channel) }

    func peerBecameWritable(_ peer: SSHPeer) {}
    func peer(_ peer: SSHPeer, ended reason: String) {}

    // MARK: Signing in

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) {
        signIn = UserAuthServer(sessionIdentifier: peer.transport.sessionIdentifier, maximumFailures: 3)
    }

    func peer(_ peer: SSHPeer, received message: ByteBuffer) {
        do throws(TransportError) {
            switch try signIn?.receive(message) {
            case .send(let answer): peer.send(answer)
            case .judge(let attempt): try judge(attempt)
            case .judgeOffer, .beginInteractive, nil: break
            }
        } catch {
            peer.disconnect(error.reason, error.message)
        }
    }

    private func judge(_ attempt: UserAuthServer.Attempt) throws(TransportError) {
        guard case .password(let bytes) = attempt.proof, bytes.elementsEqual(password.utf8),
            let success = signIn?.succeed(attempt)
        else {
            for case .send(let answer) in try signIn?.fail() ?? [] { peer.send(answer) }
            return
        }
        credentials = "\(attempt.user):\(String(decoding: bytes, as: UTF8.self))"
        peer.send(success)
        peer.isAuthenticated = true
    }

    // MARK: Running commands

    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) {
        switch event {
        case .openRequested(let id, _): peer.connection.accept(id)
        case .request(let id, let request): receive(request, on: id)
        case .data(let id, _, let bytes):
            received[id, default: ""] += String(buffer: bytes)
            peer.connection.consume(id, bytes.readableBytes)
        // Only now all of the command has come.
        case .eof(let id):
            guard let text = received[id] else { break }
            run(witness.received("\(credentials) \(text)"), in: PeerChannel(id: id, peer: peer))
        case .closed(let id):
            received[id] = nil
            peer.connection.close(id)
        default: break
        }
        peer.setNeedsFlush()
    }

    private func receive(_ request: ChannelRequest, on id: ChannelID) {
        var details = request.details
        switch request.type {
        case "env":
            received[id, default: ""] += "\(details.readSSHText() ?? "")=\(details.readSSHText() ?? "") "
        case "exec":
            received[id, default: ""] += "\(details.readSSHText() ?? "") "
            if request.wantsReply { peer.connection.answer(id, success: true) }
        default: if request.wantsReply { peer.connection.answer(id, success: false) }
        }
    }

    private func run(_ command: ScriptedCommand?, in channel: PeerChannel) {
        guard command?.kind != .unanswered else { return }
        var pieces = ArraySlice<(ChannelStream, ByteBuffer)>()
        if let command {
            let isMasked = command.kind == .masked
            let output = "\(command.marker)\(isMasked ? ",\(command.regulated)" : "")\n"
            let complaint = isMasked ? "the SSN \(command.regulated) is on file\n" : ""
            pieces += Self.cut(output, .standard, by: command.pieceBytes)
            pieces += Self.cut(complaint, .error, by: command.pieceBytes)
        }
        send(pieces, to: channel)
    }

    private static func cut(_ text: String, _ stream: ChannelStream, by size: Int) -> [(ChannelStream, ByteBuffer)] {
        var rest = ByteBuffer(string: text)
        var pieces: [(ChannelStream, ByteBuffer)] = []
        while rest.readableBytes > 0, let piece = rest.readSlice(length: min(size, rest.readableBytes)) {
            pieces.append((stream, piece))
        }
        return pieces
    }

    /// Each piece in a message of its own, as what waits together would be sent together; then the program has ended.
    private func send(_ pieces: ArraySlice<(ChannelStream, ByteBuffer)>, to channel: PeerChannel) {
        guard let (stream, piece) = pieces.first else {
            channel.sendExit(status: 0)
            channel.sendEOF()
            return channel.close()
        }
        channel.send(stream, piece)
        peer.flush()
        let bound = NIOLoopBound((self, pieces.dropFirst(), channel), eventLoop: peer.eventLoop)
        peer.eventLoop.execute {
            let (visit, rest, channel) = bound.value
            visit.send(rest, to: channel)
        }
    }
}
