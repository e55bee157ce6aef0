import Crypto
import CryptoExtras
import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("Public keys")
struct SSHVerificationKeyTests {
    @Test("keys of ssh-keygen are read, and have the fingerprints that it prints", arguments: KeygenWorkshop.keyTypes)
    func fingerprints(type: String) throws {
        let workshop = try KeygenWorkshop()
        let key = try workshop.makeKey("key", type: type)
        let printed = try workshop.keygen(["-l", "-f", workshop.path("key.pub")])
        #expect(printed.split(separator: " ")[1] == key.fingerprint)
        #expect(try SSHVerificationKey(blob: key.blob) == key)
    }

    @Test(
        "signatures of ssh-keygen are valid over what was signed, and over nothing else",
        arguments: KeygenWorkshop.keyTypes, ["sha256", "sha512"])
    func signatures(type: String, hash: String) throws {
        let workshop = try KeygenWorkshop()
        let key = try workshop.makeKey("key", type: type)
        let (signature, message) = try Self.opensshSignature(workshop, hash: hash)
        #expect(key.isValid(signature: signature, over: message))
        #expect(!key.isValid(signature: signature, over: message + [0]))
        #expect(!key.isValid(signature: signature + [0], over: message))
        #expect(!key.isValid(signature: [], over: message))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!key.isValid(signature: changed, over: message), "byte \(index)")
        }
        for length in signature.indices {
            #expect(!key.isValid(signature: Array(signature.prefix(length)), over: message), "\(length) bytes")
        }
        let other = try workshop.makeKey("other", type: type)
        #expect(!other.isValid(signature: signature, over: message))
    }

    /// Makes an SSHSIG with `ssh-keygen -Y` (OpenSSH's PROTOCOL.sshsig) and returns the signature within, and what it
    /// is over.
    private static func opensshSignature(
        _ workshop: KeygenWorkshop, hash: String
    ) throws -> (signature: [UInt8], message: [UInt8]) {
        try workshop.write("hello", to: "message")
        try workshop.keygen([
            "-q", "-Y", "sign", "-O", "hashalg=\(hash)", "-f", workshop.path("key"), "-n", "test",
            workshop.path("message"),
        ])
        let lines = try workshop.read("message.sig").split(separator: "\n").filter { !$0.hasPrefix("-") }
        let data = try #require(Data(base64Encoded: lines.joined()))
        var reader = SSHWireReader(Array(data))
        _ = try reader.bytes(6)
        _ = try reader.uint32()
        _ = try reader.string()
        _ = try reader.string()
        _ = try reader.string()
        #expect(try reader.text() == hash)
        let signature = try reader.string()
        var message = SSHWireWriter()
        message.append("SSHSIG".utf8)
        message.text("test")
        message.text("")
        message.text(hash)
        let content = Array("hello".utf8)
        message.string(hash == "sha256" ? Array(SHA256.hash(data: content)) : Array(SHA512.hash(data: content)))
        return (signature, message.bytes)
    }

    @Test("RSA signatures with SHA-1 are refused, those with SHA-2 are not")
    func sha1() throws {
        let (key, privateKey) = try Self.rsaKey()
        let message = Array("hello".utf8)
        func signature(_ name: String, _ digest: some Digest) throws -> [UInt8] {
            var writer = SSHWireWriter()
            writer.text(name)
            writer.string(
                Array(try privateKey.signature(for: digest, padding: .insecurePKCS1v1_5).rawRepresentation))
            return writer.bytes
        }
        #expect(!key.isValid(signature: try signature("ssh-rsa", Insecure.SHA1.hash(data: message)), over: message))
        #expect(
            !key.isValid(signature: try signature("rsa-sha2-256", Insecure.SHA1.hash(data: message)), over: message))
        #expect(!key.isValid(signature: try signature("rsa-sha2-512", SHA256.hash(data: message)), over: message))
        #expect(key.isValid(signature: try signature("rsa-sha2-256", SHA256.hash(data: message)), over: message))
        #expect(key.isValid(signature: try signature("rsa-sha2-512", SHA512.hash(data: message)), over: message))
    }

    @Test("an RSA signature without its leading zeros is taken, as OpenSSH does")
    func shortRSASignature() throws {
        let (key, privateKey) = try Self.rsaKey()
        for counter in 0..<UInt32.max {
            let message = withUnsafeBytes(of: counter) { Array($0) }
            let raw = try privateKey.signature(for: SHA256.hash(data: message), padding: .insecurePKCS1v1_5)
                .rawRepresentation
            guard raw.first == 0 else { continue }
            var writer = SSHWireWriter()
            writer.text("rsa-sha2-256")
            writer.string(raw.drop { $0 == 0 })
            #expect(key.isValid(signature: writer.bytes, over: message))
            return
        }
    }

    private static func rsaKey() throws -> (SSHVerificationKey, _RSA.Signing.PrivateKey) {
        let privateKey = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let numbers = try privateKey.publicKey.getKeyPrimitives()
        var writer = SSHWireWriter()
        writer.text("ssh-rsa")
        writer.unsignedInteger(numbers.publicExponent)
        writer.unsignedInteger(numbers.modulus)
        return (try SSHVerificationKey(blob: writer.bytes), privateKey)
    }

    @Test("short RSA keys are refused")
    func shortRSA() throws {
        let workshop = try KeygenWorkshop()
        #expect(throws: SSHVerificationKeyError.rsaLength(bits: 1024)) { try workshop.makeKey("key", type: "rsa 1024") }
    }

    @Test("each cut of a key is refused, and each byte after one", arguments: KeygenWorkshop.keyTypes)
    func cuts(type: String) throws {
        let key = try KeygenWorkshop().makeKey("key", type: type)
        for length in key.blob.indices {
            #expect(throws: SSHVerificationKeyError.self) {
                try SSHVerificationKey(blob: Array(key.blob.prefix(length)))
            }
        }
        #expect(throws: SSHVerificationKeyError.malformed(.trailingBytes(1))) {
            try SSHVerificationKey(blob: key.blob + [0])
        }
    }

    @Test("points off the curve, compressed points and other curves' names are refused")
    func points() throws {
        let point = Array(P256.Signing.PrivateKey().publicKey.x963Representation)
        func parse(_ curve: String, _ point: [UInt8]) throws -> SSHVerificationKey {
            var writer = SSHWireWriter()
            writer.text("ecdsa-sha2-nistp256")
            writer.text(curve)
            writer.string(point)
            return try SSHVerificationKey(blob: writer.bytes)
        }
        _ = try parse("nistp256", point)
        var off = point
        off[64] ^= 1
        let compressed = [0x02 + (point[64] & 1)] + point[1...32]
        for (curve, point) in [("nistp384", point), ("nistp256", off), ("nistp256", compressed), ("nistp256", [0])] {
            #expect(throws: SSHVerificationKeyError.invalid(type: "ecdsa-sha2-nistp256")) { try parse(curve, point) }
        }
    }

    @Test(
        "texts that are no keys are refused",
        arguments: [
            ("", .notAKeyLine), ("ssh-ed25519", .notAKeyLine), ("ssh-ed25519 not-base64", .notAKeyLine),
            ("ssh-dss AAAAB3NzaC1kc3MAAAAA", .unsupportedType("ssh-dss")),
        ] as [(String, SSHVerificationKeyError)])
    func lines(line: String, error: SSHVerificationKeyError) {
        #expect(throws: error) { try SSHVerificationKey(line: line) }
    }

    @Test("a text that names another type than the key's is refused")
    func otherType() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key")
        let line = try workshop.read("key.pub").replacing("ssh-ed25519", with: "ssh-rsa")
        #expect(throws: SSHVerificationKeyError.typeMismatch(named: "ssh-rsa", actual: "ssh-ed25519")) {
            try SSHVerificationKey(line: line)
        }
    }
}
