import CLibPQ
import NIOCore

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

/// A socket on which libpq has signed in, without libpq.
struct DetachedConnection: Sendable {
    let socket: CInt
    let tls: UpstreamTLS?
    let parameters: [String: String]
    let canceller: UpstreamCanceller
}

/// libpq's connection object.
final class LibPQConnection {
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

    /// Runs one statement, and waits for all of its rows.
    ///
    /// - Parameter arguments: Texts for `$1`, `$2`, ….
    /// - Returns: The columns of each row as texts; `nil` for NULL.
    func query(_ text: String, _ arguments: [String]) throws -> [[String?]] {
        let values = arguments.map { strdup($0) }
        defer { for value in values { free(value) } }
        let result = PQexecParams(
            connection, text, Int32(values.count), nil, values.map { UnsafePointer($0) }, nil, nil, 0)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_TUPLES_OK else { throw failure }
        return (0..<PQntuples(result)).map { row in
            (0..<PQnfields(result)).map { column in
                PQgetisnull(result, row, column) == 1 ? nil : String(cString: PQgetvalue(result, row, column))
            }
        }
    }

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
        var tls: UpstreamTLS?
        if PQsslInUse(connection) != 0 {
            guard let session = PQsslStruct(connection, "OpenSSL"),
                let made = UpstreamTLS(OpaquePointer(session), of: self)
            else {
                close(socket)
                throw UpstreamDialError("libpq's TLS session cannot be taken over: it is not OpenSSL's")
            }
            tls = made
        }
        return DetachedConnection(socket: socket, tls: tls, parameters: parameters, canceller: canceller)
    }
}
