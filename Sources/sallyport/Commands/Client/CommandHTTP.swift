import AsyncHTTPClient
import Foundation
import Identity
import NIOCore
import NIOPosix
import NIOSSL

/// The HTTP client of the commands that speak to a gateway or an issuer.
enum CommandHTTP {
    /// A client that follows no redirects, because a token must not go where an answer points.
    ///
    /// It lives as long as the process, which ends with the command.
    ///
    /// - Parameter authorities: PEM file of the certificate authorities to trust instead of the system's.
    static func client(authorities: String? = nil) throws -> HTTPClient {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(10)
        // A refused connection is an answer; the client would try again until the request's time is up.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let path = authorities ?? ProcessInfo.processInfo.environment["SALLYPORT_CA"] {
            var tls = TLSConfiguration.makeClientConfiguration()
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(path))
            } catch {
                throw CommandFailure("\(path) holds no certificates in PEM: \(error)", status: .configuration)
            }
            configuration.tlsConfiguration = tls
        }
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        // A client that goes away without having been shut down traps; this one goes away with the process.
        _ = Unmanaged.passRetained(client)
        return client
    }

    /// - Throws: `CommandFailure` unless `url` is https, or http on this machine itself.
    static func requireSafe(_ url: String) throws {
        guard HTTPDocumentFetcher.isAcceptable(url) else {
            throw CommandFailure(
                "\(url) is neither https nor on this machine; a token is not sent there unencrypted", status: .usage)
        }
    }

    static func unreachable(_ what: String, _ url: String, _ error: any Error) -> CommandFailure {
        CommandFailure(
            "\(what) at \(url) cannot be reached (\(reason(error))); `sallyport doctor` looks at what runs and what does not",
            status: .unavailable)
    }

    /// Why a connection failed, in the system's words where it is the system that refused.
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? error.dnsAError.map(reason)
                ?? "\(error.host) has no address"
        default: "\(error)"
        }
    }
}
