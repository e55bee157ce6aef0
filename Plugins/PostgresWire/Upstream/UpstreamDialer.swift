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
                    .withConnectedSocket(detached.socket)
                    .map { channel in
                        UpstreamConnection(
                            channel: channel, parameters: detached.parameters, canceller: detached.canceller)
                    }
            }
    }
}

/// A socket on which libpq has signed in, without libpq.
private struct DetachedConnection: Sendable {
    let socket: CInt
    let parameters: [String: String]
    let canceller: UpstreamCanceller
}

/// libpq's connection object.
private final class LibPQConnection {
    private let connection: OpaquePointer

    /// What servers report, up to PostgreSQL 18 (`GUC_REPORT`).
    private static let reported = [
        "application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby",
        "integer_datetimes", "IntervalStyle", "is_superuser", "scram_iterations", "search_path", "server_encoding",
        "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
    ]

    init(_ parameters: [String: String], until deadline: NIODeadline) throws {
        let pairs = parameters.sorted { $0.key < $1.key }
        let keywords = pairs.map { strdup($0.key) }
        let values = pairs.map { strdup($0.value) }
        defer { for text in keywords + values { free(text) } }
        let started = PQconnectStartParams(
            keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 0)
        guard let started else { throw UpstreamDialError("out of memory") }
        connection = started
        guard PQstatus(connection) != CONNECTION_BAD else { throw failure }
        var wanted = PGRES_POLLING_WRITING
        while wanted != PGRES_POLLING_OK {
            guard wanted != PGRES_POLLING_FAILED else { throw failure }
            try wait(toRead: wanted == PGRES_POLLING_READING, until: deadline)
            wanted = PQconnectPoll(connection)
        }
    }

    deinit { PQfinish(connection) }

    private var failure: UpstreamDialError { UpstreamDialError(String(cString: PQerrorMessage(connection))) }

    private func wait(toRead: Bool, until deadline: NIODeadline) throws {
        var descriptor = pollfd(fd: PQsocket(connection), events: Int16(toRead ? POLLIN : POLLOUT), revents: 0)
        while true {
            let left = (deadline - .now()).nanoseconds / 1_000_000
            guard left > 0 else {
                throw UpstreamDialError("the database did not answer in time")
            }
            let ready = poll(&descriptor, 1, Int32(min(left, 60_000)))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw UpstreamDialError("poll failed: errno \(errno)") }
        }
    }

    /// Takes the socket out of libpq, which would say goodbye to the server when it is done.
    func detach() throws -> DetachedConnection {
        var parameters: [String: String] = [:]
        for name in Self.reported {
            if let value = PQparameterStatus(connection, name) { parameters[name] = String(cString: value) }
        }
        guard PQsslInUse(connection) == 0 else {
            throw UpstreamDialError(
                "the gateway cannot speak TLS to databases yet: set sslmode to disable in the target's connection")
        }
        guard let canceller = UpstreamCanceller(connection) else { throw UpstreamDialError("out of memory") }
        let own = PQsocket(connection)
        let socket = fcntl(own, F_DUPFD_CLOEXEC, 0)
        guard socket >= 0 else { throw UpstreamDialError("no more files can be opened: errno \(errno)") }
        // What libpq writes from now on goes nowhere.
        let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard nowhere >= 0, dup2(nowhere, own) >= 0 else {
            close(socket)
            throw UpstreamDialError("no more files can be opened: errno \(errno)")
        }
        close(nowhere)
        return DetachedConnection(socket: socket, parameters: parameters, canceller: canceller)
    }
}
