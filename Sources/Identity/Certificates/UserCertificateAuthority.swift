import Identifiers
import SSHCredentials

/// An authority whose OpenSSH certificates sign users in, and who these users are then.
public struct UserCertificateAuthority: Sendable {
    /// What names the user.
    public enum SubjectSource: String, Sendable, CaseIterable {
        case keyID = "key-id"
        /// The certificate's only principal.
        case principal
    }

    /// What the user's groups are.
    public enum GroupsSource: Sendable, Equatable {
        case none
        case principals
        /// The text of this extension, names with commas between.
        case `extension`(String)
    }

    public let authorities: CertificateAuthorities
    /// The issuer of its callers: an OpenID Connect issuer's where its subjects are those of the tokens, or any name.
    public let issuer: String
    public let subject: SubjectSource
    public let groups: GroupsSource
    /// Of which a certificate must name one; empty for any.
    public let principals: [String]
    /// How long a certificate may be valid: nobody can take one back.
    public let longest: Duration

    public init(
        authorities: CertificateAuthorities, issuer: String, subject: SubjectSource = .keyID,
        groups: GroupsSource = .none, principals: [String] = [], longest: Duration = .seconds(24 * 3600)
    ) {
        self.authorities = authorities
        self.issuer = issuer
        self.subject = subject
        self.groups = groups
        self.principals = principals
        self.longest = longest
    }

    /// Whether the certificate names one of its keys as its signer. What it says need not be true.
    func signs(_ certificate: OpenSSHCertificate) -> Bool { authorities.keys.contains(certificate.authority) }

    /// Judges a certificate and reads its user. Whether the client has the certified key is for `callerAfterProof`.
    ///
    /// - Parameter address: Where the client connects from, without a port.
    func judge(
        _ certificate: OpenSSHCertificate, from address: String?, at now: Timestamp
    ) throws(CertificateError) -> CertifiedCaller {
        let accepted = try authorities.accept(
            certificate, principals: principals.isEmpty ? nil : principals, address: address,
            at: now.milliseconds / 1000)
        // An authority's key signs certificates; where it signs people in too, whoever can use it for the one can do
        // the other.
        guard !authorities.keys.contains(certificate.key) else { throw .keyOfAuthority }
        guard accepted.forcedCommand == nil else { throw .forcedCommand }
        let limit = UInt64(longest.components.seconds)
        guard certificate.validBefore - certificate.validAfter <= limit else {
            throw .validTooLong(limit: limit)
        }
        return CertifiedCaller(
            accepted,
            caller: Caller(
                issuer: issuer, subject: try name(of: certificate), label: certificate.keyID,
                groups: groups(of: certificate), signedInAt: Timestamp(seconds: certificate.validAfter),
                expiresAt: Timestamp(seconds: certificate.validBefore), certificate: CallerCertificate(certificate)))
    }

    private func name(of certificate: OpenSSHCertificate) throws(CertificateError) -> String {
        switch subject {
        case .keyID:
            guard !certificate.keyID.isEmpty else { throw .noSubject("its key id is empty") }
            return certificate.keyID
        case .principal:
            guard let name = certificate.principals.first, certificate.principals.count == 1 else {
                throw .noSubject("it names \(certificate.principals.count) principals")
            }
            return name
        }
    }

    private func groups(of certificate: OpenSSHCertificate) -> CallerGroups {
        switch groups {
        case .none: return .known([])
        case .principals: return .known(Set(certificate.principals))
        case .extension(let name):
            guard certificate.extensions.data(of: name) != nil else { return .unknown(.extensionMissing(name)) }
            guard let text = try? certificate.extensions.text(name) else {
                return .unknown(.extensionMalformed(name))
            }
            let names = text.split(separator: ",").map(String.init)
            return .known(Set(names))
        }
    }
}

extension Timestamp {
    /// Since 1970; what lies further ahead than any clock here shows is as far ahead as it can be.
    init(seconds: UInt64) { self.init(milliseconds: min(seconds, 1 << 42) * 1000) }
}
