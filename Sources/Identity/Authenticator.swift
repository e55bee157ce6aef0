import Identifiers
import Logging
import SSHCredentials
import Synchronization

/// Turns tokens into callers: the gateway's front door.
///
/// Trusts the configured issuers alone, takes their keys only from where their discovery documents say, and never
/// follows an address or a key that a token brings along (`jku`, `jwk`, `x5u`, `_claim_sources`).
public final class Authenticator: Sendable {
    /// Longer tokens are refused before anything in them is read, in bytes.
    public static let largestToken = 16_384

    private struct Issuer: Sendable {
        var configuration: IssuerConfiguration
        let keys: IssuerKeys

        /// The same issuer, of whose tokens those for these clients are taken and no others.
        func accepting(_ clients: [String]) -> Issuer {
            var other = self
            other.configuration.audiences = clients
            other.configuration.clientID = nil
            return other
        }
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
        return try await verify(parsed, of: try issuer(of: parsed), validity: .untilExpiry)
    }

    private func issuer(of token: SignedToken) throws(SignInError) -> Issuer {
        guard let name = token.claims["iss"]?.string else { throw .malformed("it names no issuer") }
        guard let issuer = issuers.first(where: { $0.configuration.spellings.contains(name) }) else {
            throw .unknownIssuer
        }
        return issuer
    }

    private func verify(
        _ token: SignedToken, of issuer: Issuer, validity: TokenClaims.Validity
    ) async throws(SignInError) -> Caller {
        guard let name = token.header["alg"]?.string else { throw .malformed("its header names no algorithm") }
        guard let algorithm = SigningAlgorithm(rawValue: name) else { throw .algorithmRefused(name) }
        // Claims first: what is expired or meant for others must not cause a fetch.
        let claims = try TokenClaims(token, for: issuer.configuration, validity: validity, at: now())
        let keyID: String?
        switch token.header["kid"] {
        case .none: keyID = nil
        case .string(let text): keyID = text
        default: throw .malformed("its kid is not a text")
        }
        let key = try await issuer.keys.key(keyID, for: algorithm)
        guard key.verifies(token.signature, over: token.signedBytes, with: algorithm) else { throw .badSignature }
        let label = token.claims["email"]?.string ?? token.claims["preferred_username"]?.string
        return Caller(
            issuer: claims.issuer, subject: claims.subject, label: label.map { String($0.prefix(256)) },
            groups: GroupsReader(configuration: issuer.configuration).groups(in: token.claims),
            signedInAt: Timestamp(seconds: UInt64(claims.issuedAt)),
            expiresAt: Timestamp(seconds: UInt64(claims.expiresAt)))
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

    // MARK: Certificates

    /// Judges a certificate that a client shows over SSH, as far as that takes nobody else: of one of `authorities`, or
    /// of opkssh, which its own key has signed.
    ///
    /// - Parameter address: Where the client connects from, without a port.
    public func judge(
        _ certificate: OpenSSHCertificate, by authorities: [UserCertificateAuthority], from address: String?
    ) throws(SignInError) -> JudgedCertificate {
        do {
            if certificate.authority == certificate.key {
                guard issuers.contains(where: { $0.configuration.openPubkey != nil }) else {
                    throw SignInError.certificate("no certificates of opkssh are taken here")
                }
                let accepted = try certificate.acceptSelfSigned(address: address, at: now().milliseconds / 1000)
                guard accepted.forcedCommand == nil else { throw CertificateError.forcedCommand }
                return .openPubkey(try OpenPubkeyCertificate(accepted))
            }
            guard let authority = authorities.first(where: { $0.signs(certificate) }) else {
                throw CertificateError.untrustedAuthority(fingerprint: certificate.authority.fingerprint)
            }
            return .certified(try authority.judge(certificate, from: address, at: now()))
        } catch let error as SignInError {
            throw error
        } catch {
            throw .certificate("\(error)")
        }
    }

    /// Verifies the ID token of a certificate of opkssh: its caller is that of the token.
    public func authenticate(_ certificate: OpenPubkeyCertificate) async throws(SignInError) -> CertifiedCaller {
        let original = try SignedToken(certificate.token.idToken)
        let issuer = try issuer(of: original)
        guard let settings = issuer.configuration.openPubkey else {
            throw .certificate("no certificates of opkssh with tokens of its issuer are taken here")
        }
        let bound = issuer.accepting(settings.clients)
        let validity = settings.lifetime.map(TokenClaims.Validity.sinceIssue) ?? .untilExpiry
        let caller: Caller
        if let refreshed = try certificate.token.refreshedIDToken.map(SignedToken.init) {
            let first = try await verify(original, of: bound, validity: .vouchedFor)
            caller = try await verify(refreshed, of: bound, validity: validity)
            // OpenID Connect Core section 12.2: another nonce would be that of another session, whose token anybody
            // has who was shown its certificate.
            let nonce = refreshed.claims["nonce"]
            guard caller.isSamePerson(as: first), refreshed.claims["iss"] == original.claims["iss"],
                nonce == nil || nonce == original.claims["nonce"]
            else { throw .certificate("its refreshed token is of another session") }
        } else {
            caller = try await verify(original, of: bound, validity: validity)
        }
        return CertifiedCaller(
            certificate.accepted, caller: caller.signedIn(with: certificate.accepted.certificate))
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
