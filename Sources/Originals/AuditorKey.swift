import Crypto
import Foundation
import Identifiers

/// The public half of an auditor's key: all that a gateway has of it, and good for sealing alone.
///
/// As text: `sallyport-auditor+<id>+<base64 of the 32 bytes of the X25519 public key>`.
public struct AuditorPublicKey: Sendable, Equatable, CustomStringConvertible {
    static let prefix = "sallyport-auditor"

    let key: Curve25519.KeyAgreement.PublicKey
    /// The first 16 hexadecimal digits of the SHA-256 of the public key.
    public let id: String

    init(_ key: Curve25519.KeyAgreement.PublicKey) {
        self.key = key
        id = String(SHA256.hash(data: key.rawRepresentation).hexadecimal.prefix(16))
    }

    /// - Throws: `OriginalsKeyError`, also for a private key: that must not be where a public one is asked for.
    public init(parsing text: String) throws(OriginalsKeyError) {
        guard !text.hasPrefix(AuditorPrivateKey.prefix) else { throw .privateKey }
        let (id, bytes) = try KeyText.parse(text, prefix: Self.prefix)
        guard let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: bytes) else { throw .notAKey }
        self.init(key)
        guard self.id.isExactly(id) else { throw .damaged }
    }

    public static func == (left: AuditorPublicKey, right: AuditorPublicKey) -> Bool {
        left.key.rawRepresentation == right.key.rawRepresentation
    }

    public var description: String { KeyText.text(Self.prefix, id, key.rawRepresentation) }
}

/// The private half, which belongs on the auditor's own machine.
///
/// As text: `sallyport-auditor-private+<id of the public key>+<base64 of the 32 bytes of the X25519 private key>`.
public struct AuditorPrivateKey: Sendable {
    static let prefix = "sallyport-auditor-private"

    let key: Curve25519.KeyAgreement.PrivateKey

    /// A new one.
    public init() { key = Curve25519.KeyAgreement.PrivateKey() }

    public init(parsing text: String) throws(OriginalsKeyError) {
        let (id, bytes) = try KeyText.parse(text, prefix: Self.prefix)
        guard let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: bytes) else { throw .notAKey }
        self.key = key
        guard publicKey.id.isExactly(id) else { throw .damaged }
    }

    public var publicKey: AuditorPublicKey { AuditorPublicKey(key.publicKey) }

    /// The text of its file. Not `description`, so that no message can show it by mistake.
    public var secretText: String { KeyText.text(Self.prefix, publicKey.id, key.rawRepresentation) }
}

public enum OriginalsKeyError: Error, Sendable, Equatable, CustomStringConvertible {
    case notAKey
    case damaged
    case privateKey

    public var description: String {
        switch self {
        case .notAKey: "it is no key of `sallyport audit keygen`"
        case .damaged: "its id does not belong to it: a character is wrong or missing"
        case .privateKey: "this is the private key, which belongs on the auditor's machine alone; give the public one"
        }
    }
}

private enum KeyText {
    static func text(_ prefix: String, _ id: String, _ bytes: Data) -> String {
        "\(prefix)+\(id)+\(bytes.base64EncodedString())"
    }

    static func parse(_ text: String, prefix: String) throws(OriginalsKeyError) -> (id: String, bytes: Data) {
        // Base64 has plus signs of its own.
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, parts[0].isExactly(prefix), let bytes = Data(base64Encoded: parts[2]), bytes.count == 32
        else { throw .notAKey }
        return (parts[1], bytes)
    }
}
