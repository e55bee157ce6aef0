import GatewayCore
import NIOCore
import NIOPosix
import NIOSSL

/// The connections of one event loop to one target.
///
/// A request never leaves its event loop, so the pool needs no lock. The only way to send one is to give a permit away.
final class UpstreamPool: Sweepable {
    let options: UpstreamOptions
    let sweeper: DeadlineSweeper
    private let eventLoop: any EventLoop
    private var idle: [UpstreamConnection] = []
    private var waiting: [UpstreamCall] = []
    /// Connections open or being opened.
    private var open = 0
    /// Those of them that are being opened.
    private var opening = 0
    private var all: [ObjectIdentifier: UpstreamConnection] = [:]
    private var isDraining = false

    /// Calls that wait for a connection; more are refused.
    static let waitingLimit = 1024

    init(options: UpstreamOptions, eventLoop: any EventLoop, sweeper: DeadlineSweeper) {
        self.options = options
        self.eventLoop = eventLoop
        self.sweeper = sweeper
    }

    /// Sends `request`, once, by the right that `permit` gives.
    ///
    /// - Parameter take: Gets the call, through which its outcome must be recorded, before anything can happen to it.
    func forward(
        _ permit: consuming Permit, request: UpstreamRequest, receiver: any UpstreamReceiver,
        take: (UpstreamCall) -> Void
    ) {
        let call = UpstreamCall(
            permit, request: request, receiver: receiver, pool: self, deadline: .now() + options.connectTimeout)
        take(call)
        send(call)
    }

    private func send(_ call: UpstreamCall) {
        while let connection = idle.popLast() {
            if connection.isUsable {
                connection.start(call)
                return
            }
        }
        guard waiting.count < Self.waitingLimit else {
            call.takeReceiver()?.receiveFailure(.busy)
            return
        }
        wait(call)
        connectForWaiting()
    }

    /// Lets every unused connection go, now and from now on.
    func drain() {
        isDraining = true
        for connection in idle { connection.close() }
        idle = []
    }

    // MARK: For calls and connections

    func forget(_ call: UpstreamCall) { waiting.removeAll { $0 === call } }

    private func wait(_ call: UpstreamCall) {
        if waiting.isEmpty { sweeper.add(self) }
        call.waitsSince = .now()
        waiting.append(call)
    }

    func connected(_ connection: UpstreamConnection) {
        opening -= 1
        all[ObjectIdentifier(connection)] = connection
        release(connection)
    }

    /// Takes back a connection that is free.
    func release(_ connection: UpstreamConnection) {
        if !waiting.isEmpty {
            connection.start(waiting.removeFirst())
        } else if isDraining {
            connection.close()
        } else {
            idle.append(connection)
        }
    }

    func remove(_ connection: UpstreamConnection) {
        guard all.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        open -= 1
        idle.removeAll { $0 === connection }
        connectForWaiting()
    }

    /// A call whose answer never began.
    ///
    /// It is sent again, once and on a new connection, only if it was on a kept connection that turned out closed and
    /// its method is safe: anything else may have run, and a permit is for one run.
    func failed(_ call: UpstreamCall, _ failure: UpstreamFailure, wasReused: Bool) {
        if wasReused, failure == .closed, call.request.isSafe, !call.isRetried, call.receiver != nil {
            call.isRetried = true
            wait(call)
            connectForWaiting()
        } else {
            call.takeReceiver()?.receiveFailure(failure)
        }
    }

    /// A connection, begun at `start`, could not be made ready: the oldest call that waits hears of it. One that came
    /// later than the attempt was begun, for a call that has gone since, gets an attempt of its own.
    func failedToConnect(_ failure: UpstreamFailure, begun start: NIODeadline) {
        opening -= 1
        open -= 1
        if let oldest = waiting.first, oldest.waitsSince <= start {
            waiting.removeFirst()
            oldest.takeReceiver()?.receiveFailure(failure)
        }
        connectForWaiting()
    }

    func sweep(at now: NIODeadline) {
        let late = waiting.filter { $0.deadline < now && open >= options.maximumConnections }
        waiting.removeAll { call in late.contains { $0 === call } }
        if waiting.isEmpty { sweeper.remove(self) }
        for call in late { call.takeReceiver()?.receiveFailure(.busy) }
    }

    // MARK: Connecting

    /// As many connections are being opened as calls wait, and no more: one whose call has gone is for the next call, or
    /// for the idle ones.
    private func connectForWaiting() {
        while opening < waiting.count, open < options.maximumConnections { connect() }
    }

    private func connect() {
        open += 1
        opening += 1
        let start = NIODeadline.now()
        let pool = NIOLoopBound(self, eventLoop: eventLoop)
        let tls = options.tls
        let serverName = options.serverName
        ClientBootstrap(group: eventLoop)
            .connectTimeout(options.connectTimeout)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        UpstreamConnection(pool: pool.value, isTLS: tls != nil))
                }
            }
            .connect(host: options.host, port: options.port)
            .assumeIsolated()
            .whenComplete { result in
                do {
                    let channel = try result.get()
                    try channel.pipeline.syncOperations.handler(type: UpstreamConnection.self).choose(begun: start)
                } catch {
                    pool.value.failedToConnect(.connect(Self.describe(error)), begun: start)
                }
            }
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        // The handler has left already.
        case is ChannelPipelineError: "closed"
        case let error as IOError: "\(error.localizedDescription)"
        case let error as ChannelError:
            if case .connectTimeout = error { "no connection in time" } else { "\(error)" }
        case let error as NIOConnectionError:
            error.dnsAError != nil && error.connectionErrors.isEmpty
                ? "the name is not known" : error.connectionErrors.first.map { describe($0.error) } ?? "no connection"
        default: "\(error)"
        }
    }
}
