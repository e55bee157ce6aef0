import Crypto
import CryptoExtras
import Foundation

/// Why a private key cannot be used, in words for the operator.
public struct PrivateKeyError: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}

/// A private key and what it signs with: the gateway's own host keys, and those with which it signs in to hosts.
public struct SSHPrivateKey: Sendable {
    public enum Material: Sendable {
        case ed25519(Curve25519.Signing.PrivateKey)
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
        case p521(P521.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    private let material: Material
    /// The public key (RFC 4253, section 6.6).
    public let publicBlob: [UInt8]

    public init(_ material: Material) throws {
        self.material = material
        publicBlob = try Self.blob(of: material)
    }

    /// The key's own name.
    public var type: String {
        switch material {
        case .ed25519: "ssh-ed25519"
        case .p256: "ecdsa-sha2-nistp256"
        case .p384: "ecdsa-sha2-nistp384"
        case .p521: "ecdsa-sha2-nistp521"
        case .rsa: "ssh-rsa"
        }
    }

    public var isRSA: Bool {
        if case .rsa = material { true } else { false }
    }

    /// The algorithms that it signs with, the best first.
    public var algorithms: [String] {
        isRSA ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]
    }

    /// - Parameter algorithm: One of `algorithms`.
    /// - Returns: A signature blob: the algorithm and the signature (RFC 4253, section 6.6).
    public func sign(_ bytes: [UInt8], algorithm: String) throws -> [UInt8] {
        guard algorithms.contains(where: { $0.utf8.elementsEqual(algorithm.utf8) }) else {
            throw PrivateKeyError("a key of the type \(type) makes no signatures of the type \(algorithm.prefix(64))")
        }
        var blob = SSHWireWriter()
        blob.text(algorithm)
        switch material {
        case .ed25519(let key): blob.string(try key.signature(for: bytes))
        case .p256(let key): blob.string(Self.ecdsa(try key.signature(for: bytes).rawRepresentation))
        case .p384(let key): blob.string(Self.ecdsa(try key.signature(for: bytes).rawRepresentation))
        case .p521(let key): blob.string(Self.ecdsa(try key.signature(for: bytes).rawRepresentation))
        case .rsa(let key):
            let signature =
                algorithm == "rsa-sha2-256"
                ? try key.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
                : try key.signature(for: SHA512.hash(data: bytes), padding: .insecurePKCS1v1_5)
            blob.string(signature.rawRepresentation)
        }
        return blob.bytes
    }

    /// What stands in a file of OpenSSH's about it (PROTOCOL.key), from the type on.
    func privateFields() throws(PrivateKeyError) -> [UInt8] {
        var fields = SSHWireWriter()
        fields.text(type)
        switch material {
        case .ed25519(let key):
            fields.string(key.publicKey.rawRepresentation)
            fields.string(key.rawRepresentation + key.publicKey.rawRepresentation)
        case .p256(let key):
            fields.text("nistp256")
            fields.string(key.publicKey.x963Representation)
            fields.unsignedInteger(Array(key.rawRepresentation))
        case .p384, .p521, .rsa: throw PrivateKeyError("keys of this type are not written")
        }
        return fields.bytes
    }

    /// RFC 5656, section 3.1.2: both numbers as `mpint`.
    private static func ecdsa(_ raw: Data) -> [UInt8] {
        var numbers = SSHWireWriter()
        numbers.unsignedInteger(Array(raw.prefix(raw.count / 2)))
        numbers.unsignedInteger(Array(raw.suffix(raw.count / 2)))
        return numbers.bytes
    }

    private static func blob(of material: Material) throws -> [UInt8] {
        var blob = SSHWireWriter()
        func point(_ type: String, _ curve: String, _ bytes: Data) {
            blob.text(type)
            blob.text(curve)
            blob.string(bytes)
        }
        switch material {
        case .ed25519(let key):
            blob.text("ssh-ed25519")
            blob.string(key.publicKey.rawRepresentation)
        case .p256(let key): point("ecdsa-sha2-nistp256", "nistp256", key.publicKey.x963Representation)
        case .p384(let key): point("ecdsa-sha2-nistp384", "nistp384", key.publicKey.x963Representation)
        case .p521(let key): point("ecdsa-sha2-nistp521", "nistp521", key.publicKey.x963Representation)
        case .rsa(let key):
            let numbers = try key.publicKey.getKeyPrimitives()
            blob.text("ssh-rsa")
            blob.unsignedInteger(Array(numbers.publicExponent))
            blob.unsignedInteger(Array(numbers.modulus))
        }
        return blob.bytes
    }
}
