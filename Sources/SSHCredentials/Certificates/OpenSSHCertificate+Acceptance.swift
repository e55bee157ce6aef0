/// A certificate that has been judged good, and what it asks of its use.
public struct AcceptedCertificate: Sendable {
    public let certificate: OpenSSHCertificate
    /// The only command that may run, whatever the caller asks for.
    public let forcedCommand: String?
    /// What the proof of possession must have, where the key is in a FIDO authenticator.
    public let demands: SecurityKeyDemands
    public let permissions: Set<CertificatePermission>
}

extension OpenSSHCertificate {
    /// Signed with what CA keys may sign with. RSA does so with SHA-2 only.
    private static let authorityAlgorithms: [String] = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "rsa-sha2-256",
        "rsa-sha2-512",
    ]

    private static let knownCriticalOptions = ["force-command", "source-address", verifyRequired]
    private static let verifyRequired = "verify-required"

    /// Judges a certificate that its own key has signed, as opkssh makes them: it proves nothing by itself but that
    /// nobody else changed it. Who it is for must come from a token within (`OPKToken`); it names no principals.
    ///
    /// - Parameters:
    ///   - address: where the caller connects from, as text without a port.
    ///   - now: seconds since 1970.
    public func acceptSelfSigned(address: String?, at now: UInt64) throws(CertificateError) -> AcceptedCertificate {
        guard authority == key else { throw .notSelfSigned }
        try checkSignature()
        return try checkUse(address: address, at: now)
    }

    /// The signature by `authority`, whoever that is.
    public func checkSignature() throws(CertificateError) {
        let name = SSHVerificationKey.signatureAlgorithm(of: signature) ?? ""
        guard Self.authorityAlgorithms.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
            throw .signatureAlgorithmRefused(name)
        }
        guard authority.isValid(signature: signature, over: signedBytes) else { throw .wrongSignature }
    }

    /// Everything but who signed and whom it is for.
    public func checkUse(address: String?, at now: UInt64) throws(CertificateError) -> AcceptedCertificate {
        guard role == .user else { throw .notForUsers }
        guard now >= validAfter else { throw .notYetValid(from: validAfter, now: now) }
        guard now < validBefore else { throw .expired(at: validBefore, now: now) }
        for name in criticalOptions.names
        where !Self.knownCriticalOptions.contains(where: { $0.utf8.elementsEqual(name.utf8) }) {
            throw .unknownCriticalOption(name)
        }
        let forcedCommand = try criticalOptions.text("force-command")
        if let text = try criticalOptions.text("source-address") {
            guard let list = SourceAddressList(text) else { throw .malformedOption("source-address") }
            guard let address, list.contains(address) else {
                throw .addressRefused(address: address, allowed: text)
            }
        }
        // sshd lets the option pass for other keys. It says that a person must be known, which they cannot show.
        if try criticalOptions.flag(Self.verifyRequired), !key.algorithm.isSecurityKey {
            throw .userVerificationImpossible(keyType: key.algorithm.rawValue)
        }
        var permissions: Set<CertificatePermission> = []
        for permission in CertificatePermission.allCases where try extensions.flag(permission.rawValue) {
            permissions.insert(permission)
        }
        return AcceptedCertificate(
            certificate: self, forcedCommand: forcedCommand, demands: demands, permissions: permissions)
    }

    /// What the proof of possession must have, where the key is in a FIDO authenticator.
    public var demands: SecurityKeyDemands {
        SecurityKeyDemands(
            touch: !permits(.noTouchRequired), userVerification: criticalOptions.data(of: Self.verifyRequired) != nil)
    }
}
