import Crypto
import Foundation
import Identifiers
import Logging
import StrictJSON
import Synchronization

@testable import Identity

/// An issuer in memory: its documents, its keys, and how often each was asked for.
final class MemoryIssuer: DocumentFetcher {
    static let url = "https://login.example.com"

    private struct State {
        var keys: [(id: String, key: P256.Signing.PrivateKey)] = []
        var fetches: [String: Int] = [:]
        var isDown = false
        var announced: String?
    }

    private let state = Mutex(State())

    private let delay: Duration

    /// - Parameter delay: How long each of its documents takes.
    init(delay: Duration = .zero) {
        self.delay = delay
        addKey("first")
    }

    func addKey(_ id: String) { state.withLock { $0.keys.append((id, P256.Signing.PrivateKey())) } }
    func withdrawKey(_ id: String) { state.withLock { state in state.keys.removeAll { $0.id == id } } }
    func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
    /// Makes the discovery document name another issuer.
    func announce(_ issuer: String) { state.withLock { $0.announced = issuer } }
    func fetches(of path: String) -> Int { state.withLock { $0.fetches[path] ?? 0 } }

    func fetch(_ url: String) async throws -> FetchedDocument {
        if delay > .zero { try await Task.sleep(for: delay) }
        let document: JSONValue = try state.withLock { state in
            let path = String(url.dropFirst(Self.url.count))
            state.fetches[path, default: 0] += 1
            guard url.hasPrefix(Self.url), !state.isDown else { throw DocumentError.unreachable(url: url, "down") }
            if path == "/keys" { return ["keys": .array(state.keys.map { Self.published($0.id, $0.key) })] }
            return [
                "issuer": .string(state.announced ?? Self.url), "jwks_uri": .string("\(Self.url)/keys"),
                "id_token_signing_alg_values_supported": ["ES256", "RS256"],
            ]
        }
        return FetchedDocument(bytes: document.canonicalBytes, maximumAge: .seconds(600))
    }

    private static func published(_ id: String, _ key: P256.Signing.PrivateKey) -> JSONValue {
        let point = key.publicKey.rawRepresentation
        return [
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": .string(id), "x": .string(base64URL(point.prefix(32))),
            "y": .string(base64URL(point.suffix(32))),
        ]
    }

    /// The point of the key `id` in the form that an attacker would take for an HMAC secret.
    func publicKeyBytes(_ id: String) -> Data {
        state.withLock { state in state.keys.first { $0.id == id }?.key.publicKey.rawRepresentation ?? Data() }
    }

    /// Signs a token with the key `id`; `header` and `claims` change what a good one has, `null` takes a member out.
    func token(
        key id: String = "first", header: [String: JSONValue] = [:], claims: [String: JSONValue] = [:],
        at now: Timestamp = .now
    ) throws -> String {
        let seconds = Int64(now.milliseconds / 1000)
        let fullHeader = Self.merge(["alg": "ES256", "kid": .string(id), "typ": "JWT"], header)
        let fullClaims = Self.merge(
            [
                "iss": .string(Self.url), "sub": "u-1", "aud": "sallyport", "email": "alice@example.com",
                "iat": .number(String(seconds)), "exp": .number(String(seconds + 600)), "groups": ["payments", "dba"],
            ], claims)
        let signed = "\(base64URL(fullHeader.canonicalBytes)).\(base64URL(fullClaims.canonicalBytes))"
        return "\(signed).\(base64URL(try signature(over: signed, by: id)))"
    }

    func signature(over text: String, by id: String) throws -> Data {
        let key = state.withLock { state in state.keys.first { $0.id == id }?.key }
        return try (key ?? P256.Signing.PrivateKey()).signature(for: Data(text.utf8)).rawRepresentation
    }

    private static func merge(_ base: [String: JSONValue], _ changes: [String: JSONValue]) -> JSONValue {
        let merged = base.merging(changes) { $1 }.filter { $0.value != .null }
        return .object(merged.map { JSONMember($0.key, $0.value) })
    }

    func authenticator(
        _ change: (inout IssuerConfiguration) -> Void = { _ in }, now: @escaping @Sendable () -> Timestamp = { .now }
    ) -> Authenticator {
        var configuration = IssuerConfiguration(issuer: Self.url, audiences: ["sallyport"], clientID: "cli")
        change(&configuration)
        return Authenticator(issuers: [configuration], fetcher: { _ in self }, now: now, logger: Logger(label: "test"))
    }
}

func base64URL(_ bytes: some DataProtocol) -> String {
    Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}

/// A clock that only moves when a test says so.
final class TestClock: Sendable {
    private let time = Mutex(Timestamp(milliseconds: 1_800_000_000_000))
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ duration: Duration) { time.withLock { $0 = $0.adding(duration) } }
}
