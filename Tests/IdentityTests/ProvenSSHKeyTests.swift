import Crypto
import SSHCredentials
import Testing

@testable import Identity

@Suite("The proof that somebody holds a private key")
struct ProvenSSHKeyTests {
    private static func newKey() throws -> SSHPrivateKey {
        try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey()))
    }

    @Test("a signature over the token proves the key")
    func proof() throws {
        let privateKey = try Self.newKey()
        let key = try SSHPublicKey(blob: privateKey.publicBlob)
        let signature = try ProvenSSHKey.signature(of: "token", by: privateKey)
        #expect(try ProvenSSHKey(key, signature: signature, of: "token").key == key)
    }

    @Test("a signature over another token, by another key or for another purpose proves nothing")
    func noProof() throws {
        let (privateKey, other) = (try Self.newKey(), try Self.newKey())
        let key = try SSHPublicKey(blob: privateKey.publicBlob)
        let signatures = [
            try ProvenSSHKey.signature(of: "token", by: other),
            try ProvenSSHKey.signature(of: "another token", by: privateKey),
            try ProvenSSHKey.signature(of: "token\n", by: privateKey),
            try SSHSignature.armored(Array("token".utf8), namespace: "file", by: privateKey),
            "", "-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----",
        ]
        for signature in signatures {
            #expect {
                try ProvenSSHKey(key, signature: signature, of: "token")
            } throws: { error in
                guard case .notProven(key.fingerprint, _) = error as? SSHKeyError else { return false }
                return "\(error)".contains("ssh-keygen -Y sign")
            }
        }
    }
}
