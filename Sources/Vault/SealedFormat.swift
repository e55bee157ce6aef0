import Crypto
import Foundation
import Identifiers

/// How a sealed file is laid out.
///
/// ```
/// "sallyport-sealed/1\n"          19 bytes
/// <id of the data key> "\n"       37 bytes, a UUID's text
/// salt                            32 random bytes
/// chunk 0, chunk 1, …             each 65,536 bytes of plaintext, the last 1 to 65,536 (0 of an empty file), and a tag
/// ```
/// Chunks are ChaCha20-Poly1305 in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its
/// Nonce-Reuse Misuse-Resistance"), framed as age frames its payload (c2sp.org/age, "Payload"): the nonce is the chunk's
/// number in 11 bytes, big-endian, and a byte that is 1 for the last chunk, so that a file that was cut, continued or
/// put in another order does not open. The key of a file is HKDF-SHA256 of the data key with the salt, and the first
/// line and the file's name as info, so that sealed files cannot be swapped; all before the chunks is associated data of
/// each.
struct SealedFormat: Sendable {
    static let magic = Array("sallyport-sealed/1\n".utf8)
    static let chunkBytes = 65_536
    static let tagBytes = 16
    static let saltBytes = 32
    static let headerBytes = magic.count + UUIDv7.characterCount + 1 + saltBytes

    let header: [UInt8]
    private let key: SymmetricKey

    /// For a new file under `dataKey`.
    init(sealing name: String, under dataKey: DataKey) {
        let salt = SymmetricKey(size: SymmetricKeySize(bitCount: Self.saltBytes * 8)).withUnsafeBytes { Array($0) }
        self.init(header: Self.magic + Array("\(dataKey.id)\n".utf8) + salt, name: name, dataKey)
    }

    /// - Parameter header: What `keyID` has accepted.
    init(header: [UInt8], name: String, _ dataKey: DataKey) {
        self.header = header
        key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: dataKey.secret, salt: header.suffix(Self.saltBytes), info: Self.magic + Array(name.utf8),
            outputByteCount: 32)
    }

    /// The id of the key that a file is sealed under whose first bytes are `start`; `nil` for one that is not sealed.
    static func keyID(_ start: [UInt8], path: String) throws(VaultError) -> UUIDv7? {
        guard start.starts(with: magic) else { return nil }
        let text = start.dropFirst(magic.count).prefix(UUIDv7.characterCount)
        guard start.count >= headerBytes, let id = UUIDv7(String(decoding: text, as: UTF8.self)) else {
            throw .damaged(path: path, reason: "its header is cut or names no key")
        }
        return id
    }

    /// How many bytes of plaintext a file of `fileBytes` has; `nil` where no file has this length.
    static func plaintextBytes(_ fileBytes: UInt64) -> UInt64? {
        guard fileBytes >= UInt64(headerBytes + tagBytes) else { return nil }
        let sealed = fileBytes - UInt64(headerBytes)
        let whole = UInt64(chunkBytes + tagBytes)
        let chunks = (sealed + whole - 1) / whole
        let last = sealed - (chunks - 1) * whole
        guard last > tagBytes || (last == tagBytes && chunks == 1) else { return nil }
        return sealed - chunks * UInt64(tagBytes)
    }

    func seal(_ chunk: some DataProtocol, number: UInt64, isLast: Bool) throws -> [UInt8] {
        let box = try ChaChaPoly.seal(chunk, using: key, nonce: Self.nonce(number, isLast), authenticating: header)
        return Array(box.ciphertext) + Array(box.tag)
    }

    func open(_ chunk: [UInt8], number: UInt64, isLast: Bool) throws -> [UInt8] {
        let box = try ChaChaPoly.SealedBox(
            nonce: Self.nonce(number, isLast), ciphertext: chunk.dropLast(Self.tagBytes),
            tag: chunk.suffix(Self.tagBytes))
        return Array(try ChaChaPoly.open(box, using: key, authenticating: header))
    }

    private static func nonce(_ number: UInt64, _ isLast: Bool) throws -> ChaChaPoly.Nonce {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: number >> UInt64(56 - 8 * $0)) }
        return try ChaChaPoly.Nonce(data: [0, 0, 0] + counter + [isLast ? 1 : 0])
    }
}
