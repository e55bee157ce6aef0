import CLibPQ
import NIOCore

/// A connection on which the gateway has signed in to a database, and which is now the session's.
struct UpstreamConnection {
    let channel: any Channel
    /// What the server reports of its settings, by name.
    let parameters: [String: String]
    let canceller: UpstreamCanceller
}

/// Cancels what runs on one connection, on a connection of its own (PostgreSQL documentation, section 55.2.8).
///
/// libpq 15 sends the request in clear, also where the session has TLS: it holds a process id and a key of the server's.
final class UpstreamCanceller: @unchecked Sendable {
    // Made once and only read, as PQcancel does, which may be called from any thread.
    private let request: OpaquePointer

    /// `nil` when libpq has none, for want of memory.
    init?(_ connection: OpaquePointer) {
        guard let request = PQgetCancel(connection) else { return nil }
        self.request = request
    }

    deinit { PQfreeCancel(request) }

    /// Blocks until the server has taken the request.
    func cancel() {
        var message = [CChar](repeating: 0, count: 256)
        _ = PQcancel(request, &message, Int32(message.count))
    }
}
