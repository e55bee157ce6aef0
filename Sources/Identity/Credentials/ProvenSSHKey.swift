import SSHCredentials

/// A public key of which somebody has proved to hold the private key. There is no such value without the proof:
/// public keys are known to many, and who registers another's would have that person's connections act as themselves.
public struct ProvenSSHKey: Sendable {
    /// What such a proof calls itself (`ssh-keygen -Y sign -n`).
    public static let namespace = "sallyport-ssh-key"

    public let key: SSHPublicKey

    /// - Parameters:
    ///   - signature: Of the key over `token` as it stands, in the form of `ssh-keygen -Y sign`.
    ///   - token: The one that the caller is signed in with. It is known to nobody else, names its holder and ends soon:
    ///     a proof made for it is of use to nobody else and at no other time.
    public init(_ key: SSHPublicKey, signature: String, of token: String) throws(SSHKeyError) {
        do {
            let verifying = try SSHVerificationKey(blob: key.blob)
            try SSHSignature(armored: signature).verify(Array(token.utf8), namespace: Self.namespace, by: verifying)
        } catch {
            throw .notProven(fingerprint: key.fingerprint, "\(error)")
        }
        self.key = key
    }

    /// What `init` takes, for whoever has the private key at hand.
    public static func signature(of token: String, by key: SSHPrivateKey) throws -> String {
        try SSHSignature.armored(Array(token.utf8), namespace: namespace, by: key)
    }
}
