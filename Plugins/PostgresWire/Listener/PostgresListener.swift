import GatewayCore
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// What each event loop has, found by the loop.
struct LoopTable: Sendable {
    private let byLoop: [ObjectIdentifier: NIOLoopBound<PostgresLoop>]

    init(
        _ eventLoops: any EventLoopGroup, sessions: SessionManager, targets: [PostgresTarget], spools: SpoolSpace,
        logger: Logger
    ) async throws {
        var byLoop: [ObjectIdentifier: NIOLoopBound<PostgresLoop>] = [:]
        let functions = targets.flatMap(\.effectfulFunctions)
        for loop in eventLoops.makeIterator() {
            byLoop[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(
                    PostgresLoop(
                        eventLoop: loop, lane: try sessions.lane(on: loop),
                        reader: SQLReader(options: SQLReadingOptions(effectfulFunctions: functions)), spools: spools,
                        logger: logger),
                    eventLoop: loop)
            }.get()
        }
        self.byLoop = byLoop
    }

    subscript(loop: any EventLoop) -> PostgresLoop? { byLoop[ObjectIdentifier(loop)]?.value }

    /// Runs `body` on every loop and adds up what it returns.
    func sum(_ body: @escaping @Sendable (PostgresLoop) -> Int) async throws -> Int {
        var total = 0
        for loop in byLoop.values {
            total += try await loop.eventLoop.submit { body(loop.value) }.get()
        }
        return total
    }
}

/// One port where callers connect.
final class PostgresListener: Sendable {
    private let plan: ListenerPlan
    private let services: PostgresServices
    private let loops: LoopTable
    private let connections = Atomic(0)

    init(_ plan: ListenerPlan, _ services: PostgresServices, _ loops: LoopTable) {
        self.plan = plan
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
        try channel.pipeline.syncOperations.addHandler(
            CallerConnection(
                channel, loop: loop, services: services, listener: plan,
                isSurplus: count > plan.options.maximumConnections))
    }
}
