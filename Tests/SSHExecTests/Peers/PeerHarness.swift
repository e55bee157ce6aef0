import NIOCore
import NIOEmbedded

@testable import SSHExec

/// A gateway's side of a connection on a channel in memory, and the client's machines at its other end.
final class PeerHarness: SSHPeerDelegate {
    let channel = EmbeddedChannel()
    let peer: SSHPeer
    var client: SSHTransport
    var clientConnection = SSHConnection()
    private(set) var events: [SSHConnection.Event] = []
    private(set) var clientEvents: [SSHConnection.Event] = []
    private(set) var ended: String?
    private(set) var timesWritable = 0
    /// The client's machine has refused what came.
    private(set) var failure: TransportError?

    init() throws {
        let pair = TransportPair()
        client = pair.client
        peer = SSHPeer(channel, pair.server, writeTimeout: .seconds(60))
        peer.delegate = self
        try channel.pipeline.syncOperations.addHandler(peer)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 22)).wait()
    }

    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?) { peer.isAuthenticated = true }
    func peer(_ peer: SSHPeer, received message: ByteBuffer) {}
    func peer(_ peer: SSHPeer, received event: SSHConnection.Event) { events.append(event) }
    func peerBecameWritable(_ peer: SSHPeer) { timesWritable += 1 }
    func peer(_ peer: SSHPeer, ended reason: String) { ended = reason }

    /// Passes bytes to and fro until neither side has more to say.
    func run() throws {
        while true {
            channel.embeddedEventLoop.run()
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) { client.append(bytes) }
            do throws(TransportError) {
                while let event = try client.next() {
                    if case .message(let message) = event { _ = try clientConnection.receive(message) }
                }
            } catch {
                failure = error
                return
            }
            clientEvents += clientConnection.takeEvents()
            while !client.isExchangingKeys, let message = clientConnection.nextOutbound() { try client.send(message) }
            guard let bytes = client.takeOutbound() else { return }
            try channel.writeInbound(bytes)
        }
    }

    /// A session channel that both have.
    func open() throws -> (client: ChannelID, server: ChannelID) {
        let id = clientConnection.open(type: "session")
        try run()
        guard case .openRequested(let other, _)? = events.last else { throw TransportError.violation("none") }
        peer.connection.accept(other)
        peer.setNeedsFlush()
        try run()
        return (id, other)
    }

    func setWritable(_ isWritable: Bool) {
        channel.isWritable = isWritable
        channel.pipeline.fireChannelWritabilityChanged()
    }
}
