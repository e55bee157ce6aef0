import Identifiers
import Logging
import Synchronization

/// Turns tokens into callers: the gateway's front door.
///
/// Trusts the configured issuers alone, takes their keys only from where their discovery documents say, and never
/// follows an address or a key that a token brings along (`jku`, `jwk`, `x5u`, `_claim_sources`).
public final class Authenticator: Sendable {
    /// Longer tokens are refused before anything in them is read, in bytes.
    public static let largestToken = 16_384

    private struct Issuer: Sendable {
        let configuration: IssuerConfiguration
        let keys: IssuerKeys
    }

    /// Passwords that stand for tokens which were verified here.
    public let credentials = ShortLivedCredentials()
    /// SSH keys that stand for tokens which were verified here.
    public let registeredKeys = RegisteredKeys()

    private let issuers: [Issuer]
    private let deviceSignIns: DeviceSignIns
    private let now: @Sendable () -> Timestamp
    private let keyGeneration: KeyGeneration

    /// - Parameters:
    ///   - fetcher: For an issuer's discovery document and key set: each may have certificate authorities of its own.
    ///   - forms: For an issuer's endpoints; `nil` for one that nobody shall sign in at through the gateway itself.
    ///   - now: The clock, for tests.
    public init(
        issuers: [IssuerConfiguration], fetcher: (IssuerConfiguration) throws -> any DocumentFetcher,
        forms: (IssuerConfiguration) -> (any FormPoster)? = { _ in nil },
        now: @escaping @Sendable () -> Timestamp = { .now }, logger: Logger
    ) rethrows {
        let generation = KeyGeneration()
        self.keyGeneration = generation
        self.now = now
        var devices: [DeviceSignIns.Issuer] = []
        self.issuers = try issuers.map { configuration in
            let fetcher = try fetcher(configuration)
            if let forms = forms(configuration) {
                devices.append(.init(configuration: configuration, fetcher: fetcher, forms: forms))
            }
            return Issuer(
                configuration: configuration,
                keys: IssuerKeys(
                    configuration: configuration, fetcher: fetcher, now: now,
                    keysChanged: { generation.advance() }, logger: logger))
        }
        deviceSignIns = DeviceSignIns(issuers: devices, now: now, logger: logger)
    }

    /// Changes whenever any issuer's keys do: what was verified before must be verified again.
    public var generation: Int { keyGeneration.value }

    /// The `iss` of each configured issuer, in the configuration's order.
    public var issuerNames: [String] { issuers.map(\.configuration.issuer) }

    /// Verifies `token` and reads its caller.
    public func authenticate(_ token: String) async throws(SignInError) -> Caller {
        let parsed = try SignedToken(token)
        guard let name = parsed.header["alg"]?.string else { throw .malformed("its header names no algorithm") }
        guard let algorithm = SigningAlgorithm(rawValue: name) else { throw .algorithmRefused(name) }
        guard let issuerName = parsed.claims["iss"]?.string else { throw .malformed("it names no issuer") }
        guard let issuer = issuers.first(where: { $0.configuration.spellings.contains(issuerName) }) else {
            throw .unknownIssuer
        }
        // Claims first: what is expired or meant for others must not cause a fetch.
        let claims = try TokenClaims(parsed, for: issuer.configuration, at: now())
        let keyID: String?
        switch parsed.header["kid"] {
        case .none: keyID = nil
        case .string(let text): keyID = text
        default: throw .malformed("its kid is not a text")
        }
        let key = try await issuer.keys.key(keyID, for: algorithm)
        guard key.verifies(parsed.signature, over: parsed.signedBytes, with: algorithm) else { throw .badSignature }
        let label = parsed.claims["email"]?.string ?? parsed.claims["preferred_username"]?.string
        return Caller(
            issuer: claims.issuer, subject: claims.subject, label: label.map { String($0.prefix(256)) },
            groups: GroupsReader(configuration: issuer.configuration).groups(in: parsed.claims),
            signedInAt: Timestamp(milliseconds: UInt64(claims.issuedAt) * 1000),
            expiresAt: Timestamp(milliseconds: UInt64(min(claims.expiresAt, 1 << 42)) * 1000))
    }

    /// Asks an issuer for a code that a person confirms on another device (RFC 8628), for protocols in which the gateway
    /// can show a text and nothing more.
    public func beginDeviceSignIn() async throws(SignInError) -> DevicePrompt {
        do {
            return try await deviceSignIns.begin()
        } catch {
            throw .device(error)
        }
    }

    /// Waits until the person has signed in, and verifies the token as any other.
    public func finishDeviceSignIn(_ prompt: DevicePrompt) async throws(SignInError) -> Caller {
        let token: String
        do {
            token = try await prompt.token()
        } catch {
            throw .device(error)
        }
        return try await authenticate(token)
    }

    /// Fetches all issuers' keys ahead of the first token. An issuer that is down does not hinder the start.
    public func warmUp() async {
        await withTaskGroup(of: Void.self) { group in
            for issuer in issuers { group.addTask { try? await issuer.keys.refreshIfStale() } }
        }
    }

    /// Whether each issuer's keys are at hand, for `doctor` and readiness.
    public func health() async -> [(issuer: String, problem: String?)] {
        var all: [(String, String?)] = []
        for issuer in issuers {
            do {
                try await issuer.keys.refreshIfStale()
                all.append((issuer.configuration.issuer, nil))
            } catch {
                all.append((issuer.configuration.issuer, error.reason))
            }
        }
        return all
    }
}

/// Counts changes of key sets; read on every sign-in, so an atomic.
private final class KeyGeneration: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .acquiring) }

    func advance() { count.add(1, ordering: .acquiringAndReleasing) }
}
