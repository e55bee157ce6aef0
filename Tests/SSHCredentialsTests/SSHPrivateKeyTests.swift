import Crypto
import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("Private keys")
struct SSHPrivateKeyTests {
    private static let message = Array("a message to sign".utf8)

    /// Signs with all that the key can, and lets the public key of its `.pub` file judge.
    private static func check(_ key: SSHPrivateKey, is public: SSHVerificationKey) throws {
        #expect(key.publicBlob == `public`.blob)
        #expect(key.type == `public`.algorithm.rawValue)
        #expect(!key.algorithms.isEmpty)
        for algorithm in key.algorithms {
            let signature = try key.sign(message, algorithm: algorithm)
            #expect(SSHVerificationKey.signatureAlgorithm(of: signature) == algorithm)
            #expect(`public`.isValid(signature: signature, over: message), "\(algorithm)")
            #expect(!`public`.isValid(signature: signature, over: message + [0]), "\(algorithm)")
        }
        for other in ["ssh-rsa", "ssh-dss", "", "ssh-ed25519", "rsa-sha2-512"] where !key.algorithms.contains(other) {
            #expect(throws: PrivateKeyError.self, "\(other)") { try key.sign(message, algorithm: other) }
        }
    }

    @Test("keys that ssh-keygen makes load, and their signatures are valid", arguments: KeygenWorkshop.keyTypes)
    func openSSH(type: String) throws {
        let workshop = try KeygenWorkshop()
        let known = try workshop.makeKey("key", type: type)
        let text = try workshop.read("key")
        try Self.check(SSHPrivateKey(file: text), is: known)
        try Self.check(SSHPrivateKey(file: text.replacing("\n", with: "\r\n")), is: known)
        try Self.check(SSHPrivateKey(file: "\n\n" + text + "\n"), is: known)
    }

    @Test("ECDSA numbers that begin with zeros or the sign's bit keep their meaning")
    func manySignatures() throws {
        let key = try SSHPrivateKey(.p256(P256.Signing.PrivateKey()))
        let known = try SSHVerificationKey(blob: key.publicBlob)
        for number in 0..<600 {
            let message = Array("\(number)".utf8)
            #expect(known.isValid(signature: try key.sign(message, algorithm: key.type), over: message))
        }
    }

    @Test(
        "PEM files load too",
        arguments: KeygenWorkshop.keyTypes.filter { $0 != "ed25519" }.flatMap { type in
            ["PEM", "PKCS8"].map { (type, $0) }
        })
    func pem(type: String, format: String) throws {
        let workshop = try KeygenWorkshop()
        let known = try workshop.makeKey("key", type: type)
        try workshop.keygen(["-q", "-p", "-N", "", "-m", format, "-f", workshop.path("key")])
        let text = try workshop.read("key")
        #expect(!text.contains("OPENSSH"))
        try Self.check(SSHPrivateKey(file: text), is: known)
    }

    @Test(
        "a file with a passphrase says what to do about it",
        arguments: [("ed25519", "RFC4716"), ("rsa 2048", "PEM"), ("rsa 2048", "PKCS8"), ("ecdsa 256", "PEM")])
    func encrypted(type: String, format: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        try workshop.keygen(["-q", "-p", "-N", "a passphrase", "-m", format, "-f", workshop.path("key")])
        #expect {
            try SSHPrivateKey(file: try workshop.read("key"))
        } throws: { error in
            error is PrivateKeyError && "\(error)".contains("ssh-keygen -p -N ''")
        }
    }

    @Test("short RSA keys are refused with their length")
    func shortRSA() throws {
        let workshop = try KeygenWorkshop()
        try workshop.keygen(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", workshop.path("key")])
        #expect {
            try SSHPrivateKey(file: try workshop.read("key"))
        } throws: { error in
            error is PrivateKeyError && "\(error)".contains("1024 bits")
        }
    }

    @Test(
        "what is no private key is refused", arguments: ["", "ssh-ed25519 AAAA comment", "-----BEGIN PRIVATE KEY-----"])
    func nonsense(text: String) {
        #expect(throws: PrivateKeyError.self) { try SSHPrivateKey(file: text) }
    }

    @Test("keys that we write are the same to ssh-keygen and to us")
    func written() throws {
        for key in [try SSHPrivateKey.newEd25519(), try SSHPrivateKey(.p256(P256.Signing.PrivateKey()))] {
            for comment in ["", "sallyport", "seven77", "eight888"] {
                let workshop = try KeygenWorkshop()
                let text = try key.openSSHFile(comment: comment)
                try Self.check(SSHPrivateKey(file: text), is: try SSHVerificationKey(blob: key.publicBlob))
                try workshop.write(text, to: "key")
                let line = try workshop.keygen(["-y", "-P", "", "-f", workshop.path("key")])
                #expect(try KeygenWorkshop.blob(in: line.trimmingCharacters(in: .newlines)) == key.publicBlob)
            }
        }
    }

    // MARK: Damage

    /// The bytes within the armor.
    private static func bytes(of text: String) throws -> [UInt8] {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return Array(try #require(Data(base64Encoded: lines.joined())))
    }

    private static func file(_ bytes: [UInt8]) -> String {
        "-----BEGIN OPENSSH PRIVATE KEY-----\n\(Data(bytes).base64EncodedString())\n-----END OPENSSH PRIVATE KEY-----\n"
    }

    @Test("a file that is cut anywhere, or goes on after its end, is refused", arguments: KeygenWorkshop.keyTypes)
    func cut(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        let whole = try Self.bytes(of: try workshop.read("key"))
        #expect(throws: Never.self) { try SSHPrivateKey(file: Self.file(whole)) }
        for count in stride(from: 0, to: whole.count, by: type == "rsa 2048" ? 13 : 1) {
            #expect(throws: PrivateKeyError.self, "\(count)") {
                try SSHPrivateKey(file: Self.file(Array(whole.prefix(count))))
            }
        }
        #expect(throws: PrivateKeyError.self) { try SSHPrivateKey(file: Self.file(whole + [0])) }
    }

    @Test(
        "a changed bit in a file is found, but for one in the comment",
        arguments: ["ed25519", "ecdsa 256", "ecdsa 521"])
    func changed(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: type)
        let whole = try Self.bytes(of: try workshop.read("key"))
        let comment = Array("of a test".utf8)
        let start = try #require(Array(whole).firstRange(of: comment)).lowerBound
        for index in whole.indices where !(start..<start + comment.count).contains(index) {
            var changed = whole
            changed[index] ^= 0x01
            #expect(throws: PrivateKeyError.self, "\(index) of \(whole.count)") {
                try SSHPrivateKey(file: Self.file(changed))
            }
        }
    }

    @Test("an RSA key whose numbers do not go together is refused")
    func changedRSA() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("key", type: "rsa 2048")
        let whole = try Self.bytes(of: try workshop.read("key"))
        var reader = SSHWireReader(Array(whole.dropFirst("openssh-key-v1\0".utf8.count)))
        for _ in 0..<3 { _ = try reader.string() }
        _ = try reader.uint32()
        _ = try reader.string()
        var fields = SSHWireReader(Array(try reader.string().dropFirst(8)))
        _ = try fields.text()
        // n, e, d, iqmp, p and q; iqmp follows from the others, and is not read.
        for name in ["n", "e", "d", "iqmp", "p", "q"] {
            let number = try fields.unsignedInteger()
            if name == "iqmp" { continue }
            let place = try #require(whole.lastRange(of: number))
            var changed = whole
            changed[place.upperBound - 1] ^= 0x02
            #expect(throws: PrivateKeyError.self, "\(name)") { try SSHPrivateKey(file: Self.file(changed)) }
        }
    }

    @Test("a private key with the public part of another is refused")
    func foreignPublicPart() throws {
        let (one, other) = (try SSHPrivateKey.newEd25519(), try SSHPrivateKey.newEd25519())
        let whole = try Self.bytes(of: try one.openSSHFile(comment: ""))
        let place = try #require(whole.firstRange(of: one.publicBlob))
        var changed = whole
        changed.replaceSubrange(place, with: other.publicBlob)
        #expect {
            try SSHPrivateKey(file: Self.file(changed))
        } throws: { error in
            "\(error)".contains("public part")
        }
    }
}

extension [UInt8] {
    fileprivate func lastRange(of other: [UInt8]) -> Range<Int>? {
        ranges(of: other).last
    }
}

extension SSHPrivateKey {
    static func newEd25519() throws -> SSHPrivateKey { try SSHPrivateKey(.ed25519(Curve25519.Signing.PrivateKey())) }
}
