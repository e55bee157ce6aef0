import Crypto
import Testing

@testable import SSHExec

@Suite("Key exchange methods")
struct KeyExchangeMethodTests {
    /// Points of small order on Curve25519: with any private key they give a secret of zeros.
    private static let worthless: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09,
            0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44,
            0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57,
        ],
        [0xec] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xed] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
        [0xee] + [UInt8](repeating: 0xff, count: 30) + [0x7f],
    ]

    @Test(
        "a public value that makes the secret known to everybody is refused (RFC 8731, section 3)", arguments: worthless
    )
    func zeroSecrets(point: [UInt8]) throws {
        #expect(throws: TransportError.self) { try KeyExchangeResponder(.curve25519, offer: point) }
        let initiator = try KeyExchangeInitiator(.curve25519)
        #expect(throws: TransportError.self) { try initiator.sharedKey(point) }
    }

    @Test("the hybrid method refuses it too, although its other half would be secret", arguments: worthless)
    func zeroHalves(point: [UInt8]) throws {
        let initiator = try KeyExchangeInitiator(.mlkem768X25519)
        let quantumSafe = initiator.publicValue.dropLast(32)
        #expect(throws: TransportError.self) {
            try KeyExchangeResponder(.mlkem768X25519, offer: Array(quantumSafe) + point)
        }
        let responder = try KeyExchangeResponder(.mlkem768X25519, offer: initiator.publicValue)
        #expect(throws: TransportError.self) {
            try initiator.sharedKey(Array(responder.publicValue.dropLast(32)) + point)
        }
    }
}
