import GatewayCore
import Logging
import NIOCore

/// What the sessions of one event loop share: no lock, because nobody else touches it.
final class PostgresLoop {
    let eventLoop: any EventLoop
    let lane: Lane
    let logger: Logger
    var reader: SQLReader
    /// Where long messages wait, of all loops.
    let spools: SpoolSpace
    private var connections: [ObjectIdentifier: any DrainableConnection] = [:]
    private(set) var isDraining = false

    init(
        eventLoop: any EventLoop, lane: Lane, reader: SQLReader, spools: SpoolSpace, logger: Logger
    ) {
        self.spools = spools
        self.eventLoop = eventLoop
        self.lane = lane
        self.reader = reader
        self.logger = logger
    }

    var connectionCount: Int { connections.count }

    func add(_ connection: any DrainableConnection) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: any DrainableConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Lets sessions end once their transactions have.
    func drain() {
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
    }

    func closeAll() {
        for connection in Array(connections.values) { connection.shutDown() }
    }
}

/// A caller's connection, as shutdown sees it.
protocol DrainableConnection: AnyObject {
    /// Ends when no transaction is open.
    func drain()
    /// Ends now, with a reason for the caller.
    func shutDown()
}
