import SSHCredentials

@testable import SSHExec

/// Keys, certificates, signatures and the files that hold them.
enum CredentialReading {
    static func read(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = try? SSHVerificationKey(blob: bytes) {
            precondition(key.blob == bytes, "a key that is another when it is written")
            _ = key.isValid(signature: bytes, over: bytes)
        }
        if let key = try? SSHVerificationKey(line: text) {
            precondition(
                (try? SSHVerificationKey(blob: key.blob)) == key, "a key that is another when it is read again")
        }
        if let certificate = try? OpenSSHCertificate(blob: bytes) { _ = try? OPKToken(in: certificate) }
        if let key = try? SSHPrivateKey(file: text) { _ = try? key.sign(bytes, algorithm: "ssh-ed25519") }
        _ = try? SSHSignature(armored: text)
        _ = try? KnownHosts(parsing: text, file: "known_hosts")
        _ = try? PinnedHostKey(text)
    }
}
