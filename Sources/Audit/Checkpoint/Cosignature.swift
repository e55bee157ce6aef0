import Crypto
import Foundation

/// The public half of a witness's key (a vkey of type 4, C2SP tlog-cosignature). It signs that it saw a checkpoint, and
/// is never a log's key.
public struct CosignerKey: Sendable, Hashable, CustomStringConvertible {
    static let ed25519: UInt8 = 4

    public let name: String
    public let keyID: UInt32
    private let publicKey: [UInt8]

    init(name: String, key: Curve25519.Signing.PublicKey) {
        self.name = name
        publicKey = Array(key.rawRepresentation)
        keyID = NoteKeyName.keyID(name: name, type: Self.ed25519, publicKey: publicKey)
    }

    /// Reads a vkey text; white space around it is ignored.
    public init(_ text: String) throws(NoteError) {
        let parsed = try NoteKeyName.parse(text)
        guard parsed.type == Self.ed25519,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: parsed.publicKey)
        else { throw .malformed("the key is not a witness's Ed25519 key (type 4)") }
        self.init(name: parsed.name, key: key)
        guard keyID == parsed.keyID else { throw .malformed("the key's id is not the one of its name and bytes") }
    }

    public var description: String {
        "\(name)+\(NoteKeyName.hex(keyID))+\(Data([Self.ed25519] + publicKey).base64EncodedString())"
    }

    /// The time that a cosignature of this key names, if the signature is right.
    fileprivate func time(of signature: SignedNote.Signature, on text: String) -> UInt64? {
        guard signature.name == name, signature.keyID == keyID, signature.signature.count == 72,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
        else { return nil }
        let time = signature.signature.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let message = CosignedMessage.bytes(text: text, time: time)
        return key.isValidSignature(Data(signature.signature.dropFirst(8)), for: message) ? time : nil
    }
}

/// What a witness said of a checkpoint.
public struct Cosignature: Sendable, Equatable {
    public let key: CosignerKey
    /// Seconds since 1970.
    public let time: UInt64
}

enum CosignedMessage {
    static func bytes(text: String, time: UInt64) -> Data { Data("cosignature/v1\ntime \(time)\n\(text)".utf8) }
}

/// Cosigns checkpoints under one name.
public struct Cosigner: Sendable {
    public let key: CosignerKey
    private let signature: @Sendable (Data) throws -> [UInt8]

    init(name: String, key: Curve25519.Signing.PrivateKey) {
        self.key = CosignerKey(name: name, key: key.publicKey)
        signature = { Array(try key.signature(for: $0)) }
    }

    /// A signature line over a checkpoint's text.
    ///
    /// - Parameter time: Seconds since 1970.
    public func cosign(_ text: String, time: UInt64) throws -> SignedNote.Signature {
        let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * UInt64($0))) }
        return SignedNote.Signature(
            name: key.name, keyID: key.keyID,
            signature: stamp + (try signature(CosignedMessage.bytes(text: text, time: time))))
    }
}

extension SignedNote {
    /// The right cosignatures by some of `keys`, the newest of each.
    public func cosignatures(by keys: [CosignerKey]) -> [Cosignature] {
        keys.compactMap { key in
            signatures.compactMap { key.time(of: $0, on: text) }.max().map { Cosignature(key: key, time: $0) }
        }
    }

    /// The note with more signatures; those that are there already are not added again.
    public func adding(_ more: [Signature]) -> SignedNote {
        SignedNote(text: text, signatures: signatures + more.filter { !signatures.contains($0) })
    }
}
