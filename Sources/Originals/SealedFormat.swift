import Crypto
import Foundation

/// Sealed originals on disk, so described that a stranger can write an opener.
///
/// A session's originals stand in `originals/<yyyy-mm-dd>/<session>-<part>.sealed`, a file that only grows (mode 0600).
/// There is one part, unless the disk refused to take something: what comes later then goes into a next part. A file is
/// a sequence of frames:
///
///     4 bytes   length of the header, unsigned, big-endian
///     …         the header: canonical JSON (RFC 8785)
///     4 bytes   length of the body
///     …         the body
///
/// **The first frame** says how the others are sealed. Its header:
///
///     {"aead":3,"info":"sallyport/originals/v2","kdf":1,"kem":32,"key":"<key id>","log":"<origin>",
///      "part":1,"session":"<id>","v":2}
///
/// Its body is `enc`, the 32 bytes of the encapsulated key. By them, `info` and the auditor's private key one sets up
/// the receiver's context of HPKE (RFC 9180, base mode): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
///
/// **Every other frame** is a chunk of masked values of one command. Its header:
///
///     {"command":"<id>","fields":[{"encoding":"text","name":"public.customers.ssn","rule":"pii/ssn",
///      "selector":"column ssn","values":500},…],"log":"<origin>","part":1,"sequence":0,"session":"<id>","v":2}
///
/// Its body is what the context's `Seal(aad, pt)` gave, where `aad` is the header, byte for byte as it stands. Chunks
/// are sealed in the order of the file, so that the context's own sequence number and `sequence` agree: open them all,
/// one after the other. As the header is authenticated, no ciphertext can be given out as another command's, session's,
/// log's or field's, or at another place. A chunk that was changed cannot be opened; those behind it can by whoever
/// computes the nonce of their sequence number (RFC 9180, section 5.2).
///
/// **The plaintext** is a sequence of records, see `OriginalsRecord`: three numbers in LEB128, which are the number of the
/// field in `fields`, the row, and twice the length in bytes, one more where the value goes on in the next record; and
/// the value.
///
/// **The log** has the SHA-256 of each frame, whole with its lengths: in `originals` of the command's outcome, and, for
/// commands with many chunks, in entries `kind: originals` before it. `head` is that of the first frame.
///
/// The gateway keeps the sender's context of HPKE, from which nothing can be opened, and that only while the session
/// lasts.
enum SealedFormat {
    static let version: Int64 = 2
    static let info = "sallyport/originals/v2"
    static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    /// RFC 9180, section 7: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.
    static let identifiers: (kem: Int64, kdf: Int64, aead: Int64) = (0x0020, 0x0001, 0x0003)

    /// Longer ones are not of this program.
    static let longestHeader = 4 << 20
    static let longestBody = 4 << 20

    /// Puts a frame's beginning in place of `bytes`: all but its body.
    static func write(_ header: [UInt8], bodyLength: Int, to bytes: inout [UInt8]) {
        bytes.removeAll(keepingCapacity: true)
        appendLength(header.count, to: &bytes)
        bytes.append(contentsOf: header)
        appendLength(bodyLength, to: &bytes)
    }

    private static func appendLength(_ length: Int, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: UInt32(length).bigEndian) { bytes.append(contentsOf: $0) }
    }
}
