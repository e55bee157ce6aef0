import Crypto
import Identity
import SSHCredentials

/// A new Ed25519 key pair, written as OpenSSH writes its own.
struct SSHKeyPair {
    private let privateKey: SSHPrivateKey
    /// What `ssh-add -l` calls it.
    private let comment: String
    let publicKey: SSHPublicKey

    init(comment: String) throws {
        self.comment = Terminal.plain(comment)
        privateKey = try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey()))
        publicKey = try SSHPublicKey(blob: privateKey.publicBlob)
    }

    /// The line of the `.pub` file.
    var publicKeyFile: String { "\(publicKey.line) \(comment)\n" }

    /// The file of the private key, without a passphrase: it lives as long as a token does, which has none either.
    var privateKeyFile: String { get throws { try privateKey.openSSHFile(comment: comment) } }

    /// Shows the gateway that the bearer of `token` has the private key.
    func proof(for token: String) throws -> String { try ProvenSSHKey.signature(of: token, by: privateKey) }
}
