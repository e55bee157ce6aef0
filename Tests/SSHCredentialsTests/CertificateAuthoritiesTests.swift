import Crypto
import CryptoExtras
import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("OpenSSH certificates, judged")
struct CertificateAuthoritiesTests {
    private static func accept(
        _ options: [String], principals: [String] = ["anna"], address: String? = nil, at now: UInt64 = 1_790_000_000
    ) throws -> AcceptedCertificate {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user")
        let authority = try workshop.makeKey("ca")
        let certificate = try OpenSSHCertificate(blob: try workshop.certify("user", by: "ca", options))
        return try CertificateAuthorities(keys: [authority]).accept(
            certificate, principals: principals, address: address, at: now)
    }

    @Test("a certificate of another authority is refused, also when it has the authority's name")
    func authority() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user")
        let trusted = try workshop.makeKey("trusted")
        let other = try workshop.makeKey("ca")
        let certificate = try OpenSSHCertificate(blob: try workshop.certify("user", by: "ca", ["-n", "anna"]))
        #expect(throws: CertificateError.untrustedAuthority(fingerprint: other.fingerprint)) {
            try CertificateAuthorities(keys: [trusted]).accept(
                certificate, principals: ["anna"], address: nil, at: 9)
        }
        #expect(throws: CertificateError.untrustedAuthority(fingerprint: other.fingerprint)) {
            try CertificateAuthorities(keys: []).accept(certificate, principals: ["anna"], address: nil, at: 9)
        }
        _ = try CertificateAuthorities(keys: [trusted, other]).accept(
            certificate, principals: ["anna"], address: nil, at: 9)
    }

    @Test("a host's certificate does not sign a user in")
    func host() {
        #expect(throws: CertificateError.notForUsers) { try Self.accept(["-h", "-n", "anna"]) }
    }

    @Test(
        "validity begins with its first second and ends before its last",
        arguments: [
            (999, .notYetValid(from: 1000, now: 999)), (1000, nil), (1999, nil),
            (2000, .expired(at: 2000, now: 2000)), (.max, .expired(at: 2000, now: .max)),
            (0, .notYetValid(from: 1000, now: 0)),
        ] as [(UInt64, CertificateError?)])
    func validity(now: UInt64, error: CertificateError?) throws {
        let forge = CertificateForge()
        let authorities = CertificateAuthorities(keys: [try forge.authorityKey])
        let certificate = try forge.certificate()
        guard let error else {
            _ = try authorities.accept(certificate, principals: ["anna"], address: nil, at: now)
            return
        }
        #expect(throws: error) {
            try authorities.accept(certificate, principals: ["anna"], address: nil, at: now)
        }
    }

    @Test("ssh-keygen's -V is understood: expired and not yet valid ones are refused")
    func keygenValidity() {
        #expect(throws: CertificateError.expired(at: 1_767_225_600, now: 1_790_000_000)) {
            try Self.accept(["-n", "anna", "-V", "20250101000000:20260101000000"])
        }
        #expect(throws: CertificateError.notYetValid(from: 1_798_761_600, now: 1_790_000_000)) {
            try Self.accept(["-n", "anna", "-V", "20270101000000:20280101000000"])
        }
        #expect(throws: Never.self) { try Self.accept(["-n", "anna", "-V", "always:forever"]) }
    }

    @Test("a certificate without principals is nobody's")
    func noPrincipals() {
        #expect(throws: CertificateError.noPrincipals) { try Self.accept([]) }
    }

    @Test(
        "one of the names must be one of the certificate's, byte for byte",
        arguments: [["root"], ["Anna"], ["anna "], ["ann"], ["anna,web-1"], [""], [], ["u\u{308}ber"]])
    func otherPrincipals(wanted: [String]) {
        #expect(throws: CertificateError.principalNotNamed(named: ["anna", "web-1", "\u{fc}ber"], wanted: wanted)) {
            try Self.accept(["-n", "anna,web-1,\u{fc}ber"], principals: wanted)
        }
    }

    @Test("an empty principal matches nobody")
    func emptyPrincipal() throws {
        var forge = CertificateForge()
        forge.principals = [[]]
        let authorities = CertificateAuthorities(keys: [try forge.authorityKey])
        #expect(throws: CertificateError.principalNotNamed(named: [""], wanted: [""])) {
            try authorities.accept(try forge.certificate(), principals: [""], address: nil, at: 1500)
        }
    }

    @Test("a critical option that is not known refuses, an extension that is not known does not")
    func unknownOptions() throws {
        #expect(throws: CertificateError.unknownCriticalOption("only-on@example.com")) {
            try Self.accept(["-n", "anna", "-O", "critical:only-on@example.com=tuesday"])
        }
        #expect(throws: CertificateError.unknownCriticalOption("permit-pty")) {
            try Self.accept(["-n", "anna", "-O", "critical:permit-pty"])
        }
        _ = try Self.accept(["-n", "anna", "-O", "extension:only-on@example.com=tuesday"])
    }

    @Test(
        "source-address decides by the caller's address",
        arguments: [
            ("192.0.2.9", true), ("::ffff:192.0.2.9", true), ("192.0.3.9", false), ("2001:db8::1", false), (nil, false),
        ])
    func sourceAddress(address: String?, isAccepted: Bool) throws {
        let options = ["-n", "anna", "-O", "source-address=192.0.2.0/24"]
        if isAccepted {
            _ = try Self.accept(options, address: address)
        } else {
            #expect(throws: CertificateError.addressRefused(address: address, allowed: "192.0.2.0/24")) {
                try Self.accept(options, address: address)
            }
        }
    }

    @Test("a list of addresses that cannot be read refuses everybody")
    func sourceAddressUnreadable() throws {
        var forge = CertificateForge()
        forge.criticalOptions = CertificateForge.options([("source-address", CertificateForge.string("192.0.2.1/8"))])
        #expect(throws: CertificateError.malformedOption("source-address")) {
            try forge.certificate().acceptForTest(forge)
        }
    }

    @Test("verify-required on a key that cannot tell who uses it is refused")
    func verifyRequired() {
        #expect(throws: CertificateError.userVerificationImpossible(keyType: "ssh-ed25519")) {
            try Self.accept(["-n", "anna", "-O", "verify-required"])
        }
    }

    @Test("RSA authorities sign with SHA-2: ssh-keygen's SHA-1 is refused")
    func rsaSHA1() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user")
        let authority = try workshop.makeKey("ca", type: "rsa 2048")
        let authorities = CertificateAuthorities(keys: [authority])
        func accept(_ algorithm: String) throws {
            let blob = try workshop.certify("user", by: "ca", ["-t", algorithm, "-n", "anna"])
            _ = try authorities.accept(
                try OpenSSHCertificate(blob: blob), principals: ["anna"], address: nil, at: 9)
        }
        #expect(throws: CertificateError.signatureAlgorithmRefused("ssh-rsa")) { try accept("ssh-rsa") }
        try accept("rsa-sha2-256")
        try accept("rsa-sha2-512")
    }

    @Test("a self-signed certificate is accepted as such only when its own key signed it")
    func selfSigned() throws {
        var forge = CertificateForge()
        #expect(throws: CertificateError.notSelfSigned) {
            try forge.certificate().acceptSelfSigned(address: nil, at: 1500)
        }
        forge.isSelfSigned = true
        forge.principals = []
        _ = try forge.certificate().acceptSelfSigned(address: nil, at: 1500)
        #expect(throws: CertificateError.expired(at: 2000, now: 2000)) {
            try forge.certificate().acceptSelfSigned(address: nil, at: 2000)
        }
        var blob = try forge.blob()
        blob[blob.count - 1] ^= 1
        #expect(throws: CertificateError.wrongSignature) {
            try OpenSSHCertificate(blob: blob).acceptSelfSigned(address: nil, at: 1500)
        }
    }

    @Test("the file has one key a line; comments, empty lines and line ends of Windows do no harm")
    func file() throws {
        let workshop = try KeygenWorkshop()
        let first = try workshop.makeKey("first")
        let second = try workshop.makeKey("second", type: "ecdsa 384")
        let text = "# ours\r\n\n  \(try workshop.read("first.pub"))\t\r\n\(try workshop.read("second.pub"))"
        #expect(try CertificateAuthorities(parsing: text, file: "ca").keys == [first, second])
        #expect(try CertificateAuthorities(parsing: "", file: "ca").keys == [])
    }

    @Test("a line that cannot be read is named")
    func unreadableLine() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("ca")
        let line = try workshop.read("ca.pub")
        #expect(throws: CertificateAuthoritiesError(file: "ca", line: 2, reason: .key(.notAKeyLine))) {
            try CertificateAuthorities(parsing: line + "nonsense\n" + line, file: "ca")
        }
        #expect(
            throws: CertificateAuthoritiesError(file: "ca", line: 1, reason: .key(.unsupportedType("cert-authority")))
        ) {
            try CertificateAuthorities(
                parsing: "cert-authority \(Data(CertificateForge.string("cert-authority")).base64EncodedString())",
                file: "ca")
        }
        let token = try SecurityKeyTests.Authenticator(algorithm: .securityKeyEd25519).key()
        #expect(throws: CertificateAuthoritiesError(file: "ca", line: 1, reason: .securityKey)) {
            try CertificateAuthorities(
                parsing: "\(token.algorithm.rawValue) \(Data(token.blob).base64EncodedString())", file: "ca")
        }
    }
}
