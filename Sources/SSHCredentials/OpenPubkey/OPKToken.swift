import Foundation

/// The PK token of an opkssh certificate: an id token whose nonce commits to the certified key.
///
/// `opkssh login` makes a key, asks the identity provider for an id token with the digest of the key (and of a random
/// value) as its nonce, and signs a certificate for the key with that key itself. There is such a value only when
///
/// - the nonce is the digest of the client's claims,
/// - the client's claims name the certified key, and
/// - that key has signed the id token's payload under these claims.
///
/// What is left to the caller: that the certificate is `acceptSelfSigned`, that the client has the certified key (the
/// SSH signature), and all that concerns `idToken` as an id token: issuer, audience, the provider's signature, times.
///
/// On times: id tokens often expire within the hour, so opkssh's servers by default do not look at `exp` but take a
/// token for 12, 24 or 48 hours or a week after `iat` (`/etc/opk/providers`; `oidc` looks at `exp`, and
/// `oidc_refreshed` takes a refreshed token as proof that the session goes on). Such a token outlives the provider's
/// word, so the gateway wants one that has not expired unless configured otherwise.
public struct OPKToken: Sendable {
    public static let extensionName = "openpubkey-pkt"

    /// The provider's id token in compact form (RFC 7515, section 7.1), not verified.
    public let idToken: String
    /// A later id token of the same session, not verified. It commits to no key: it says something only when its
    /// issuer and subject are those of `idToken` and the provider's signatures of both are good.
    public let refreshedIDToken: String?
    let clientInstance: ClientInstanceClaims

    /// More than fits into a certificate that OpenSSH's client would offer.
    private static let largest = 64 * 1024

    public init(in certificate: OpenSSHCertificate) throws(OPKTokenError) {
        let compact: String?
        do {
            compact = try certificate.extensions.text(Self.extensionName)
        } catch {
            throw .malformed("\(error)")
        }
        guard let compact else { throw .missing }
        try self.init(compact: compact, certifiedKey: certificate.key)
    }

    /// Reads `payload:header:signature:header:signature…`, after which a refreshed id token may stand behind a dot, and
    /// checks what binds it to the key.
    public init(compact: String, certifiedKey: SSHVerificationKey) throws(OPKTokenError) {
        let size = compact.utf8.count
        guard size <= Self.largest else { throw .tooLarge(bytes: size, limit: Self.largest) }
        let (whole, refreshed) = try Self.cut(compact)
        let parts = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 5, parts.count % 2 == 1, let payload = parts.first else {
            throw .malformed("it has \(parts.count) parts, where a payload and pairs of header and signature stand")
        }
        guard let payloadBytes = Base64URLText.decode(payload) else { throw .malformed("its payload is not base64url") }

        var provider: String?
        var client: (claims: ClientInstanceClaims, signature: [UInt8], signed: [UInt8])?
        var hasCosigner = false
        for index in stride(from: 1, to: parts.count - 1, by: 2) {
            let (header, signature) = (parts[index], parts[index + 1])
            guard let headerBytes = Base64URLText.decode(header), let signatureBytes = Base64URLText.decode(signature)
            else { throw .malformed("a header or a signature is not base64url") }
            let dot = UInt8(ascii: ".")
            let signed = Array(header) + [dot] + Array(payload)
            switch try Self.signer(headerBytes) {
            case .provider:
                guard provider == nil else { throw .signatureRepeated(by: "the identity provider") }
                provider = String(decoding: signed + [dot] + Array(signature), as: UTF8.self)
            case .client:
                guard client == nil else { throw .signatureRepeated(by: "the client") }
                client = (try ClientInstanceClaims(json: headerBytes), signatureBytes, signed)
            case .cosigner:
                // Whom to trust as a cosigner would have to be configured; one more signature takes nothing away.
                guard !hasCosigner else { throw .signatureRepeated(by: "a cosigner") }
                hasCosigner = true
            }
        }
        guard let provider else { throw .signatureMissing(by: "the identity provider") }
        guard let client else { throw .signatureMissing(by: "the client") }

        let nonce = try Self.nonce(payloadBytes)
        guard nonce.utf8.elementsEqual(client.claims.commitment.utf8) else { throw .nonceMismatch }
        guard client.claims.key == certifiedKey else {
            throw .keyMismatch(token: client.claims.key.fingerprint, certificate: certifiedKey.fingerprint)
        }
        guard client.claims.isValid(signature: client.signature, over: client.signed) else { throw .wrongSignature }
        (idToken, refreshedIDToken, clientInstance) = (provider, refreshed, client.claims)
    }
}

extension OPKToken {
    private enum Signer {
        case provider
        case client
        case cosigner
    }

    private static func cut(_ compact: String) throws(OPKTokenError) -> (Substring.UTF8View, String?) {
        let bytes = Substring(compact).utf8
        guard let dot = bytes.firstIndex(of: UInt8(ascii: ".")) else { return (bytes, nil) }
        let refreshed = bytes[bytes.index(after: dot)...]
        let parts = refreshed.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ Base64URLText.decode($0) != nil }) else {
            throw .malformed("what follows the dot is not an id token in three parts")
        }
        return (bytes[..<dot], String(Substring(refreshed)))
    }

    /// Who signed under this header: OpenPubkey tells them apart by `typ`, which providers may leave out of theirs.
    private static func signer(_ header: [UInt8]) throws(OPKTokenError) -> Signer {
        struct AnyHeader: Decodable {
            let typ: String?
            let alg: String
        }
        let read: AnyHeader
        do {
            read = try JSONDecoder().decode(AnyHeader.self, from: Data(header))
        } catch {
            throw .headerUnreadable(of: "a signature")
        }
        switch read.typ {
        case "CIC": return .client
        case "COS": return .cosigner
        case nil: break
        // RFC 7519, section 5.1: it is recommended, not required, that the name stands in capitals.
        case let type? where type.lowercased().utf8.elementsEqual("jwt".utf8): break
        case let type?: throw .tokenTypeRefused(type)
        }
        // OpenPubkey's proof of an RSA signature which is itself left out: no reader of id tokens can verify it.
        guard read.alg != "GQ256" else { throw .algorithmRefused(read.alg) }
        return .provider
    }

    private static func nonce(_ payload: [UInt8]) throws(OPKTokenError) -> String {
        struct Claims: Decodable {
            let nonce: String?
        }
        let claims: Claims
        do {
            claims = try JSONDecoder().decode(Claims.self, from: Data(payload))
        } catch {
            throw .malformed("its payload is not a JSON object with a nonce that is text")
        }
        guard let nonce = claims.nonce else { throw .nonceMissing }
        return nonce
    }
}
