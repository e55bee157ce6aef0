import Foundation
import Testing

@testable import Identity

@Suite("SSH public keys")
struct SSHPublicKeyTests {
    private static let kinds: [(type: String, bits: String, SSHKeyAlgorithm)] = [
        ("ed25519", "256", .ed25519), ("ecdsa", "256", .ecdsaP256), ("ecdsa", "384", .ecdsaP384),
        ("ecdsa", "521", .ecdsaP521), ("rsa", "2048", .rsa), ("rsa", "3072", .rsa),
    ]

    @Test("a key that ssh-keygen makes is read, and has the fingerprint that it prints", arguments: 0..<kinds.count)
    func generated(index: Int) throws {
        let (type, bits, algorithm) = Self.kinds[index]
        let key = try OpenSSHKey(["-t", type, "-b", bits])
        let read = try SSHPublicKey(line: key.line)
        #expect(read.algorithm == algorithm)
        #expect(try read.fingerprint == key.fingerprint())
        #expect(try SSHPublicKey(blob: read.blob) == read)
        #expect(key.line.hasPrefix("\(read.line) "))
    }

    @Test("keys of security keys are read as ssh-keygen reads them")
    func securityKeys() throws {
        let ed25519 = try SSHPublicKey(line: OpenSSHKey(["-t", "ed25519"]).line).blob
        let ecdsa = try SSHPublicKey(line: OpenSSHKey(["-t", "ecdsa", "-b", "256"]).line).blob
        let cases: [(SSHKeyAlgorithm, [UInt8])] = [
            (.securityKeyEd25519, Array(ed25519.dropFirst(4 + 11))),
            (.securityKeyECDSA, Array(ecdsa.dropFirst(4 + 19))),
        ]
        for (algorithm, fields) in cases {
            let blob = WireForm.string(algorithm.rawValue) + fields + WireForm.string("ssh:")
            let key = try SSHPublicKey(blob: blob)
            #expect(key.algorithm == algorithm)
            #expect(try key.fingerprint == OpenSSHKey(line: key.line).fingerprint())
            // Without an application, and with an empty one.
            for ending: [UInt8] in [[], [0, 0, 0, 0]] {
                #expect(throws: SSHKeyError.self) { try SSHPublicKey(blob: blob.dropLast(8) + ending) }
            }
        }
    }

    @Test("RSA keys below 2048 bits and above 16384 are refused with their length")
    func rsaLengths() throws {
        let short = try OpenSSHKey(["-t", "rsa", "-b", "1024"])
        #expect(throws: SSHKeyError.rsaLength(bits: 1024)) { try SSHPublicKey(line: short.line) }
        func rsa(bits: Int) -> [UInt8] {
            var modulus = [UInt8](repeating: 0xff, count: (bits + 7) / 8)
            modulus[0] = UInt8((1 << ((bits - 1) % 8 + 1)) - 1)
            return WireForm.string("ssh-rsa") + WireForm.string([1, 0, 1])
                + WireForm.string((modulus[0] >= 0x80 ? [0] : []) + modulus)
        }
        #expect(throws: SSHKeyError.rsaLength(bits: 2047)) { try SSHPublicKey(blob: rsa(bits: 2047)) }
        #expect(try SSHPublicKey(blob: rsa(bits: 2048)).algorithm == .rsa)
        #expect(try SSHPublicKey(blob: rsa(bits: 16_384)).algorithm == .rsa)
        #expect(throws: SSHKeyError.rsaLength(bits: 16_385)) { try SSHPublicKey(blob: rsa(bits: 16_385)) }
    }

    private static let point = [UInt8](repeating: 7, count: 32)
    private static let ed25519 = WireForm.string("ssh-ed25519") + WireForm.string(point)
    private static let modulus = [UInt8]([0]) + [UInt8](repeating: 0xff, count: 256)

    private static func rsa(_ exponent: [UInt8], _ modulus: [UInt8]) -> [UInt8] {
        WireForm.string("ssh-rsa") + WireForm.string(exponent) + WireForm.string(modulus)
    }

    private static func ecdsa(_ curve: String, _ point: [UInt8]) -> [UInt8] {
        WireForm.string("ecdsa-sha2-nistp256") + WireForm.string(curve) + WireForm.string(point)
    }

    /// The base point of P-256.
    private static let base: [UInt8] = [
        4, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03,
        0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2,
        0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31,
        0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
    ]

    private static let wrongBlobs: [(blob: [UInt8], says: String)] = [
        ([], "ends before"), ([0, 0, 0], "ends before"), ([0xff, 0xff, 0xff, 0xff], "ends within"),
        ([0x7f, 0xff, 0xff, 0xff] + Array("ssh-ed25519".utf8), "ends within"),
        (Array(ed25519.dropLast()), "ends within the point"), (ed25519 + [0], "bytes follow"),
        (WireForm.string("ssh-ed25519"), "ends before the point"),
        (WireForm.string("ssh-ed25519") + WireForm.string(Array(point.dropLast())), "31 bytes"),
        (WireForm.string("ssh-ed25519") + WireForm.string(point + [0]), "33 bytes"),
        (ecdsa("nistp384", base), "curve is not nistp256"),
        (ecdsa("nistp256", Array(base.dropLast()) + [0xf4]), "does not lie on"),
        (ecdsa("nistp256", [2] + Array(base[1...32])), "uncompressed"), (ecdsa("nistp256", [0]), "uncompressed"),
        (ecdsa("nistp256", []), "uncompressed"), (ecdsa("nistp256", base + [0]), "does not lie on"),
        (rsa([], modulus), "exponent is zero"), (rsa([0], modulus), "exponent is zero"),
        (rsa([0x83], modulus), "exponent is negative"), (rsa([0, 1, 0, 1], modulus), "leading zeros"),
        (rsa([1], modulus), "none that RSA works with"), (rsa([4], modulus), "none that RSA works with"),
        (rsa([1] + [UInt8](repeating: 0xff, count: 8), modulus), "none that RSA works with"),
        (rsa([3], Array(modulus.dropLast()) + [0xfe]), "modulus is even"),
        (rsa([3], Array(modulus.dropFirst())), "modulus is negative"), (rsa([3], []), "modulus is zero"),
        (rsa([3], [0] + modulus), "leading zeros"),
    ]

    @Test("a blob that is no key is refused and told what is wrong", arguments: wrongBlobs.indices)
    func malformed(index: Int) {
        let (blob, says) = Self.wrongBlobs[index]
        #expect { try SSHPublicKey(blob: blob) } throws: { error in
            if case SSHKeyError.malformed(let what) = error { what.contains(says) } else { false }
        }
    }

    @Test("the base point of P-256 in its one form is read: the cases above fail for what they say")
    func goodPoint() throws {
        #expect(try SSHPublicKey(blob: Self.ecdsa("nistp256", Self.base)).algorithm == .ecdsaP256)
        #expect(try SSHPublicKey(blob: Self.rsa([3], Self.modulus)).algorithm == .rsa)
    }

    @Test(
        "other algorithms, also such as look alike, are refused by name",
        arguments: [
            "ssh-dss", "ssh-ed448", "SSH-ED25519", "ssh-ed25519\0", "", "ssh-ed25519-cert-v01@openssh.com",
            "rsa-sha2-256",
        ])
    func algorithms(name: String) {
        #expect(throws: SSHKeyError.algorithmRefused(name)) {
            try SSHPublicKey(blob: WireForm.string(name) + WireForm.string(Self.point))
        }
    }

    @Test("a blob larger than any key is refused unread")
    func tooLarge() {
        #expect(throws: SSHKeyError.tooLarge(bytes: 4097)) {
            try SSHPublicKey(blob: [UInt8](repeating: 0, count: 4097))
        }
    }

    private static let base64 = Data(ed25519).base64EncodedString()
    private static let lines: [(line: String, says: String)] = [
        ("", "is empty"), ("ssh-ed25519", "base64 is missing"), ("ssh-ed25519 ", "base64 is missing"),
        ("ssh-ed25519 !!!!", "not base64"), ("ssh-ed25519 \(base64.dropLast())", "not base64"),
        ("ssh-ed25519 \(base64)=", "not base64"), ("ssh-rsa \(base64)", "holds a key for ssh-ed25519"),
        ("ssh-ed25519 \(base64)\nssh-ed25519 \(base64)", "more than one line"),
        ("ssh-ed25519 \(base64)\r\nssh-ed25519 \(base64)", "more than one line"),
        ("command=\"sh\" ssh-ed25519 \(base64)", "not base64"),
    ]

    @Test("a line that is no public key is refused and told what is wrong", arguments: lines.indices)
    func malformedLine(index: Int) {
        let (line, says) = Self.lines[index]
        #expect("\(line)") { try SSHPublicKey(line: line) } throws: { error in
            if case SSHKeyError.malformed(let what) = error { what.contains(says) } else { false }
        }
    }

    @Test("a line may end with a comment of several words and a line feed")
    func goodLine() throws {
        for ending in ["", "\n", "\r\n", " alice@host", "\tmy key on the train \n"] {
            #expect(try SSHPublicKey(line: "ssh-ed25519 \(Self.base64)\(ending)").blob == Self.ed25519, "\(ending)")
        }
    }

    @Test("a private key is told apart from what is merely malformed")
    func privateKey() throws {
        let key = try OpenSSHKey(["-t", "ed25519"])
        #expect(throws: SSHKeyError.privateKey) { try SSHPublicKey(line: key.privateKey()) }
    }
}
