import Crypto
import Foundation
import Identity

/// A new Ed25519 key pair, written as OpenSSH writes its own.
struct SSHKeyPair {
    private let privateKey = Curve25519.Signing.PrivateKey()
    /// What `ssh-add -l` calls it.
    private let comment: String
    let publicKey: SSHPublicKey

    init(comment: String) throws(SSHKeyError) {
        self.comment = Terminal.plain(comment)
        publicKey = try SSHPublicKey(
            blob: Self.string(SSHKeyAlgorithm.ed25519.rawValue.utf8)
                + Self.string(privateKey.publicKey.rawRepresentation))
    }

    /// The line of the `.pub` file.
    var publicKeyFile: String { "\(publicKey.line) \(comment)\n" }

    /// The file of the private key, without a passphrase (OpenSSH, PROTOCOL.key): it lives as long as a token does, which
    /// has none either.
    var privateKeyFile: String {
        let point = privateKey.publicKey.rawRepresentation
        // Twice the same, by which a reader sees that it has decrypted the file with the right passphrase.
        let check = withUnsafeBytes(of: UInt32.random(in: 0...UInt32.max)) { Array($0) }
        var secret =
            check + check + Self.string(SSHKeyAlgorithm.ed25519.rawValue.utf8) + Self.string(point)
            + Self.string(privateKey.rawRepresentation + point) + Self.string(comment.utf8)
        // Padded by 1, 2, 3, … to the block size of no cipher.
        secret += (1...8).prefix((8 - secret.count % 8) % 8).map { UInt8($0) }
        let cipher = Self.string("none".utf8)
        let keyDerivation = Self.string("none".utf8) + Self.string([])
        let file =
            Array("openssh-key-v1\0".utf8) + cipher + keyDerivation + [0, 0, 0, 1] + Self.string(publicKey.blob)
            + Self.string(secret)
        let base64 = Data(file).base64EncodedString()
        let lines = stride(from: 0, to: base64.utf8.count, by: 70).map { String(base64.dropFirst($0).prefix(70)) }
        return
            "-----BEGIN OPENSSH PRIVATE KEY-----\n\(lines.joined(separator: "\n"))\n-----END OPENSSH PRIVATE KEY-----\n"
    }

    /// RFC 4251 section 5.
    private static func string(_ bytes: some Collection<UInt8>) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }
}
