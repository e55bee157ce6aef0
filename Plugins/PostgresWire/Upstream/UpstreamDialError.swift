/// Why a database cannot be reached.
struct UpstreamDialError: Error, Hashable, CustomStringConvertible {
    /// As libpq says it, with the server's words where there are any.
    let message: String
    /// The database refused the gateway's own credential, so that the caller can do nothing about it.
    let isGatewayRefused: Bool

    var description: String { message }

    init(_ message: String) {
        let line = message.split(separator: "\n").joined(separator: " ").trimmingPrefix(while: { $0 == " " })
        self.message = String(line)
        isGatewayRefused =
            message.contains("password authentication failed") || message.contains("no pg_hba.conf entry")
            || message.contains("no password supplied")
    }
}
