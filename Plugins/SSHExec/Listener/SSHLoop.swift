import GatewayCore
import Logging
import NIOCore

/// What the connections of one event loop share: no lock, because nobody else touches it.
final class SSHLoop {
    let eventLoop: any EventLoop
    let lane: Lane
    let logger: Logger
    private var connections: [ObjectIdentifier: CallerConnection] = [:]
    private(set) var isDraining = false

    init(eventLoop: any EventLoop, lane: Lane, logger: Logger) {
        self.eventLoop = eventLoop
        self.lane = lane
        self.logger = logger
    }

    var connectionCount: Int { connections.count }

    func add(_ connection: CallerConnection) { connections[ObjectIdentifier(connection)] = connection }
    func remove(_ connection: CallerConnection) { connections[ObjectIdentifier(connection)] = nil }

    /// Lets connections end once nothing runs in them.
    func drain() {
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
    }

    func closeAll() {
        for connection in Array(connections.values) { connection.shutDown() }
    }
}

/// The loops, found by NIO's.
struct LoopTable: Sendable {
    private let byLoop: [ObjectIdentifier: NIOLoopBound<SSHLoop>]

    init(_ eventLoops: any EventLoopGroup, sessions: SessionManager, logger: Logger) async throws {
        var byLoop: [ObjectIdentifier: NIOLoopBound<SSHLoop>] = [:]
        for loop in eventLoops.makeIterator() {
            byLoop[ObjectIdentifier(loop)] = try await loop.submit {
                NIOLoopBound(
                    SSHLoop(eventLoop: loop, lane: try sessions.lane(on: loop), logger: logger), eventLoop: loop)
            }.get()
        }
        self.byLoop = byLoop
    }

    subscript(loop: any EventLoop) -> SSHLoop? { byLoop[ObjectIdentifier(loop)]?.value }

    /// Runs `body` on every loop and adds up what it returns.
    func sum(_ body: @escaping @Sendable (SSHLoop) -> Int) async throws -> Int {
        var total = 0
        for loop in byLoop.values {
            total += try await loop.eventLoop.submit { body(loop.value) }.get()
        }
        return total
    }
}
