import AsyncHTTPClient
import Identity
import NIOSSL

/// The HTTP clients that issuers are asked with, each trusting the certificate authorities that its issuer is configured
/// with.
///
/// They follow no redirects, since an issuer's keys come from where its configuration says, and live as long as the
/// process, also when the rest of the gateway cannot be put together.
struct IssuerClients: Sendable {
    /// Trusts what the system trusts.
    static let usual = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    private let byAuthorities: [String: HTTPClient]

    /// - Throws: `CommandFailure` when an issuer's file of certificate authorities cannot be read.
    init(_ issuers: [IssuerConfiguration]) throws {
        var clients: [String: HTTPClient] = [:]
        for issuer in issuers {
            guard let path = issuer.certificateAuthorities, clients[path] == nil else { continue }
            do {
                clients[path] = Self.client(trusting: try NIOSSLCertificate.fromPEMFile(path))
            } catch {
                throw CommandFailure(
                    "\(path), the ca of \(issuer.issuer), holds no certificates in PEM: \(error)",
                    status: .configuration)
            }
        }
        byAuthorities = clients
    }

    func client(for issuer: IssuerConfiguration) -> HTTPClient {
        issuer.certificateAuthorities.flatMap { byAuthorities[$0] } ?? Self.usual
    }

    /// One that trusts these authorities and no others.
    static func client(trusting authorities: [NIOSSLCertificate]) -> HTTPClient {
        var configuration = Self.configuration
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(authorities)
        configuration.tlsConfiguration = tls
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        // A client that goes away without having been shut down traps; this one goes away with the process.
        _ = Unmanaged.passRetained(client)
        return client
    }

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        // A refused connection is an answer: trying again until the time is up would let callers wait for nothing.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}
