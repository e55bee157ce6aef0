import SSHCredentials

/// What a client offers to sign with: a key, or a certificate for one.
enum OfferedKey {
    case key(SSHVerificationKey)
    case certificate(OpenSSHCertificate)

    init?(_ blob: [UInt8]) {
        if let key = try? SSHVerificationKey(blob: blob) {
            self = .key(key)
        } else if let certificate = try? OpenSSHCertificate(blob: blob) {
            self = .certificate(certificate)
        } else {
            return nil
        }
    }

    var proof: UserAuthServer.Attempt.Proof {
        switch self {
        case .key(let key): .key(key)
        case .certificate(let certificate): .certificate(certificate)
        }
    }

    private var publicKey: SSHVerificationKey {
        switch self {
        case .key(let key): key
        case .certificate(let certificate): certificate.key
        }
    }

    /// What the signature of a FIDO authenticator must have; a certificate may say.
    private var demands: SecurityKeyDemands {
        switch self {
        case .key: SecurityKeyDemands()
        case .certificate(let certificate): certificate.demands
        }
    }

    /// The algorithms of a request's own that go with the key (RFC 8332, section 3; OpenSSH's PROTOCOL.certkeys).
    func takes(_ algorithm: String) -> Bool { signatureAlgorithms(of: algorithm) != nil }

    /// - Returns: What a signature has to call itself.
    private func signatureAlgorithms(of algorithm: String) -> String? {
        let type = publicKey.algorithm.rawValue
        let suffix = "-cert-v01@openssh.com"
        switch self {
        case .key:
            if type == "ssh-rsa" {
                return ["rsa-sha2-256", "rsa-sha2-512"].first { $0.utf8.elementsEqual(algorithm.utf8) }
            }
            return type.utf8.elementsEqual(algorithm.utf8) ? type : nil
        case .certificate:
            if type == "ssh-rsa" {
                return ["rsa-sha2-256", "rsa-sha2-512"].first {
                    ($0 + suffix).utf8.elementsEqual(algorithm.utf8)
                }
            }
            let name = OpenSSHCertificate.typeName(for: publicKey.algorithm)
            return name.utf8.elementsEqual(algorithm.utf8) ? type : nil
        }
    }

    func verifies(_ signature: [UInt8], over bytes: [UInt8], _ algorithm: String) -> Bool {
        guard let expected = signatureAlgorithms(of: algorithm),
            let named = SSHVerificationKey.signatureAlgorithm(of: signature),
            named.utf8.elementsEqual(expected.utf8)
        else { return false }
        return publicKey.isValid(signature: signature, over: bytes, demands: demands)
    }
}
