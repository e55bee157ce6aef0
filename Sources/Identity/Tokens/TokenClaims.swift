import Identifiers
import StrictJSON

/// The checks of a token's header and claims that need no key (OpenID Connect Core section 3.1.3.7, RFC 9068 section 4,
/// RFC 8725).
struct TokenClaims {
    /// How far clocks may differ.
    static let leeway: Int64 = 60

    /// Until when a token is taken.
    enum Validity {
        /// Until its `exp`.
        case untilExpiry
        /// For so long after its `iat`, whatever its `exp`.
        case sinceIssue(Duration)
        /// Another token, newer and of the same session, says so.
        case vouchedFor
    }

    /// The header's `typ`, where it stands, in lower case and without `application/`.
    private static let types: Set<String> = ["jwt", "at+jwt", "id+jwt"]

    let issuer: String
    let subject: String
    let issuedAt: Int64
    let expiresAt: Int64

    init(
        _ token: SignedToken, for configuration: IssuerConfiguration, validity: Validity = .untilExpiry,
        at now: Timestamp
    ) throws(SignInError) {
        let claims = token.claims
        let type = try Self.checkHeader(token.header)
        guard let subject = claims["sub"]?.string, !subject.isEmpty else { throw .malformed("it has no subject") }
        issuer = configuration.issuer
        self.subject = subject
        guard let expiry = try Self.time("exp", claims) else { throw .malformed("it has no expiry") }
        guard let issuedAt = try Self.time("iat", claims) else { throw .malformed("it has no time of issue") }
        expiresAt =
            switch validity {
            case .untilExpiry: expiry
            case .sinceIssue(let lifetime): issuedAt.addingClamped(lifetime.components.seconds)
            case .vouchedFor: .max
            }
        self.issuedAt = issuedAt
        let seconds = Int64(now.milliseconds / 1000)
        guard seconds < expiresAt.addingClamped(Self.leeway) else { throw .expired }
        guard issuedAt <= seconds + Self.leeway else { throw .notYetValid }
        if let notBefore = try Self.time("nbf", claims), notBefore > seconds + Self.leeway { throw .notYetValid }
        try Self.checkAudience(claims, type: type, configuration)
        if let domain = configuration.hostedDomain, claims["hd"]?.string != domain { throw .wrongDomain }
    }

    private static func checkHeader(_ header: JSONValue) throws(SignInError) -> String? {
        // RFC 7515 section 4.1.11: extensions that must be understood and are not.
        if header["crit"] != nil { throw .malformed("its header names critical extensions, of which none are known") }
        guard let typ = header["typ"] else { return nil }
        guard let text = typ.string else { throw .malformed("its typ is not a text") }
        var type = text.lowercased()
        if type.hasPrefix("application/") { type.removeFirst("application/".count) }
        guard types.contains(type) else { throw .wrongType(text) }
        return type
    }

    private static func checkAudience(
        _ claims: JSONValue, type: String?, _ configuration: IssuerConfiguration
    ) throws(SignInError) {
        let audiences: [String]
        switch claims["aud"] {
        case .string(let one): audiences = [one]
        case .array(let several):
            audiences = several.compactMap(\.string)
            guard audiences.count == several.count else { throw .malformed("its audience is not a list of texts") }
        default: throw .malformed("it has no audience")
        }
        guard audiences.contains(where: configuration.audiences.contains) else { throw .wrongAudience }
        let parties = configuration.audiences + (configuration.clientID.map { [$0] } ?? [])
        switch claims["azp"] {
        case .none:
            // A token for several audiences must say whom it was issued to.
            guard audiences.count == 1 || type == "at+jwt" else { throw .wrongParty }
        case .string(let party):
            // An access token names the client that got it, which may be any; its audience is what binds it to us.
            guard type == "at+jwt" || parties.contains(party) else { throw .wrongParty }
        default: throw .malformed("its azp is not a text")
        }
    }

    /// RFC 7519 section 2: NumericDate, seconds, perhaps with a fraction.
    private static func time(_ name: String, _ claims: JSONValue) throws(SignInError) -> Int64? {
        guard let value = claims[name] else { return nil }
        if let seconds = value.integer, seconds >= 0 { return seconds }
        if let seconds = value.double, seconds >= 0, seconds < 1e12 { return Int64(seconds) }
        throw .malformed("its \(name) is not a time")
    }
}
