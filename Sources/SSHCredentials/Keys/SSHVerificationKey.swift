import Crypto
import CryptoExtras
import Foundation

/// A public key as SSH carries it (RFC 4253, section 6.6; RFC 5656, section 3.1; RFC 8709, section 4; OpenSSH's
/// PROTOCOL.u2f).
///
/// There is no such value of a key that is too weak or not on its curve.
public struct SSHVerificationKey: Sendable, Equatable, CustomStringConvertible {
    public enum Algorithm: String, Sendable, CaseIterable {
        case ed25519 = "ssh-ed25519"
        case p256 = "ecdsa-sha2-nistp256"
        case p384 = "ecdsa-sha2-nistp384"
        case p521 = "ecdsa-sha2-nistp521"
        case rsa = "ssh-rsa"
        case securityKeyEd25519 = "sk-ssh-ed25519@openssh.com"
        case securityKeyP256 = "sk-ecdsa-sha2-nistp256@openssh.com"

        /// Whether the private key sits in a FIDO authenticator.
        public var isSecurityKey: Bool { self == .securityKeyEd25519 || self == .securityKeyP256 }
    }

    enum Material: Sendable {
        case ed25519(Curve25519.Signing.PublicKey)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        /// `modulusLength` is in bytes: signatures have this length.
        case rsa(_RSA.Signing.PublicKey, modulusLength: Int)
        case securityKeyEd25519(Curve25519.Signing.PublicKey, application: [UInt8])
        case securityKeyP256(P256.Signing.PublicKey, application: [UInt8])
    }

    public let algorithm: Algorithm
    let material: Material
    /// The key's bytes, from which it was read.
    public let blob: [UInt8]

    /// Reads a key blob; nothing may follow the key.
    public init(blob: [UInt8]) throws(SSHVerificationKeyError) {
        do {
            var reader = SSHWireReader(blob)
            let name = try reader.text(limit: Self.longestName)
            let algorithm = try Self.algorithm(named: name)
            let material = try Self.material(of: algorithm, from: &reader)
            try reader.end()
            (self.algorithm, self.material, self.blob) = (algorithm, material, blob)
        } catch let error as SSHWireError {
            throw .malformed(error)
        } catch let error as SSHVerificationKeyError {
            throw error
        } catch {
            throw .notAKeyLine
        }
    }

    /// Reads the fields that follow a certificate's nonce; they are those that follow the name in a key blob.
    init(_ algorithm: Algorithm, certified fields: [UInt8]) throws(SSHVerificationKeyError) {
        var writer = SSHWireWriter()
        writer.text(algorithm.rawValue)
        writer.append(fields)
        try self.init(blob: writer.bytes)
    }

    /// Reads a line as in a `.pub` file: type, base64, and a comment that is not looked at.
    public init(line: String) throws(SSHVerificationKeyError) {
        let words = line.utf8.split(maxSplits: 2) { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard words.count >= 2, let named = String(words[0]), let encoded = String(words[1]),
            let blob = Data(base64Encoded: encoded)
        else { throw .notAKeyLine }
        try self.init(blob: Array(blob))
        guard algorithm.rawValue.utf8.elementsEqual(named.utf8) else {
            throw .typeMismatch(named: named, actual: algorithm.rawValue)
        }
    }

    /// As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding.
    public var fingerprint: String { Self.fingerprint(of: blob) }

    public static func fingerprint(of blob: [UInt8]) -> String {
        let encoded = Data(SHA256.hash(data: blob)).base64EncodedString()
        return "SHA256:" + encoded.prefix { $0 != "=" }
    }

    public var description: String { "\(algorithm.rawValue) \(fingerprint)" }

    public static func == (left: SSHVerificationKey, right: SSHVerificationKey) -> Bool { left.blob == right.blob }
}

// Reading the fields of each type.
extension SSHVerificationKey {
    private static let longestName = 64
    /// OpenSSH takes no longer modulus either.
    private static let longestModulus = 16384

    /// Moves the cursor past the fields of a key of this type, without looking at what they hold.
    static func skipFields(of algorithm: Algorithm, in reader: inout SSHWireReader) throws(SSHWireError) {
        let count =
            switch algorithm {
            case .ed25519: 1
            case .p256, .p384, .p521, .rsa, .securityKeyEd25519: 2
            case .securityKeyP256: 3
            }
        for _ in 0..<count { _ = try reader.string() }
    }

    static func algorithm(named name: String) throws(SSHVerificationKeyError) -> Algorithm {
        guard let found = Algorithm.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name.utf8) }) else {
            throw .unsupportedType(name)
        }
        return found
    }

    private static func material(of algorithm: Algorithm, from reader: inout SSHWireReader) throws -> Material {
        switch algorithm {
        case .ed25519: return .ed25519(try edwardsKey(algorithm, from: &reader))
        case .p256:
            let point = try point(algorithm, curve: "nistp256", from: &reader)
            return .p256(try valid(algorithm) { try P256.Signing.PublicKey(x963Representation: point) })
        case .p384:
            let point = try point(algorithm, curve: "nistp384", from: &reader)
            return .p384(try valid(algorithm) { try P384.Signing.PublicKey(x963Representation: point) })
        case .p521:
            let point = try point(algorithm, curve: "nistp521", from: &reader)
            return .p521(try valid(algorithm) { try P521.Signing.PublicKey(x963Representation: point) })
        case .rsa: return try rsaKey(from: &reader)
        case .securityKeyEd25519:
            let key = try edwardsKey(algorithm, from: &reader)
            return .securityKeyEd25519(key, application: try reader.string())
        case .securityKeyP256:
            let point = try point(algorithm, curve: "nistp256", from: &reader)
            let key = try valid(algorithm) { try P256.Signing.PublicKey(x963Representation: point) }
            return .securityKeyP256(key, application: try reader.string())
        }
    }

    private static func edwardsKey(
        _ algorithm: Algorithm, from reader: inout SSHWireReader
    ) throws -> Curve25519.Signing.PublicKey {
        let raw = try reader.string()
        return try valid(algorithm) { try Curve25519.Signing.PublicKey(rawRepresentation: raw) }
    }

    /// RFC 5656, section 3.1: the curve's name must be the one in the type; of the two forms of a point only the
    /// uncompressed one is used.
    private static func point(
        _ algorithm: Algorithm, curve: String, from reader: inout SSHWireReader
    ) throws -> [UInt8] {
        let named = try reader.string()
        let point = try reader.string()
        guard named.elementsEqual(curve.utf8), point.first == 0x04 else {
            throw SSHVerificationKeyError.invalid(type: algorithm.rawValue)
        }
        return point
    }

    private static func rsaKey(from reader: inout SSHWireReader) throws -> Material {
        let exponent = try reader.unsignedInteger()
        let modulus = try reader.unsignedInteger()
        let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
        guard (2048...longestModulus).contains(bits) else { throw SSHVerificationKeyError.rsaLength(bits: bits) }
        let key = try valid(.rsa) { try _RSA.Signing.PublicKey(n: modulus, e: exponent) }
        return .rsa(key, modulusLength: modulus.count)
    }

    private static func valid<Key>(_ algorithm: Algorithm, _ make: () throws -> Key) throws(SSHVerificationKeyError)
        -> Key
    {
        do {
            return try make()
        } catch {
            throw .invalid(type: algorithm.rawValue)
        }
    }
}
