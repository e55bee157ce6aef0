/// Why what stands in a certificate's `openpubkey-pkt` does not say who the caller is.
public enum OPKTokenError: Error, Sendable, Equatable, CustomStringConvertible {
    case missing
    case tooLarge(bytes: Int, limit: Int)
    /// Not payload and pairs of header and signature.
    case malformed(String)
    case headerUnreadable(of: String)
    case signatureMissing(by: String)
    case signatureRepeated(by: String)
    case tokenTypeRefused(String)
    case algorithmRefused(String)
    case userKeyUnusable(String)
    case nonceMissing
    case nonceMismatch
    case keyMismatch(token: String, certificate: String)
    case wrongSignature

    public var description: String {
        switch self {
        case .missing: "the certificate has no extension openpubkey-pkt: it was not made by `opkssh login`"
        case .tooLarge(let bytes, let limit): "the PK token has \(bytes) bytes; at most \(limit) are read"
        case .malformed(let what): "the PK token cannot be read: \(what)"
        case .headerUnreadable(let name): "the PK token's header of \(name) is not what it must be"
        case .signatureMissing(let name): "the PK token has no signature of \(name)"
        case .signatureRepeated(let name): "the PK token has more than one signature of \(name)"
        case .tokenTypeRefused(let type):
            "the PK token has a part of the type \(type.debugDescription), which is not taken"
        case .algorithmRefused(let name):
            "the PK token has a signature with \(name.debugDescription); the user's key signs with ES256 or EdDSA, "
                + "and the identity provider's signature must be its own, not GQ256"
        case .userKeyUnusable(let why): "the PK token's user key (upk) is not taken: \(why)"
        case .nonceMissing:
            "the id token has no nonce: tokens that bind the key in another claim (GitHub, GitLab CI) are not taken"
        case .nonceMismatch:
            "the id token was issued for another key: its nonce is not the digest of the client's claims"
        case .keyMismatch(let token, let certificate):
            "the PK token is for the key \(token), and the certificate is for \(certificate)"
        case .wrongSignature: "the PK token's signature by the user's key is wrong"
        }
    }
}
