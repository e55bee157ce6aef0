import ConfigFile
import GatewayCore
import Logging
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// The services of each event loop, found by the loop.
struct LoopTable: Sendable {
    private let byLoop: [ObjectIdentifier: NIOLoopBound<LoopServices>]

    /// Makes the services of every loop, each on its own.
    init(
        _ eventLoops: any EventLoopGroup, sessions: SessionManager, routes: RouteTable, logger: Logger
    ) async throws {
        var byLoop: [ObjectIdentifier: NIOLoopBound<LoopServices>] = [:]
        for loop in eventLoops.makeIterator() {
            byLoop[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(
                    LoopServices(
                        eventLoop: loop, lane: try sessions.lane(on: loop), routes: routes, logger: logger),
                    eventLoop: loop)
            }.get()
        }
        self.byLoop = byLoop
    }

    subscript(loop: any EventLoop) -> LoopServices? { byLoop[ObjectIdentifier(loop)]?.value }

    /// Runs `body` on every loop and adds up what it returns.
    func sum(_ body: @escaping @Sendable (LoopServices) -> Int) async throws -> Int {
        var total = 0
        for services in byLoop.values {
            total += try await services.eventLoop.submit { body(services.value) }.get()
        }
        return total
    }
}

/// One port where callers connect.
final class Listener: Sendable {
    let address: ConfigAddress
    private let options: ListenerOptions
    private let tls: NIOSSLContext?
    private let connections = Atomic(0)

    init(address: ConfigAddress, options: ListenerOptions, tls: NIOSSLContext?) {
        self.address = address
        self.options = options
        self.tls = tls
    }

    var isSecure: Bool { tls != nil }
    var drainTimeout: Duration { .nanoseconds(options.drainTimeout.nanoseconds) }

    func bind(_ eventLoops: any EventLoopGroup, _ loops: LoopTable) async throws -> any Channel {
        try await ServerBootstrap(group: eventLoops)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel, loops) }
            }
            .bind(host: address.host, port: address.port).get()
    }

    private func accept(_ channel: any Channel, _ loops: LoopTable) throws {
        guard let services = loops[channel.eventLoop] else { throw ChannelError.inappropriateOperationForState }
        guard connections.add(1, ordering: .relaxed).newValue <= options.maximumConnections else {
            connections.subtract(1, ordering: .relaxed)
            throw TooManyConnections()
        }
        channel.closeFuture.whenComplete { _ in self.connections.subtract(1, ordering: .relaxed) }
        let sync = channel.pipeline.syncOperations
        let options = options
        guard let tls else {
            try sync.addHandler(
                ProtocolDetector(services: services, idleTimeout: options.idleTimeout) { detected, channel in
                    try Self.configure(detected, channel, services, options)
                })
            return
        }
        try sync.addHandler(NIOSSLServerHandler(context: tls))
        let detector = TLSDetector(services: services, timeout: options.headTimeout) { detected, channel in
            try Self.configure(detected, channel, services, options)
        }
        try sync.addHandler(detector)
    }

    private static func configure(
        _ detected: ProtocolDetector.Detected, _ channel: any Channel, _ services: LoopServices,
        _ options: ListenerOptions
    ) throws {
        let client = channel.remoteAddress.map(Self.text) ?? "unknown"
        let bound = NIOLoopBound(channel, eventLoop: channel.eventLoop)
        let sessions = CallerSessions(services: services, client: client) { bound.value.close(promise: nil) }
        let sync = channel.pipeline.syncOperations
        switch detected {
        case .http1:
            try sync.addHandler(HTTP1Connection(services: services, options: options, sessions: sessions))
        case .http2:
            let connection = HTTP2Connection(services: services, options: options, sessions: sessions)
            let boundConnection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
            var configuration = NIOHTTP2Handler.ConnectionConfiguration()
            configuration.initialSettings = HTTP2Connection.settings(options)
            _ = try sync.configureHTTP2Pipeline(
                mode: .server, connectionConfiguration: configuration,
                streamConfiguration: .init(), position: .last
            ) { stream in
                stream.eventLoop.makeCompletedFuture {
                    try stream.pipeline.syncOperations.addHandler(HTTP2Stream(connection: boundConnection.value))
                }
            }
            try sync.addHandler(connection)
        }
    }

    /// `10.1.2.3:51234`.
    private static func text(_ address: SocketAddress) -> String {
        guard let host = address.ipAddress, let port = address.port else { return "\(address)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

struct TooManyConnections: Error {}

/// Waits for the handshake and configures what ALPN agreed on; a handshake that takes too long is given up.
private final class TLSDetector: ChannelInboundHandler, RemovableChannelHandler, Sweepable {
    typealias InboundIn = ByteBuffer

    private let services: LoopServices
    private let configure: (ProtocolDetector.Detected, any Channel) throws -> Void
    private let deadline: NIODeadline
    private var context: ChannelHandlerContext?

    init(
        services: LoopServices, timeout: TimeAmount,
        configure: @escaping (ProtocolDetector.Detected, any Channel) throws -> Void
    ) {
        self.services = services
        self.configure = configure
        deadline = .now() + timeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        services.sweeper.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        services.sweeper.remove(self)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        do {
            try configure(negotiated == "h2" ? .http2 : .http1, context.channel)
            context.fireUserInboundEventTriggered(event)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func sweep(at now: NIODeadline) {
        if deadline < now { context?.close(promise: nil) }
    }
}
