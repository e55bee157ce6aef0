import SSHCredentials

/// Whom a certificate names that was judged good. Certificates are shown to every server: only the proof of the private
/// key gives the caller.
public struct CertifiedCaller: Sendable {
    /// What the certificate lets its holder do over SSH; all else it forbids.
    public let permissions: Set<CertificatePermission>
    private let caller: Caller

    init(_ accepted: AcceptedCertificate, caller: Caller) {
        permissions = accepted.permissions
        self.caller = caller
    }

    /// Who it is. Whoever calls this states that the peer has proved to hold the certified key: that a signature of this
    /// very connection's session identifier was verified with it (RFC 4252 section 7), under the certificate's
    /// `demands`.
    public func callerAfterProof() -> Caller { caller }
}

/// What the records say of the certificate that a caller is signed in with.
public struct CallerCertificate: Sendable, Hashable {
    public let serial: UInt64
    public let keyID: String
    /// The fingerprint of the key that signed it.
    public let authority: String

    init(_ certificate: OpenSSHCertificate) {
        serial = certificate.serial
        keyID = certificate.keyID
        authority = certificate.authority.fingerprint
    }
}
