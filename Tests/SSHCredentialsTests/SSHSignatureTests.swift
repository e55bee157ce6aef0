import Crypto
import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("Detached signatures (PROTOCOL.sshsig)")
struct SSHSignatureTests {
    private static let message = Array("a message".utf8)

    @Test("what ssh-keygen signs is taken, with each type of key and each digest", arguments: KeygenWorkshop.keyTypes)
    func signedByOpenSSH(type: String) throws {
        let workshop = try KeygenWorkshop()
        let key = try workshop.makeKey("key", type: type)
        try workshop.write("a message", to: "message")
        for hash in ["sha256", "sha512"] {
            try workshop.keygen([
                "-Y", "sign", "-q", "-n", "purpose", "-O", "hashalg=\(hash)", "-f", workshop.path("key"),
                workshop.path("message"),
            ])
            let text = try workshop.read("message.sig")
            try FileManager.default.removeItem(atPath: workshop.path("message.sig"))
            for form in [text, text.replacing("\n", with: "\r\n"), "\n\(text)\n"] {
                let signature = try SSHSignature(armored: form)
                #expect(signature.key == key && signature.namespace == "purpose")
                try signature.verify(Self.message, namespace: "purpose", by: key)
            }
        }
    }

    @Test("what is signed here, ssh-keygen takes", arguments: KeygenWorkshop.keyTypes)
    func verifiedByOpenSSH(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        let key = try SSHPrivateKey(file: try workshop.read("key"))
        try workshop.write("a message", to: "message")
        try workshop.write(
            try SSHSignature.armored(Self.message, namespace: "purpose", by: key), to: "message.sig")
        try workshop.write("anna \(try workshop.read("key.pub"))", to: "signers")
        let checked = try workshop.keygen(
            [
                "-Y", "verify", "-n", "purpose", "-f", workshop.path("signers"), "-I", "anna", "-s",
                workshop.path("message.sig"),
            ], input: "a message")
        #expect(checked.contains("Good \"purpose\" signature for anna"), "\(checked)")
    }

    @Test("another message, purpose or key is none of the signature's")
    func others() throws {
        let key = try SSHPrivateKey.newEd25519()
        let known = try SSHVerificationKey(blob: key.publicBlob)
        let other = try SSHVerificationKey(blob: SSHPrivateKey.newEd25519().publicBlob)
        let signature = try SSHSignature(
            armored: try SSHSignature.armored(Self.message, namespace: "purpose", by: key))
        #expect(throws: SSHSignatureError.wrong) {
            try signature.verify(Self.message + [10], namespace: "purpose", by: known)
        }
        #expect(throws: SSHSignatureError.otherNamespace("purpose", wanted: "purpos\u{65}\u{301}")) {
            try signature.verify(Self.message, namespace: "purpos\u{65}\u{301}", by: known)
        }
        #expect(throws: SSHSignatureError.otherKey(fingerprint: known.fingerprint)) {
            try signature.verify(Self.message, namespace: "purpose", by: other)
        }
    }

    @Test("a signature of the SSH protocol over the same bytes is none")
    func crossProtocol() throws {
        let key = try SSHPrivateKey.newEd25519()
        let known = try SSHVerificationKey(blob: key.publicBlob)
        var writer = SSHWireWriter()
        writer.append(Array("SSHSIG".utf8))
        writer.uint32(1)
        writer.string(key.publicBlob)
        writer.text("purpose")
        writer.text("")
        writer.text("sha512")
        writer.string(try key.sign(Self.message, algorithm: "ssh-ed25519"))
        let signature = try SSHSignature(armored: Self.armored(writer.bytes))
        #expect(throws: SSHSignatureError.wrong) {
            try signature.verify(Self.message, namespace: "purpose", by: known)
        }
    }

    @Test("what is cut short, longer, of another version or digest is refused")
    func malformed() throws {
        let key = try SSHPrivateKey.newEd25519()
        let text = try SSHSignature.armored(Self.message, namespace: "purpose", by: key)
        let whole = try Self.bytes(of: text)
        #expect(throws: Never.self) { try SSHSignature(armored: Self.armored(whole)) }
        for count in whole.indices {
            #expect(throws: SSHSignatureError.self, "\(count)") {
                try SSHSignature(armored: Self.armored(Array(whole.prefix(count))))
            }
        }
        #expect(throws: SSHSignatureError.malformed(.trailingBytes(1))) {
            try SSHSignature(armored: Self.armored(whole + [0]))
        }
        var version = whole
        version[9] = 2
        #expect(throws: SSHSignatureError.versionUnknown(2)) { try SSHSignature(armored: Self.armored(version)) }
        let place = try #require(whole.firstRange(of: Array("sha512".utf8)))
        var hash = whole
        hash.replaceSubrange(place, with: Array("sha384".utf8))
        #expect(throws: SSHSignatureError.hashRefused("sha384")) { try SSHSignature(armored: Self.armored(hash)) }
        let long = String(repeating: "A", count: 20_000)
        #expect(throws: SSHSignatureError.tooLarge(bytes: 20_000, limit: 16_384)) { try SSHSignature(armored: long) }
        for text in ["", "-----BEGIN SSH SIGNATURE-----", text.replacing("SIGNATURE", with: "MESSAGE"), "U1NIU0lH"] {
            #expect(throws: SSHSignatureError.notArmored) { try SSHSignature(armored: text) }
        }
    }

    @Test("each changed bit of a signature shows")
    func changed() throws {
        let key = try SSHPrivateKey.newEd25519()
        let known = try SSHVerificationKey(blob: key.publicBlob)
        let whole = try Self.bytes(of: SSHSignature.armored(Self.message, namespace: "purpose", by: key))
        for index in whole.indices {
            var changed = whole
            changed[index] ^= 1
            #expect(throws: SSHSignatureError.self, "\(index)") {
                try SSHSignature(armored: Self.armored(changed))
                    .verify(Self.message, namespace: "purpose", by: known)
            }
        }
    }

    private static func armored(_ bytes: [UInt8]) -> String {
        "-----BEGIN SSH SIGNATURE-----\n\(Data(bytes).base64EncodedString())\n-----END SSH SIGNATURE-----\n"
    }

    private static func bytes(of text: String) throws -> [UInt8] {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }
}
