import Crypto
import Foundation
import Testing

@testable import SSHCredentials

@Suite("Keys in FIDO authenticators")
struct SecurityKeyTests {
    /// Plays the authenticator (PROTOCOL.u2f).
    struct Authenticator {
        let edwards = Curve25519.Signing.PrivateKey()
        let curve = P256.Signing.PrivateKey()
        let algorithm: SSHVerificationKey.Algorithm

        func key() throws -> SSHVerificationKey {
            var writer = SSHWireWriter()
            writer.text(algorithm.rawValue)
            if algorithm == .securityKeyEd25519 {
                writer.string(Array(edwards.publicKey.rawRepresentation))
            } else {
                writer.text("nistp256")
                writer.string(Array(curve.publicKey.x963Representation))
            }
            writer.text("ssh:")
            return try SSHVerificationKey(blob: writer.bytes)
        }

        func sign(_ message: [UInt8], flags: UInt8, application: String = "ssh:") throws -> [UInt8] {
            let tail: [UInt8] = [flags, 0, 0, 0, 9]
            let signed = Array(SHA256.hash(data: Array(application.utf8))) + tail + Array(SHA256.hash(data: message))
            var writer = SSHWireWriter()
            writer.text(algorithm.rawValue)
            if algorithm == .securityKeyEd25519 {
                writer.string(Array(try edwards.signature(for: signed)))
            } else {
                let raw = try curve.signature(for: signed).rawRepresentation
                var numbers = SSHWireWriter()
                numbers.unsignedInteger(raw.prefix(32))
                numbers.unsignedInteger(raw.suffix(32))
                writer.string(numbers.bytes)
            }
            writer.append(tail)
            return writer.bytes
        }
    }

    @Test(
        "a signature counts when the authenticator saw what is asked for",
        arguments: [SSHVerificationKey.Algorithm.securityKeyEd25519, .securityKeyP256],
        [
            (0x01, true, false, true), (0x05, true, true, true), (0x00, true, false, false),
            (0x01, true, true, false), (0x04, true, true, false), (0x00, false, false, true),
        ] as [(UInt8, Bool, Bool, Bool)])
    func flags(algorithm: SSHVerificationKey.Algorithm, row: (UInt8, Bool, Bool, Bool)) throws {
        let authenticator = Authenticator(algorithm: algorithm)
        let message = Array("hello".utf8)
        let signature = try authenticator.sign(message, flags: row.0)
        let demands = SecurityKeyDemands(touch: row.1, userVerification: row.2)
        let key = try authenticator.key()
        #expect(key.isValid(signature: signature, over: message, demands: demands) == row.3)
        #expect(!key.isValid(signature: signature, over: message + [1], demands: demands))
    }

    @Test(
        "flags, counter and application are signed",
        arguments: [SSHVerificationKey.Algorithm.securityKeyEd25519, .securityKeyP256])
    func covered(algorithm: SSHVerificationKey.Algorithm) throws {
        let authenticator = Authenticator(algorithm: algorithm)
        let key = try authenticator.key()
        let signature = try authenticator.sign([1], flags: 1)
        #expect(key.isValid(signature: signature, over: [1]))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 0x10
            #expect(!key.isValid(signature: changed, over: [1]), "byte \(index)")
        }
        #expect(!key.isValid(signature: signature + [0], over: [1]))
        #expect(!key.isValid(signature: try authenticator.sign([1], flags: 1, application: "other"), over: [1]))
    }
}
