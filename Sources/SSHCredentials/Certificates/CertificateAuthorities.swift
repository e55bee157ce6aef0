/// A line of the file of authorities that cannot be used.
public struct CertificateAuthoritiesError: Error, Sendable, Equatable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let reason: Reason

    public enum Reason: Sendable, Equatable {
        case key(SSHVerificationKeyError)
        /// A key in a FIDO authenticator, whose signatures are not taken on certificates.
        case securityKey
    }

    public var description: String {
        let text =
            switch reason {
            case .key(let error): "\(error)"
            case .securityKey: "keys in FIDO authenticators are not taken as authorities"
            }
        return "\(file):\(line): \(text)"
    }
}

/// The keys whose certificates sign users in, as in the file of sshd's `TrustedUserCAKeys`.
public struct CertificateAuthorities: Sendable {
    public let keys: [SSHVerificationKey]

    public init(keys: [SSHVerificationKey]) { self.keys = keys }

    /// Reads one public key a line; empty lines and those that begin with `#` are left out. A line that cannot be read
    /// is an error, where sshd would go on without it.
    public init(parsing text: String, file: String) throws(CertificateAuthoritiesError) {
        var keys: [SSHVerificationKey] = []
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let content = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = content.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "\r") else { continue }
            let key: SSHVerificationKey
            do {
                let end = content.last == UInt8(ascii: "\r") ? content.dropLast() : content
                key = try SSHVerificationKey(line: String(Substring(end)))
            } catch {
                throw CertificateAuthoritiesError(file: file, line: index + 1, reason: .key(error))
            }
            guard !key.algorithm.isSecurityKey else {
                throw CertificateAuthoritiesError(file: file, line: index + 1, reason: .securityKey)
            }
            keys.append(key)
        }
        self.keys = keys
    }

    /// Judges a certificate: signed by one of these keys, of a user, valid now, for one of `principals`, from this
    /// address, with no critical option that is not understood. Whether the caller has the certified key is for the
    /// caller of this to check, under `demands`.
    ///
    /// The authority and its signature come first, so that no other answer tells of what somebody made up.
    ///
    /// - Parameters:
    ///   - principals: the names that will do; the certificate must have at least one of them, byte for byte. Any will do
    ///     without them, but one that names nobody is refused in each case, as sshd does: it would be everybody's.
    ///   - address: where the caller connects from, as text without a port.
    ///   - now: seconds since 1970.
    public func accept(
        _ certificate: OpenSSHCertificate, principals: [String]?, address: String?, at now: UInt64
    ) throws(CertificateError) -> AcceptedCertificate {
        guard keys.contains(certificate.authority) else {
            throw .untrustedAuthority(fingerprint: certificate.authority.fingerprint)
        }
        try certificate.checkSignature()
        let accepted = try certificate.checkUse(address: address, at: now)
        guard !certificate.principals.isEmpty else { throw .noPrincipals }
        guard let principals else {
            guard certificate.principals.contains(where: { !$0.isEmpty }) else { throw .noPrincipals }
            return accepted
        }
        let isNamed = certificate.principals.contains { named in
            !named.isEmpty && principals.contains { $0.utf8.elementsEqual(named.utf8) }
        }
        guard isNamed else { throw .principalNotNamed(named: certificate.principals, wanted: principals) }
        return accepted
    }
}
