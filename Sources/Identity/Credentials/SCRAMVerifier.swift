import Crypto
import CryptoExtras
import Foundation

/// What is kept of a password so that its holder can prove to have it, and nobody who reads this can (RFC 5802, section
/// 3; SHA-256 as of RFC 7677).
struct SCRAMVerifier: Sendable {
    /// RFC 7677's least. The passwords are random keys, which no guessing finds: more rounds would cost the drivers and
    /// protect nothing.
    static let iterations = 4096

    let salt: [UInt8]
    private let storedKey: SHA256.Digest
    private let serverKey: SymmetricKey

    /// With a new random salt.
    ///
    /// - Parameter secret: Printable ASCII, where SASLprep (RFC 4013) changes nothing.
    /// - Throws: What BoringSSL says where it cannot derive a key.
    init(secret: String) throws {
        var generator = SystemRandomNumberGenerator()
        salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let salted = try KDF.Insecure.PBKDF2.deriveKey(
            from: Array(secret.utf8), salt: salt, using: .sha256, outputByteCount: 32,
            unsafeUncheckedRounds: Self.iterations)
        let clientKey = HMAC<SHA256>.authenticationCode(for: Array("Client Key".utf8), using: salted)
        storedKey = SHA256.hash(data: Array(clientKey))
        serverKey = SymmetricKey(
            data: Array(HMAC<SHA256>.authenticationCode(for: Array("Server Key".utf8), using: salted)))
    }

    /// - Parameter message: `AuthMessage`.
    /// - Returns: `ServerSignature`; `nil` when the proof is not that of the password's holder.
    func serverSignature(for proof: [UInt8], over message: [UInt8]) -> [UInt8]? {
        guard proof.count == SHA256.byteCount else { return nil }
        let signature = HMAC<SHA256>.authenticationCode(
            for: message, using: SymmetricKey(data: Array(storedKey)))
        let clientKey = zip(proof, Array(signature)).map { $0 ^ $1 }
        // Digests compare in constant time.
        guard SHA256.hash(data: clientKey) == storedKey else { return nil }
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: serverKey))
    }
}
