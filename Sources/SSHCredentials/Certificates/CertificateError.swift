/// Why a user certificate does not sign anybody in.
public enum CertificateError: Error, Sendable, Equatable, CustomStringConvertible {
    case unsupportedType(String)
    /// A field that cannot be read.
    case malformed(field: String, SSHWireError)
    case invalidKey(field: String, SSHVerificationKeyError)
    case tooManyPrincipals(limit: Int)
    case repeatedOption(String)
    /// An option with a value that it cannot have.
    case malformedOption(String)

    case notForUsers
    case untrustedAuthority(fingerprint: String)
    /// A certificate that should be signed by the key that it certifies, and is not.
    case notSelfSigned
    case signatureAlgorithmRefused(String)
    case wrongSignature
    /// Seconds since 1970, as all times here.
    case notYetValid(from: UInt64, now: UInt64)
    case expired(at: UInt64, now: UInt64)
    case noPrincipals
    case principalNotNamed(named: [String], wanted: [String])
    case unknownCriticalOption(String)
    case addressRefused(address: String?, allowed: String)
    case userVerificationImpossible(keyType: String)
    /// It may run one command alone.
    case forcedCommand
    /// The limit in seconds.
    case validTooLong(limit: UInt64)
    /// It certifies a key that signs certificates.
    case keyOfAuthority
    /// It does not say who its user is.
    case noSubject(String)

    public var description: String {
        switch self {
        case .unsupportedType(let type): "\(type.debugDescription) is not a type of certificate that is taken"
        case .malformed(let field, let error): "the certificate's \(field) cannot be read: \(error)"
        case .invalidKey(let field, let error): "the certificate's \(field) is not taken: \(error)"
        case .tooManyPrincipals(let limit): "the certificate names more than \(limit) principals"
        case .repeatedOption(let name): "the certificate has the option \(name.debugDescription) twice"
        case .malformedOption(let name):
            "the certificate's option \(name.debugDescription) has no value that it can have"
        case .notForUsers: "this is a certificate of a host, not of a user (ssh-keygen -s … without -h makes one)"
        case .untrustedAuthority(let fingerprint):
            "the certificate is signed by \(fingerprint), which is not one of the configured authorities"
        case .notSelfSigned: "the certificate is not signed by the key that it certifies"
        case .signatureAlgorithmRefused(let name):
            "the certificate is signed with \(name.debugDescription); ed25519, ecdsa and rsa-sha2 are taken"
        case .wrongSignature: "the certificate's signature is wrong"
        case .notYetValid(let from, let now): "the certificate is valid from \(from) on; it is \(now) now (Unix time)"
        case .expired(let at, let now): "the certificate expired at \(at); it is \(now) now (Unix time)"
        case .noPrincipals: "the certificate names no principals, so it is nobody's (ssh-keygen -n adds them)"
        case .principalNotNamed(let named, let wanted):
            "the certificate is for \(Self.list(named)), and \(Self.list(wanted)) would be needed"
        case .unknownCriticalOption(let name):
            "the certificate has the critical option \(name.debugDescription), which is not known here"
        case .addressRefused(let address?, let allowed):
            "the certificate may be used from \(allowed.debugDescription) only, not from \(address.debugDescription)"
        case .addressRefused(nil, let allowed):
            "the certificate may be used from \(allowed.debugDescription) only, and the caller's address is not known"
        case .userVerificationImpossible(let type):
            "the certificate has verify-required, but a key of the type \(type) cannot tell who uses it"
        case .forcedCommand:
            "the certificate has force-command, which would have another command run than the one that is asked for"
        case .validTooLong(let limit):
            "the certificate is valid for longer than \(limit) seconds, which is the most that is taken (ssh-keygen -V)"
        case .keyOfAuthority: "the certificate is for the key of an authority, which signs nobody in"
        case .noSubject(let why): "the certificate does not say whose it is: \(why)"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "nobody" : names.map(\.debugDescription).joined(separator: ", ")
    }
}
