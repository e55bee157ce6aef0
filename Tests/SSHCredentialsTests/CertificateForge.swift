import Crypto
import Foundation

@testable import SSHCredentials

/// Certificates that `ssh-keygen` does not make: each field can be set to anything, and the signature is right.
struct CertificateForge {
    let authority = Curve25519.Signing.PrivateKey()
    let user = Curve25519.Signing.PrivateKey()

    var nonce = [UInt8](repeating: 7, count: 32)
    var role: UInt32 = 1
    var keyID = Array("anna".utf8)
    var principals = [Array("anna".utf8)]
    var validAfter: UInt64 = 1000
    var validBefore: UInt64 = 2000
    var criticalOptions: [UInt8] = []
    var extensions: [UInt8] = []
    var reserved: [UInt8] = []
    var isSelfSigned = false

    var authorityKey: SSHVerificationKey { get throws { try Self.key(authority.publicKey) } }
    var userKey: SSHVerificationKey { get throws { try Self.key(user.publicKey) } }

    static func key(_ key: Curve25519.Signing.PublicKey) throws -> SSHVerificationKey {
        var writer = SSHWireWriter()
        writer.text("ssh-ed25519")
        writer.string(Array(key.rawRepresentation))
        return try SSHVerificationKey(blob: writer.bytes)
    }

    static func options(_ options: [(String, [UInt8])]) -> [UInt8] {
        var writer = SSHWireWriter()
        for (name, data) in options {
            writer.text(name)
            writer.string(data)
        }
        return writer.bytes
    }

    static func string(_ text: String) -> [UInt8] {
        var writer = SSHWireWriter()
        writer.text(text)
        return writer.bytes
    }

    func blob() throws -> [UInt8] {
        let signer = isSelfSigned ? user : authority
        var writer = SSHWireWriter()
        writer.text("ssh-ed25519-cert-v01@openssh.com")
        writer.string(nonce)
        writer.string(Array(user.publicKey.rawRepresentation))
        writer.uint64(42)
        writer.uint32(role)
        writer.string(keyID)
        var names = SSHWireWriter()
        for principal in principals { names.string(principal) }
        writer.string(names.bytes)
        writer.uint64(validAfter)
        writer.uint64(validBefore)
        writer.string(criticalOptions)
        writer.string(extensions)
        writer.string(reserved)
        writer.string(try Self.key(signer.publicKey).blob)
        var signature = SSHWireWriter()
        signature.text("ssh-ed25519")
        signature.string(Array(try signer.signature(for: writer.bytes)))
        writer.string(signature.bytes)
        return writer.bytes
    }

    func certificate() throws -> OpenSSHCertificate { try OpenSSHCertificate(blob: try blob()) }
}
