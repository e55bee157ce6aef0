import GatewayCore
import Logging
import NIOCore

/// What all connections of one listener are told.
struct ListenerOptions: Sendable {
    var targetLimit = 8192
    var headLimit = 32_768
    /// Bytes of a request's body; a target may have its own.
    var bodyLimit = 1 << 20
    /// From a head's first byte to its last.
    var headTimeout = TimeAmount.seconds(10)
    /// Between two pieces of a body, and the longest that a body of the greatest size may take is 30 times that.
    var bodyTimeout = TimeAmount.seconds(30)
    /// How long a connection may stay silent between requests, and before the first.
    var idleTimeout = TimeAmount.seconds(75)
    /// How long a caller may leave what was written to it unread.
    var writeTimeout = TimeAmount.seconds(60)
    var maximumConnections = 10_000
    /// The longest that a call is held for an approval.
    var holdLimit = Duration.seconds(300)
    /// How long requests in flight have when the gateway stops.
    var drainTimeout = TimeAmount.seconds(30)
}

/// What the connections of one event loop share: no lock, because nobody else touches it.
final class LoopServices {
    let eventLoop: any EventLoop
    let lane: Lane
    let routes: RouteTable
    let sweeper: DeadlineSweeper
    let logger: Logger
    private let pools: [UpstreamPool]
    private var date = HTTPDate()
    private var connections: [ObjectIdentifier: any DrainableConnection] = [:]
    private(set) var isDraining = false

    init(eventLoop: any EventLoop, lane: Lane, routes: RouteTable, logger: Logger) {
        self.eventLoop = eventLoop
        self.lane = lane
        self.routes = routes
        self.logger = logger
        let sweeper = DeadlineSweeper(eventLoop: eventLoop)
        self.sweeper = sweeper
        pools = routes.targets.map { UpstreamPool(options: $0.upstream, eventLoop: eventLoop, sweeper: sweeper) }
    }

    func pool(of target: FunctionTarget) -> UpstreamPool { pools[target.index] }

    /// The value of `Date` now.
    func dateText(at seconds: UInt64) -> String { date.text(at: seconds) }

    // MARK: Connections

    var connectionCount: Int { connections.count }

    func add(_ connection: any DrainableConnection) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: any DrainableConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Lets connections end once what they carry has ended.
    func drain() {
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
        for pool in pools { pool.drain() }
    }

    func closeAll() {
        for connection in Array(connections.values) { connection.close() }
    }
}

/// A caller's connection, as shutdown sees it.
protocol DrainableConnection: AnyObject {
    /// Takes no further request, and closes when none is in flight.
    func drain()
    func close()
}
