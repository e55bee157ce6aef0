import Crypto
import Foundation
import Identifiers

enum NoteKeyName {
    /// Not empty, no Unicode white space, no `+` (signed-note, "Format").
    static func isValid(_ name: some StringProtocol) -> Bool {
        !name.isEmpty
            && !name.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "+" || $0.value < 0x20 }
    }

    static func hex(_ keyID: UInt32) -> String {
        let digits = String(keyID, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    /// The parts of a vkey text: `<name>+<8 hex digits>+<base64(type || public key)>`, the key of 32 bytes.
    static func parse(
        _ text: String
    ) throws(NoteError) -> (name: String, keyID: UInt32, type: UInt8, publicKey: Data) {
        let parts = text.trimmingCharacters(in: .whitespacesAndNewlines).split(
            separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, isValid(parts[0]), parts[1].utf8.count == 8,
            let keyID = UInt32(parts[1], radix: 16), let data = Data(base64Encoded: String(parts[2]))
        else { throw .malformed("a verifier key reads <name>+<8 hexadecimal digits>+<base64>") }
        guard let type = data.first, data.count == 33 else { throw .malformed("the key is not an Ed25519 key") }
        return (String(parts[0]), keyID, type, Data(data.dropFirst()))
    }

    /// SHA-256(name || 0x0A || type || public key)[:4].
    static func keyID(name: String, type: UInt8, publicKey: [UInt8]) -> UInt32 {
        SHA256.hash(data: Array(name.utf8) + [0x0a, type] + publicKey).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// The public half of a note key (a "vkey"): `<name>+<8 hex digits>+<base64(type || public key)>`.
///
/// Ed25519 (type 1) is the only kind that is understood.
public struct NoteVerifierKey: Sendable, CustomStringConvertible {
    static let ed25519: UInt8 = 1

    public let name: String
    public let keyID: UInt32
    private let key: Curve25519.Signing.PublicKey

    init(name: String, key: Curve25519.Signing.PublicKey) {
        self.name = name
        self.key = key
        keyID = NoteKeyName.keyID(name: name, type: Self.ed25519, publicKey: Array(key.rawRepresentation))
    }

    /// Reads a vkey text; white space around it is ignored.
    public init(_ text: String) throws(NoteError) {
        let parsed = try NoteKeyName.parse(text)
        guard parsed.type == Self.ed25519,
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: parsed.publicKey)
        else { throw .malformed("the key is not an Ed25519 key") }
        self.init(name: parsed.name, key: key)
        guard keyID == parsed.keyID else { throw .malformed("the key's id is not the one of its name and bytes") }
    }

    public var description: String {
        "\(name)+\(NoteKeyName.hex(keyID))+\((Data([Self.ed25519]) + key.rawRepresentation).base64EncodedString())"
    }

    func isValid(_ signature: [UInt8], for text: [UInt8]) -> Bool {
        signature.count == 64 && key.isValidSignature(Data(signature), for: Data(text))
    }
}

extension NoteVerifierKey: Equatable {
    public static func == (a: NoteVerifierKey, b: NoteVerifierKey) -> Bool { a.description.isExactly(b.description) }
}
