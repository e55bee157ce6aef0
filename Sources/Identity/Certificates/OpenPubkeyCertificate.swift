import SSHCredentials

/// A certificate of `opkssh login` whose token commits to its key, and whose issuer has not been asked yet.
public struct OpenPubkeyCertificate: Sendable {
    let accepted: AcceptedCertificate
    let token: OPKToken

    init(_ accepted: AcceptedCertificate) throws(OPKTokenError) {
        self.accepted = accepted
        token = try OPKToken(in: accepted.certificate)
    }
}

/// How far a certificate is judged.
public enum JudgedCertificate: Sendable {
    case certified(CertifiedCaller)
    /// Good as far as it can be seen without its issuer's keys: `Authenticator.authenticate` finds out the rest.
    case openPubkey(OpenPubkeyCertificate)
}

/// Which ID tokens of an issuer are taken within certificates of opkssh.
public struct OpenPubkeyConfiguration: Sendable, Equatable {
    /// The clients that the tokens are for. None of them may be an audience of tokens that sign in by themselves: every
    /// host that such a certificate is shown to sees the token.
    public var clients: [String]
    /// How long after its issue a token is taken, whatever its own `exp` says; until that `exp` without it.
    public var lifetime: Duration?

    public init(clients: [String], lifetime: Duration? = nil) {
        self.clients = clients
        self.lifetime = lifetime
    }
}
