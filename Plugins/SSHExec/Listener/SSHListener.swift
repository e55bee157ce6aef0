import GatewayCore
import NIOCore
import NIOPosix
import Synchronization

/// One port where callers connect.
final class SSHListener: Sendable {
    private let plan: ListenerPlan
    private let hostKeys: [ServerHostKey]
    private let services: SSHServices
    private let loops: LoopTable
    private let connections = Atomic(0)

    init(_ plan: ListenerPlan, _ hostKeys: [ServerHostKey], _ services: SSHServices, _ loops: LoopTable) {
        self.plan = plan
        self.hostKeys = hostKeys
        self.services = services
        self.loops = loops
    }

    func bind(_ eventLoops: any EventLoopGroup) async throws -> any Channel {
        try await ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
            .bind(host: plan.address.host, port: plan.address.port).get()
    }

    private func accept(_ channel: any Channel) throws {
        guard let loop = loops[channel.eventLoop] else { throw ChannelError.inappropriateOperationForState }
        let count = connections.add(1, ordering: .relaxed).newValue
        channel.closeFuture.whenComplete { _ in self.connections.subtract(1, ordering: .relaxed) }
        // A few more than the limit are told why; beyond that nobody is.
        guard count <= plan.options.maximumConnections + 100 else { throw ChannelError.connectPending }
        let transport = SSHTransport(
            .server(hostKeys), TransportAlgorithms(hostKeys: hostKeys.map(\.algorithm)), softwareVersion: "Sallyport")
        let peer = SSHPeer(channel, transport, writeTimeout: plan.options.writeTimeout)
        let connection = CallerConnection(
            peer, loop: loop, services: services, listener: plan, isSurplus: count > plan.options.maximumConnections)
        try channel.pipeline.syncOperations.addHandlers([peer, CallerConnectionKeeper(connection)])
    }
}

/// Keeps a caller's connection alive as long as its channel is: the peer knows it only weakly.
private final class CallerConnectionKeeper: ChannelInboundHandler {
    typealias InboundIn = Never

    private let connection: CallerConnection

    init(_ connection: CallerConnection) { self.connection = connection }
}
