import Identity
import NIOCore
import SSHCredentials

extension Lane {
    /// Judges a certificate that a client shows over SSH, before it has proved to hold the key.
    ///
    /// - Parameter address: Where the client connects from, without a port.
    public func judge(
        _ certificate: OpenSSHCertificate, by authorities: [UserCertificateAuthority], from address: String
    ) throws(SignInError) -> JudgedCertificate {
        try manager.parts.authenticator.judge(certificate, by: authorities, from: address)
    }

    /// Verifies the ID token of a certificate of opkssh.
    ///
    /// A failed future carries a `SignInError`, which is recorded before it is given.
    public func signIn(
        with certificate: OpenPubkeyCertificate, client: String
    ) -> EventLoopFuture<CertifiedCaller> {
        let authenticator = manager.parts.authenticator
        return recording(
            eventLoop.makeFutureWithTask { try await authenticator.authenticate(certificate) }, client: client)
    }
}
