import NIOCore
import NIOSSL

/// Where a target is and how it is connected to.
struct UpstreamOptions: Sendable {
    let host: String
    let port: Int
    /// What `Host` says: the host, and the port where it is not the scheme's own.
    let authority: String
    /// `nil` for plain HTTP.
    let tls: NIOSSLContext?
    /// The name in the certificate and in SNI; `nil` for an address.
    let serverName: String?
    /// Path that stands before every path; no slash at its end.
    let basePath: String
    var connectTimeout: TimeAmount = .seconds(5)
    /// From the request to the answer's head.
    var responseTimeout: TimeAmount = .seconds(60)
    /// Between two pieces of an answer.
    var stallTimeout: TimeAmount = .seconds(300)
    /// How long an unused connection is kept.
    var idleTimeout: TimeAmount = .seconds(30)
    /// Connections for each event loop.
    var maximumConnections = 128

    var scheme: String { tls == nil ? "http" : "https" }
}
