/// Why somebody is not signed in. What stands here may be shown to them: no part of the token does.
public enum SignInError: Error, Sendable, Hashable {
    case missing
    case tooLarge(bytes: Int)
    /// Not a signed token in compact form, or a claim is absent or of the wrong type.
    case malformed(String)
    case algorithmRefused(String)
    case unknownIssuer
    /// The issuer has no such key.
    case unknownKey
    case badSignature
    case wrongAudience
    /// Issued to a client that is not among the configured ones.
    case wrongParty
    case expired
    case notYetValid
    /// The token is of a type that is no proof of a sign-in, e.g. a logout token.
    case wrongType(String)
    case wrongDomain
    /// The issuer's keys cannot be fetched, and those at hand are too old.
    case issuerUnavailable(String)
    /// What is wrong with an SSH certificate.
    case certificate(String)
    /// There is no token: nobody signed in on another device.
    case device(DeviceAuthorizationError)

    /// A short name for logs and metrics.
    public var code: String {
        switch self {
        case .missing: "token-missing"
        case .tooLarge: "token-too-large"
        case .malformed: "token-malformed"
        case .algorithmRefused: "algorithm-refused"
        case .unknownIssuer: "unknown-issuer"
        case .unknownKey: "unknown-key"
        case .badSignature: "bad-signature"
        case .wrongAudience: "wrong-audience"
        case .wrongParty: "wrong-party"
        case .expired: "token-expired"
        case .notYetValid: "token-not-yet-valid"
        case .wrongType: "token-type"
        case .wrongDomain: "wrong-domain"
        case .issuerUnavailable: "issuer-unavailable"
        case .certificate: "certificate-refused"
        case .device(let error): error.code
        }
    }

    /// One sentence.
    public var reason: String {
        switch self {
        case .missing: "No token was given."
        case .tooLarge(let bytes): "The token has \(bytes) bytes; at most \(Authenticator.largestToken) are read."
        case .malformed(let what): "The token is not a signed JSON Web Token as this gateway reads it: \(what)."
        case .algorithmRefused(let name):
            "The token's algorithm \"\(name.prefix(32))\" is not accepted from its issuer."
        case .unknownIssuer: "The token's issuer is not one that this gateway trusts."
        case .unknownKey: "The token is signed with a key that its issuer does not publish."
        case .badSignature: "The token's signature is wrong."
        case .wrongAudience: "The token is meant for another audience."
        case .wrongParty: "The token was issued to a client that this gateway does not accept."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .wrongType(let type): "A token of type \"\(type.prefix(32))\" is no proof of a sign-in."
        case .wrongDomain: "The token's account is not in the configured domain."
        case .issuerUnavailable(let detail): "The issuer's keys cannot be fetched now: \(detail)."
        case .certificate(let what): "The SSH certificate is not taken: \(what)."
        case .device(let error): error.reason
        }
    }

    /// One sentence that says what the caller can do.
    public var nextStep: String {
        switch self {
        case .missing: "Sign in with `sallyport login` and send the token as `Authorization: Bearer`."
        case .expired: "Sign in again, e.g. with `sallyport login`."
        case .notYetValid: "Check the clocks of this machine, of the issuer and of the gateway."
        case .wrongAudience, .wrongParty, .wrongDomain, .unknownIssuer:
            "Sign in with `sallyport login`, which asks the right issuer for a token for this gateway."
        case .issuerUnavailable: "Try again later; if it lasts, tell the gateway's operators."
        case .certificate: "Get a new certificate, or sign in another way, e.g. with `sallyport login --ssh`."
        case .device(let error): error.nextStep
        case .tooLarge, .malformed, .algorithmRefused, .unknownKey, .badSignature, .wrongType:
            "Send an ID token or access token of the company's issuer, unchanged."
        }
    }
}

extension SignInError: CustomStringConvertible {
    public var description: String { "\(reason) \(nextStep)" }
}
