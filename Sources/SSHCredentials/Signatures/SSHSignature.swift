import Crypto
import Foundation

/// A detached signature over a message, as `ssh-keygen -Y sign` makes it (OpenSSH's PROTOCOL.sshsig), taken apart and
/// not yet believed.
///
/// It is no signature of the SSH protocol itself, and none of that is one of these: what is signed here begins with a
/// preamble that no message of SSH begins with, and names what it is for.
public struct SSHSignature: Sendable {
    /// The key that says that it signed.
    public let key: SSHVerificationKey
    /// What the signature is for.
    public let namespace: String
    private let reserved: [UInt8]
    private let hash: Hash
    private let signature: [UInt8]

    private enum Hash: String, CaseIterable {
        case sha256
        case sha512

        func digest(_ message: [UInt8]) -> [UInt8] {
            switch self {
            case .sha256: Array(SHA256.hash(data: message))
            case .sha512: Array(SHA512.hash(data: message))
            }
        }
    }

    private static let preamble = Array("SSHSIG".utf8)
    private static let version: UInt32 = 1
    /// The largest has a key and a signature of RSA with 16,384 bits.
    private static let largest = 16_384
    private static let header = "-----BEGIN SSH SIGNATURE-----"
    private static let footer = "-----END SSH SIGNATURE-----"

    /// Reads the text that `ssh-keygen` prints.
    public init(armored text: String) throws(SSHSignatureError) {
        guard text.utf8.count <= Self.largest else { throw .tooLarge(bytes: text.utf8.count, limit: Self.largest) }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard lines.first == Self.header, lines.last == Self.footer, lines.count >= 3,
            let data = Data(base64Encoded: lines.dropFirst().dropLast().joined())
        else { throw .notArmored }
        try self.init(blob: Array(data))
    }

    private init(blob: [UInt8]) throws(SSHSignatureError) {
        let keyBlob: [UInt8]
        let hashName: String
        do {
            var reader = SSHWireReader(blob)
            guard try reader.bytes(Self.preamble.count) == Self.preamble else { throw SSHSignatureError.notArmored }
            let version = try reader.uint32()
            guard version == Self.version else { throw SSHSignatureError.versionUnknown(version) }
            keyBlob = try reader.string()
            namespace = try reader.text()
            reserved = try reader.string()
            hashName = try reader.text(limit: 64)
            signature = try reader.string()
            try reader.end()
        } catch let error as SSHWireError {
            throw .malformed(error)
        } catch let error as SSHSignatureError {
            throw error
        } catch {
            throw .notArmored
        }
        guard let hash = Hash.allCases.first(where: { $0.rawValue.utf8.elementsEqual(hashName.utf8) }) else {
            throw .hashRefused(hashName)
        }
        self.hash = hash
        do {
            key = try SSHVerificationKey(blob: keyBlob)
        } catch {
            throw .key(error)
        }
    }

    /// Checks that `key` has signed `message` for this purpose.
    public func verify(
        _ message: [UInt8], namespace: String, by key: SSHVerificationKey
    ) throws(SSHSignatureError) {
        guard self.key == key else { throw .otherKey(fingerprint: self.key.fingerprint) }
        guard self.namespace.utf8.elementsEqual(namespace.utf8) else {
            throw .otherNamespace(self.namespace, wanted: namespace)
        }
        let signed = Self.signedBytes(
            namespace: self.namespace, reserved: reserved, hash: hash, digest: hash.digest(message))
        guard key.isValid(signature: signature, over: signed) else { throw .wrong }
    }

    /// What `ssh-keygen -Y sign -n NAMESPACE` prints for this message and key.
    public static func armored(
        _ message: [UInt8], namespace: String, by key: SSHPrivateKey
    ) throws -> String {
        let hash = Hash.sha512
        let signed = signedBytes(namespace: namespace, reserved: [], hash: hash, digest: hash.digest(message))
        guard let algorithm = key.algorithms.first else { throw PrivateKeyError("it cannot sign") }
        var writer = SSHWireWriter()
        writer.append(preamble)
        writer.uint32(version)
        writer.string(key.publicBlob)
        writer.text(namespace)
        writer.string([UInt8]())
        writer.text(hash.rawValue)
        writer.string(try key.sign(signed, algorithm: algorithm))
        let lines = Data(writer.bytes).base64EncodedString(
            options: [.lineLength64Characters, .endLineWithLineFeed])
        return "\(header)\n\(lines)\n\(footer)\n"
    }

    private static func signedBytes(namespace: String, reserved: [UInt8], hash: Hash, digest: [UInt8]) -> [UInt8] {
        var writer = SSHWireWriter()
        writer.append(preamble)
        writer.text(namespace)
        writer.string(reserved)
        writer.text(hash.rawValue)
        writer.string(digest)
        return writer.bytes
    }
}

/// Why a detached signature proves nothing.
public enum SSHSignatureError: Error, Sendable, Equatable, CustomStringConvertible {
    case tooLarge(bytes: Int, limit: Int)
    case notArmored
    case malformed(SSHWireError)
    case versionUnknown(UInt32)
    case hashRefused(String)
    case key(SSHVerificationKeyError)
    case otherKey(fingerprint: String)
    case otherNamespace(String, wanted: String)
    case wrong

    public var description: String {
        switch self {
        case .tooLarge(let bytes, let limit): "the signature has \(bytes) bytes; at most \(limit) are read"
        case .notArmored:
            "this is not what `ssh-keygen -Y sign` prints, from -----BEGIN SSH SIGNATURE----- to the end"
        case .malformed(let error): "the signature cannot be read: \(error)"
        case .versionUnknown(let version): "the signature has the version \(version); 1 is read"
        case .hashRefused(let name): "the signature is over \(name.debugDescription); sha256 and sha512 are taken"
        case .key(let error): "the signature's key is not taken: \(error)"
        case .otherKey(let fingerprint): "it is a signature by another key, \(fingerprint)"
        case .otherNamespace(let name, let wanted):
            "it is a signature for \(name.debugDescription), and one for \(wanted.debugDescription) is needed (-n)"
        case .wrong: "the signature is not that of the key over this message"
        }
    }
}
