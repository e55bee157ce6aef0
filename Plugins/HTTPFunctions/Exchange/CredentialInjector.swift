import ConfigFile
import Crypto
import NIOCore

/// A permitted request on its way to the function, as a credential sees it.
struct OutgoingRequest: Sendable {
    let method: String
    /// `http` or `https`.
    let scheme: String
    /// Host, and port where it is not the scheme's own: what `Host` says.
    let authority: String
    /// Path and query as they will be sent. A credential that must travel here may change it.
    var target: String
    /// What will be sent, without `Host`, `Content-Length` and hop-by-hop fields. The caller's own credentials are gone.
    var fields: [(name: String, value: String)]
    let body: ByteBuffer

    /// SHA-256 of the body, in lower-case hexadecimal.
    var bodyDigest: String {
        var hash = SHA256()
        body.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        return hash.finalize().reduce(into: "") { text, byte in
            text += byte < 16 ? "0" : ""
            text += String(byte, radix: 16)
        }
    }

    /// Sets the field `name`, in the place of all that have this name in any case.
    mutating func set(_ name: String, _ value: String) {
        let lowercased = name.lowercased()
        fields.removeAll { $0.name.lowercased() == lowercased }
        fields.append((name, value))
    }
}

/// What a credential did to a request.
struct PreparedRequest: Sendable {
    var request: OutgoingRequest
    /// What must never reach the caller: an answer's header field that holds it is dropped, in a body it is erased.
    var secrets: UpstreamSecrets
}

enum CredentialProgress {
    case applied(PreparedRequest)
    /// On the event loop that was given. A failure is a ``CredentialError``.
    case pending(EventLoopFuture<PreparedRequest>)
}

/// Why a credential cannot be had now. Nothing in it is secret.
struct CredentialError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence.
    let reason: String
    var description: String { reason }
}

/// Puts a target's credential into a request that is permitted.
protocol CredentialSource: Sendable {
    /// What it sets on every request alike, where it depends on nothing in the request and needs no fetching: such a
    /// credential is written straight into the head, and `prepare` is not called. `nil` otherwise, as by default.
    var fixed: FixedCredential? { get }

    /// Called on `eventLoop`. Synchronous wherever the credential is at hand.
    func prepare(_ request: OutgoingRequest, on eventLoop: any EventLoop) throws(CredentialError) -> CredentialProgress
}

/// Fields that are the same on every request, e.g. an API key.
struct FixedCredential: Sendable {
    var fields: [(name: String, value: String)]
    /// As in ``PreparedRequest/secrets``.
    var secrets: UpstreamSecrets
}

extension CredentialSource {
    var fixed: FixedCredential? { nil }
}

/// Makes credential sources from the configuration: `Credentials/` has the type that conforms, `CredentialFactory`.
protocol CredentialSourceFactory {
    /// The keys below `credential`.
    static var keys: [ConfigKey] { get }

    /// - Parameters:
    ///   - section: The mapping `credential`; `nil` when the target has none.
    ///   - url: The target's URL.
    ///   - baseDirectory: The folder that relative paths start from.
    /// - Returns: `nil` when nothing is to be injected.
    static func source(
        for section: ConfigSection?, url: String, baseDirectory: String, eventLoops: any EventLoopGroup
    ) throws(ConfigError) -> (any CredentialSource)?
}
