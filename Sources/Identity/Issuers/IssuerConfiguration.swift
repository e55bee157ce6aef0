/// One OpenID Connect provider that the gateway trusts.
public struct IssuerConfiguration: Sendable {
    /// Whose habits with groups to expect.
    public enum Provider: String, Sendable, CaseIterable { case generic, entra, okta, google }

    /// The issuer's URL as its tokens and its discovery document say it, byte for byte.
    public var issuer: String
    /// The audiences of which a token must name one.
    public var audiences: [String]
    public var clientID: String?
    public var clientSecret: String?
    /// The claim with the groups, one element a level: `["realm_access", "roles"]`.
    public var groupsClaim: [String]
    public var provider: Provider
    /// Whether the groups of a token without the claim are unknown rather than none.
    public var groupsRequired: Bool
    /// Google: the `hd` that a token must have.
    public var hostedDomain: String?
    /// Groups by subject or verified email, in addition to the token's.
    public var staticGroups: [String: [String]]
    /// How long keys stay good after they should have been fetched anew, while the issuer cannot be reached.
    public var grace: Duration
    /// PEM file of certificate authorities instead of the system's.
    public var certificateAuthorities: String?
    public var scopes: [String]
    /// `nil` where no certificates of opkssh with this issuer's tokens are taken.
    public var openPubkey: OpenPubkeyConfiguration?

    public init(
        issuer: String, audiences: [String], clientID: String? = nil, clientSecret: String? = nil,
        groupsClaim: [String] = ["groups"], provider: Provider = .generic, groupsRequired: Bool = false,
        hostedDomain: String? = nil, staticGroups: [String: [String]] = [:], grace: Duration = .seconds(3600),
        certificateAuthorities: String? = nil, scopes: [String] = ["openid", "email", "groups"],
        openPubkey: OpenPubkeyConfiguration? = nil
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.groupsClaim = groupsClaim
        self.provider = provider
        self.groupsRequired = groupsRequired
        self.hostedDomain = hostedDomain
        self.staticGroups = staticGroups
        self.grace = grace
        self.certificateAuthorities = certificateAuthorities
        self.scopes = scopes
        self.openPubkey = openPubkey
    }

    /// The spellings of `iss` that are this issuer: Google has two.
    var spellings: [String] {
        provider == .google && issuer == "https://accounts.google.com" ? [issuer, "accounts.google.com"] : [issuer]
    }
}
