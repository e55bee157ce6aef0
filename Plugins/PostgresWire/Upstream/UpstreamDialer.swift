import CLibPQ
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// Dials databases with libpq, away from the event loops, and hands the connection over to one of them.
///
/// libpq knows every way to reach a server and to sign in; once it has, its socket belongs to a channel.
final class UpstreamDialer: Sendable {
    private let threads: NIOThreadPool

    /// Libpq would take what is not configured from the environment of the gateway: a database that somebody once
    /// exported for `psql` is none of the callers'.
    private static let ignoredEnvironment: Void = {
        guard let defaults = PQconndefaults() else { return }
        defer { PQconninfoFree(defaults) }
        var option = defaults
        while option.pointee.keyword != nil {
            if let variable = option.pointee.envvar { unsetenv(variable) }
            option += 1
        }
    }()

    init(threads: Int) {
        _ = Self.ignoredEnvironment
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threads.start()
    }

    func shutDown() async throws { try await threads.shutdownGracefully() }

    /// Runs what blocks.
    func run<Result: Sendable>(
        on loop: any EventLoop, _ body: @escaping @Sendable () throws -> Result
    ) -> EventLoopFuture<Result> {
        threads.runIfActive(eventLoop: loop, body)
    }

    func cancel(_ canceller: UpstreamCanceller) {
        threads.submit { _ in canceller.cancel() }
    }

    /// - Parameter parameters: libpq's, by keyword.
    /// - Returns: The connection, whose channel does not read by itself. Fails with an `UpstreamDialError`.
    func dial(
        _ parameters: [String: String], within limit: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<UpstreamConnection> {
        let deadline = NIODeadline.now() + limit
        return run(on: loop) { try LibPQConnection(parameters, until: deadline).detach() }
            .flatMap { detached in
                ClientBootstrap(group: loop)
                    .channelOption(.autoRead, value: false)
                    .channelOption(.socketOption(.tcp_nodelay), value: 1)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            guard let tls = detached.tls else { return }
                            try channel.pipeline.syncOperations.addHandler(UpstreamTLSHandler(tls))
                        }
                    }
                    .withConnectedSocket(detached.socket)
                    .map { channel in
                        UpstreamConnection(
                            channel: channel, parameters: detached.parameters, canceller: detached.canceller)
                    }
            }
    }
}
