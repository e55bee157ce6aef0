/// What ends a connection below the level of sessions and commands.
struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What the other side is told.
    let reason: DisconnectReason
    /// One sentence, for the other side too: it names nothing that only the gateway knows.
    let message: String

    init(_ reason: DisconnectReason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    static func violation(_ message: String) -> TransportError { TransportError(.protocolError, message) }

    var description: String { message }
}
