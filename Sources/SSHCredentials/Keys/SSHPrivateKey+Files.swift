import Crypto
import CryptoExtras
import Foundation

// Private keys as files: OpenSSH's own form (PROTOCOL.key), and PEM.
extension SSHPrivateKey {
    private static let header = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let footer = "-----END OPENSSH PRIVATE KEY-----"
    private static let magic = Array("openssh-key-v1\0".utf8)

    /// Reads a file's text.
    public init(file text: String) throws(PrivateKeyError) {
        if text.contains(Self.header) {
            try self.init(openSSH: text)
            return
        }
        guard !text.contains("ENCRYPTED") else { throw Self.encrypted }
        do {
            if let key = try? Curve25519.Signing.PrivateKey(pemRepresentation: text) {
                try self.init(.ed25519(key))
            } else if let key = try? P256.Signing.PrivateKey(pemRepresentation: text) {
                try self.init(.p256(key))
            } else if let key = try? P384.Signing.PrivateKey(pemRepresentation: text) {
                try self.init(.p384(key))
            } else if let key = try? P521.Signing.PrivateKey(pemRepresentation: text) {
                try self.init(.p521(key))
            } else {
                try self.init(.rsa(try _RSA.Signing.PrivateKey(pemRepresentation: text)))
            }
        } catch {
            throw PrivateKeyError(
                "it is no private key that can be read: Ed25519, ECDSA or RSA, in OpenSSH's form or PEM")
        }
    }

    private static let encrypted = PrivateKeyError(
        "it has a passphrase, which nobody can type here; take it off a copy with `ssh-keygen -p -N ''`")
    private static let damaged = PrivateKeyError("it is damaged")

    private init(openSSH text: String) throws(PrivateKeyError) {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard let start = lines.firstIndex(of: Self.header), let end = lines.firstIndex(of: Self.footer), start < end,
            let data = Data(base64Encoded: lines[(start + 1)..<end].joined()), data.starts(with: Self.magic)
        else { throw Self.damaged }
        do {
            var reader = SSHWireReader(Array(data.dropFirst(Self.magic.count)))
            let cipher = try reader.text()
            let keyDerivation = try reader.text()
            let derivationOptions = try reader.string()
            guard cipher == "none" else { throw Self.encrypted }
            guard keyDerivation == "none", derivationOptions.isEmpty else { throw Self.damaged }
            guard try reader.uint32() == 1 else { throw PrivateKeyError("it has more than one key") }
            let publicBlob = try reader.string()
            let section = try reader.string()
            try reader.end()
            var fields = SSHWireReader(section)
            guard try fields.uint32() == fields.uint32() else { throw Self.damaged }
            let type = try fields.text()
            try self.init(Self.material(type, &fields))
            // The private section begins with the public key too, after the two numbers; RSA keys have it in another
            // order there.
            guard self.publicBlob == publicBlob, isRSA || section.dropFirst(8).starts(with: publicBlob) else {
                throw PrivateKeyError("its public part belongs to another private key")
            }
            // The comment, and the bytes 1, 2, 3 and so on up to the cipher's block (PROTOCOL.key).
            _ = try fields.string()
            let padding = try fields.bytes(fields.left)
            guard padding.count < 8, zip(padding, UInt8(1)...8).allSatisfy({ $0 == $1 }) else { throw Self.damaged }
        } catch let error as PrivateKeyError {
            throw error
        } catch {
            throw Self.damaged
        }
    }

    private static func material(_ type: String, _ fields: inout SSHWireReader) throws -> Material {
        switch type {
        case "ssh-ed25519":
            _ = try fields.string()
            let both = try fields.string()
            guard both.count == 64 else { throw damaged }
            let key = try Curve25519.Signing.PrivateKey(rawRepresentation: both.prefix(32))
            guard key.publicKey.rawRepresentation.elementsEqual(both.suffix(32)) else { throw damaged }
            return .ed25519(key)
        case "ecdsa-sha2-nistp256":
            return .p256(try P256.Signing.PrivateKey(rawRepresentation: scalar(&fields, 32)))
        case "ecdsa-sha2-nistp384":
            return .p384(try P384.Signing.PrivateKey(rawRepresentation: scalar(&fields, 48)))
        case "ecdsa-sha2-nistp521":
            return .p521(try P521.Signing.PrivateKey(rawRepresentation: scalar(&fields, 66)))
        case "ssh-rsa":
            let modulus = try fields.unsignedInteger()
            guard modulus.count >= 2048 / 8 else {
                throw PrivateKeyError("it has \(modulus.count * 8) bits; RSA keys need at least 2048")
            }
            let publicExponent = try fields.unsignedInteger()
            let privateExponent = try fields.unsignedInteger()
            _ = try fields.unsignedInteger()
            let (p, q) = (try fields.unsignedInteger(), try fields.unsignedInteger())
            return .rsa(
                try _RSA.Signing.PrivateKey(n: modulus, e: publicExponent, d: privateExponent, p: p, q: q))
        default: throw PrivateKeyError("keys of the type \(type.prefix(64)) cannot be used; take Ed25519, ECDSA or RSA")
        }
    }

    /// After the curve's name and the public point, which the private number gives again.
    private static func scalar(_ fields: inout SSHWireReader, _ width: Int) throws -> [UInt8] {
        _ = try fields.text()
        _ = try fields.string()
        let number = try fields.unsignedInteger()
        guard number.count <= width else { throw damaged }
        return [UInt8](repeating: 0, count: width - number.count) + number
    }

    /// The text of an unencrypted file in OpenSSH's form; only of Ed25519 and ECDSA P-256 keys, which the gateway makes.
    public func openSSHFile(comment: String) throws(PrivateKeyError) -> String {
        let check = UInt32.random(in: 0...UInt32.max)
        var fields = SSHWireWriter()
        fields.uint32(check)
        fields.uint32(check)
        fields.append(try privateFields())
        fields.text(comment)
        var padding: UInt8 = 1
        while fields.bytes.count % 8 != 0 {
            fields.byte(padding)
            padding += 1
        }
        var file = SSHWireWriter()
        file.append(Self.magic)
        file.text("none")
        file.text("none")
        file.text("")
        file.uint32(1)
        file.string(publicBlob)
        file.string(fields.bytes)
        let lines = Data(file.bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
        return "\(Self.header)\n\(lines)\n\(Self.footer)\n"
    }
}
