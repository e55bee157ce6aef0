import Identifiers
import SSHCredentials

/// Who is calling: a person or workload that has signed in.
///
/// Only this module makes one, from a token or a certificate that it has verified, so holding a `Caller` is proof of the
/// sign-in.
/// Identity is the pair of issuer and subject; everything else describes it.
public struct Caller: Sendable, Hashable {
    /// The `iss` of the token, or what the configuration calls the authority of the certificate.
    public let issuer: String
    /// The `sub` of the token: stable and unique at that issuer, unlike an email address; or what the certificate names.
    public let subject: String
    /// The email address or user name, for people to read; never compared.
    public let label: String?
    public let groups: CallerGroups
    /// When the token was issued.
    public let signedInAt: Timestamp
    /// When the token ends.
    public let expiresAt: Timestamp
    /// What the caller has signed in with, where that is a certificate.
    public let certificate: CallerCertificate?

    init(
        issuer: String, subject: String, label: String?, groups: CallerGroups, signedInAt: Timestamp,
        expiresAt: Timestamp, certificate: CallerCertificate? = nil
    ) {
        self.issuer = issuer
        self.subject = subject
        self.label = label
        self.groups = groups
        self.signedInAt = signedInAt
        self.expiresAt = expiresAt
        self.certificate = certificate
    }

    /// Issuer and subject as bytes: texts that only look alike are other people.
    func isSamePerson(as other: Caller) -> Bool {
        issuer.isExactly(other.issuer) && subject.isExactly(other.subject)
    }

    public static func == (left: Caller, right: Caller) -> Bool {
        left.isSamePerson(as: right) && left.label == right.label && left.groups == right.groups
            && left.signedInAt == right.signedInAt && left.expiresAt == right.expiresAt
            && left.certificate == right.certificate
    }

    /// The same caller by this certificate, whose end is theirs if it comes first.
    func signedIn(with certificate: OpenSSHCertificate) -> Caller {
        Caller(
            issuer: issuer, subject: subject, label: label, groups: groups, signedInAt: signedInAt,
            expiresAt: min(expiresAt, Timestamp(seconds: certificate.validBefore)),
            certificate: CallerCertificate(certificate))
    }

    /// From when on the sign-in is over: as late as the token itself would still be taken, as clocks differ.
    public var endsAt: Timestamp { expiresAt.adding(.seconds(TokenClaims.leeway)) }
}

/// The groups of a caller, or why nobody can say: not the same as being in none.
public enum CallerGroups: Sendable, Hashable {
    case known(Set<String>)
    case unknown(GroupsUnknown)
}

/// Why a token does not tell its caller's groups.
public enum GroupsUnknown: Sendable, Hashable, CustomStringConvertible {
    /// Microsoft Entra leaves the groups out when there are more than 200 and refers to a URL instead.
    case entraOverage
    /// Okta cuts the list at 100 without saying so; this many came.
    case oktaLimit(Int)
    /// Google's tokens carry no groups, and none are configured for this user.
    case googleWithoutGroups
    /// The token has no such claim although the configuration requires it.
    case claimMissing(String)
    /// The claim is not a list of texts.
    case claimMalformed(String)
    /// The certificate has no such extension although the configuration reads the groups from it.
    case extensionMissing(String)
    /// The extension is not text.
    case extensionMalformed(String)

    public var reason: String {
        switch self {
        case .entraOverage:
            "Your groups are unknown: Microsoft Entra leaves them out of the token when there are more than 200."
        case .oktaLimit(let count):
            "Your groups are unknown: Okta sends at most 100, the token has \(count), so some may be missing."
        case .googleWithoutGroups:
            "Your groups are unknown: Google's tokens carry none and none are configured for you."
        case .claimMissing(let claim): "Your groups are unknown: the token has no claim \"\(claim)\"."
        case .claimMalformed(let claim): "Your groups are unknown: the claim \"\(claim)\" is not a list of names."
        case .extensionMissing(let name): "Your groups are unknown: the certificate has no extension \"\(name)\"."
        case .extensionMalformed(let name):
            "Your groups are unknown: the certificate's extension \"\(name)\" is not text."
        }
    }

    /// What the gateway's operators can change.
    public var nextStep: String {
        switch self {
        case .entraOverage:
            "Ask for the app registration to emit \"Groups assigned to the application\", which stays below the limit."
        case .oktaLimit: "Ask for a filter on the groups claim in Okta, so that fewer than 100 groups match."
        case .googleWithoutGroups: "Ask for an entry in the configuration's identity.issuers[].groups.static."
        case .claimMissing(let claim), .claimMalformed(let claim):
            "Ask for the provider to send \"\(claim)\" as a list of group names in the token."
        case .extensionMissing(let name), .extensionMalformed(let name):
            "Ask for the authority to write your groups into \"\(name)\", with commas between."
        }
    }

    public var description: String { "\(reason) \(nextStep)" }
}
