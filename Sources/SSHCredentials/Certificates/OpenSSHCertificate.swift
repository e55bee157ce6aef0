/// An OpenSSH certificate (PROTOCOL.certkeys), taken apart and not yet believed: `CertificateAuthorities` decides
/// whether it is.
public struct OpenSSHCertificate: Sendable {
    public enum Role: Sendable, Equatable {
        case user
        case host
    }

    /// The certified key.
    public let key: SSHVerificationKey
    public let serial: UInt64
    public let role: Role
    /// What the authority calls it, for logs.
    public let keyID: String
    /// Whom it is for.
    public let principals: [String]
    /// Valid from the first to before the second, in seconds since 1970.
    public let validAfter: UInt64
    public let validBefore: UInt64
    public let criticalOptions: CertificateOptions
    public let extensions: CertificateOptions
    /// The key that says that it signed.
    public let authority: SSHVerificationKey
    let signature: [UInt8]
    /// What the signature covers: everything before it.
    let signedBytes: [UInt8]

    /// OpenSSH's limit too.
    private static let largestPrincipalCount = 256
    private static let nameEnding = "-cert-v01@openssh.com"

    /// The name of the certificates of keys of this type: `ssh-ed25519-cert-v01@openssh.com`.
    public static func typeName(for algorithm: SSHVerificationKey.Algorithm) -> String {
        (algorithm.rawValue.split(separator: "@").first.map(String.init) ?? "") + nameEnding
    }

    /// Whether a public key blob says that it is a certificate.
    static func looksLikeCertificate(_ blob: [UInt8]) -> Bool {
        var reader = SSHWireReader(blob)
        return (try? reader.text(limit: 64))?.hasSuffix(nameEnding) ?? false
    }

    /// Reads a certificate as a client sends it; nothing may follow it, nor follow within any of its parts.
    public init(blob: [UInt8]) throws(CertificateError) {
        var reader = SSHWireReader(blob)
        func field<Value>(
            _ name: String, _ read: (inout SSHWireReader) throws(SSHWireError) -> Value
        ) throws(CertificateError) -> Value {
            do {
                return try read(&reader)
            } catch {
                throw .malformed(field: name, error)
            }
        }

        let type = try field("type") { reader throws(SSHWireError) in try reader.text(limit: 64) }
        guard
            let algorithm = SSHVerificationKey.Algorithm.allCases.first(where: {
                Self.typeName(for: $0).utf8.elementsEqual(type.utf8)
            })
        else { throw .unsupportedType(type) }
        _ = try field("nonce") { reader throws(SSHWireError) in try reader.string() }
        let beforeKey = reader.left
        try field("key") { reader throws(SSHWireError) in try SSHVerificationKey.skipFields(of: algorithm, in: &reader)
        }
        let keyFields = Array(blob.suffix(beforeKey).dropLast(reader.left))
        key = try Self.key("key") { () throws(SSHVerificationKeyError) in
            try SSHVerificationKey(algorithm, certified: keyFields)
        }

        serial = try field("serial") { reader throws(SSHWireError) in try reader.uint64() }
        switch try field("role", { reader throws(SSHWireError) in try reader.uint32() }) {
        case 1: role = .user
        case 2: role = .host
        default: throw .notForUsers
        }
        keyID = try field("key id") { reader throws(SSHWireError) in try reader.text() }
        principals = try Self.principals(try field("principals") { reader throws(SSHWireError) in try reader.string() })
        validAfter = try field("start of validity") { reader throws(SSHWireError) in try reader.uint64() }
        validBefore = try field("end of validity") { reader throws(SSHWireError) in try reader.uint64() }
        let critical = try field("critical options") { reader throws(SSHWireError) in try reader.string() }
        criticalOptions = try CertificateOptions(parsing: critical, field: "critical options")
        let extended = try field("extensions") { reader throws(SSHWireError) in try reader.string() }
        extensions = try CertificateOptions(parsing: extended, field: "extensions")
        // "The reserved field is currently unused and is ignored."
        _ = try field("reserved field") { reader throws(SSHWireError) in try reader.string() }
        let signer = try field("authority") { reader throws(SSHWireError) in try reader.string() }
        authority = try Self.key("authority") { () throws(SSHVerificationKeyError) in
            try SSHVerificationKey(blob: signer)
        }

        signedBytes = Array(blob.dropLast(reader.left))
        signature = try field("signature") { reader throws(SSHWireError) in try reader.string() }
        try field("end") { reader throws(SSHWireError) in try reader.end() }
    }

    /// Whether the certificate has this permission. A permission that has a value is refused when the certificate is
    /// judged.
    public func permits(_ permission: CertificatePermission) -> Bool {
        extensions.data(of: permission.rawValue) != nil
    }

    private static func key(
        _ field: String, _ read: () throws(SSHVerificationKeyError) -> SSHVerificationKey
    ) throws(CertificateError) -> SSHVerificationKey {
        do {
            return try read()
        } catch {
            throw .invalidKey(field: field, error)
        }
    }

    private static func principals(_ bytes: [UInt8]) throws(CertificateError) -> [String] {
        var reader = SSHWireReader(bytes)
        var names: [String] = []
        while !reader.isAtEnd {
            guard names.count < largestPrincipalCount else { throw .tooManyPrincipals(limit: largestPrincipalCount) }
            do {
                names.append(try reader.text())
            } catch {
                throw .malformed(field: "principals", error)
            }
        }
        return names
    }
}
