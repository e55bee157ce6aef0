import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("OpenSSH certificates, read")
struct OpenSSHCertificateTests {
    @Test(
        "a certificate of ssh-keygen is read field by field and accepted",
        arguments: KeygenWorkshop.keyTypes, KeygenWorkshop.keyTypes)
    func fields(userType: String, authorityType: String) throws {
        let workshop = try KeygenWorkshop()
        let key = try workshop.makeKey("user", type: userType)
        let authority = try workshop.makeKey("ca", type: authorityType)
        let blob = try workshop.certify(
            "user", by: "ca",
            [
                "-n", "anna,web-1", "-z", "18446744073709551615", "-V", "20260101000000:20270101000000", "-O", "clear",
                "-O", "permit-pty", "-O", "force-command=uptime", "-O", "source-address=192.0.2.0/24,2001:db8::/32",
                "-O", "extension:openpubkey-pkt=a:b:c",
            ])
        #expect(OpenSSHCertificate.looksLikeCertificate(blob))
        #expect(!OpenSSHCertificate.looksLikeCertificate(key.blob))
        let certificate = try OpenSSHCertificate(blob: blob)
        #expect(certificate.key == key)
        #expect(certificate.authority == authority)
        #expect(certificate.role == .user)
        #expect(certificate.serial == .max)
        #expect(certificate.keyID == "anna's key")
        #expect(certificate.principals == ["anna", "web-1"])
        #expect(certificate.validAfter == 1_767_225_600)
        #expect(certificate.validBefore == 1_798_761_600)
        #expect(certificate.criticalOptions.names == ["force-command", "source-address"])
        #expect(certificate.extensions.names.sorted() == ["openpubkey-pkt", "permit-pty"])
        #expect(try certificate.extensions.text("openpubkey-pkt") == "a:b:c")
        #expect(CertificatePermission.allCases.filter(certificate.permits) == [.terminal])

        let accepted = try CertificateAuthorities(keys: [authority]).accept(
            certificate, principals: ["web-1"], address: "192.0.2.7", at: 1_790_000_000)
        #expect(accepted.forcedCommand == "uptime")
        #expect(accepted.demands == SecurityKeyDemands(touch: true, userVerification: false))
    }

    @Test("without options, the usual permissions and no end are read")
    func plain() throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user")
        try workshop.makeKey("ca")
        let certificate = try OpenSSHCertificate(blob: try workshop.certify("user", by: "ca", ["-n", "anna"]))
        #expect(certificate.validAfter == 0)
        #expect(certificate.validBefore == .max)
        #expect(certificate.criticalOptions.options.isEmpty)
        #expect(
            CertificatePermission.allCases.filter(certificate.permits)
                == [.x11Forwarding, .agentForwarding, .portForwarding, .terminal, .userRC])
    }

    @Test(
        "keys in FIDO authenticators are certified too, with what the signature must have",
        arguments: [SSHVerificationKey.Algorithm.securityKeyEd25519, .securityKeyP256],
        [
            ([], true, false), (["-O", "verify-required"], true, true), (["-O", "no-touch-required"], false, false),
        ] as [([String], Bool, Bool)])
    func securityKeys(algorithm: SSHVerificationKey.Algorithm, row: ([String], Bool, Bool)) throws {
        let workshop = try KeygenWorkshop()
        let key = try SecurityKeyTests.Authenticator(algorithm: algorithm).key()
        try workshop.write("\(algorithm.rawValue) \(Data(key.blob).base64EncodedString()) token\n", to: "user.pub")
        let authority = try workshop.makeKey("ca")
        let blob = try workshop.certify("user", by: "ca", ["-n", "anna"] + row.0)
        let certificate = try OpenSSHCertificate(blob: blob)
        #expect(certificate.key == key)
        let accepted = try CertificateAuthorities(keys: [authority]).accept(
            certificate, principals: ["anna"], address: nil, at: 5)
        #expect(accepted.demands == SecurityKeyDemands(touch: row.1, userVerification: row.2))
    }

    @Test("each cut is refused, and each byte after the end", arguments: KeygenWorkshop.keyTypes)
    func cuts(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user", type: type)
        try workshop.makeKey("ca")
        let blob = try workshop.certify("user", by: "ca", ["-n", "anna", "-O", "force-command=uptime"])
        for length in blob.indices {
            #expect(throws: CertificateError.self, "\(length) bytes") {
                try OpenSSHCertificate(blob: Array(blob.prefix(length)))
            }
        }
        #expect(throws: CertificateError.malformed(field: "end", .trailingBytes(1))) {
            try OpenSSHCertificate(blob: blob + [0])
        }
    }

    @Test("a changed byte anywhere never gives a certificate that is accepted", arguments: KeygenWorkshop.keyTypes)
    func tampering(type: String) throws {
        let workshop = try KeygenWorkshop()
        try workshop.makeKey("user")
        let authority = try workshop.makeKey("ca", type: type)
        let authorities = CertificateAuthorities(keys: [authority])
        let blob = try workshop.certify("user", by: "ca", ["-n", "anna", "-O", "extension:x=y"])
        func accepted(_ blob: [UInt8]) -> Bool {
            guard let certificate = try? OpenSSHCertificate(blob: blob) else { return false }
            return (try? authorities.accept(certificate, principals: ["anna"], address: nil, at: 9)) != nil
        }
        #expect(accepted(blob))
        // The larger curves are slow to verify.
        let changes: [UInt8] = type == "ed25519" ? [0x01, 0x80, 0xff] : [0x01]
        for index in blob.indices {
            for bits in changes {
                var changed = blob
                changed[index] ^= bits
                #expect(!accepted(changed), "byte \(index) with \(bits)")
            }
        }
    }

    @Test("an option's data must be a string and nothing more")
    func optionData() throws {
        var forge = CertificateForge()
        for data in [Array("uptime".utf8), CertificateForge.string("uptime") + [0], [], [0, 0, 0, 9, 1]] {
            forge.criticalOptions = CertificateForge.options([("force-command", data)])
            #expect(throws: CertificateError.malformedOption("force-command")) {
                try forge.certificate().acceptForTest(forge)
            }
        }
        forge.criticalOptions = CertificateForge.options([("force-command", CertificateForge.string("uptime"))])
        #expect(try forge.certificate().acceptForTest(forge).forcedCommand == "uptime")
        forge.criticalOptions = []
        forge.extensions = CertificateForge.options([("permit-pty", CertificateForge.string("no"))])
        #expect(throws: CertificateError.malformedOption("permit-pty")) { try forge.certificate().acceptForTest(forge) }
        forge.extensions = CertificateForge.options([("unheard-of@example.com", [1, 2, 3])])
        _ = try forge.certificate().acceptForTest(forge)
    }

    @Test("fields that no certificate has are refused")
    func oddFields() throws {
        var forge = CertificateForge()
        forge.role = 3
        #expect(throws: CertificateError.notForUsers) { try forge.certificate() }
        forge = CertificateForge()
        forge.keyID = [0xff]
        #expect(throws: CertificateError.malformed(field: "key id", .notText)) { try forge.certificate() }
        forge = CertificateForge()
        forge.principals = [Array("anna\u{0}root".utf8)]
        #expect(throws: CertificateError.malformed(field: "principals", .notText)) { try forge.certificate() }
        forge.principals = [[UInt8]](repeating: Array("anna".utf8), count: 257)
        #expect(throws: CertificateError.tooManyPrincipals(limit: 256)) { try forge.certificate() }
        forge.principals.removeLast()
        #expect(try forge.certificate().principals.count == 256)
        forge = CertificateForge()
        forge.extensions = CertificateForge.options([("permit-pty", []), ("permit-pty", [])])
        #expect(throws: CertificateError.repeatedOption("permit-pty")) { try forge.certificate() }
        forge.extensions = CertificateForge.options([("permit-pty", [])]) + [0]
        #expect(throws: CertificateError.malformed(field: "extensions", .truncated(wanted: 4, left: 1))) {
            try forge.certificate()
        }
        forge = CertificateForge()
        forge.reserved = [1, 2, 3]
        _ = try forge.certificate().acceptForTest(forge)
    }

    @Test("a plain key is no certificate, and a certificate is no plain key")
    func types() throws {
        let forge = CertificateForge()
        #expect(throws: CertificateError.unsupportedType("ssh-ed25519")) {
            try OpenSSHCertificate(blob: try forge.userKey.blob)
        }
        #expect(throws: SSHVerificationKeyError.unsupportedType("ssh-ed25519-cert-v01@openssh.com")) {
            try SSHVerificationKey(blob: try forge.blob())
        }
    }
}

extension OpenSSHCertificate {
    /// Judged as the forge's authority would want it.
    @discardableResult
    func acceptForTest(_ forge: CertificateForge) throws -> AcceptedCertificate {
        try CertificateAuthorities(keys: [try forge.authorityKey]).accept(
            self, principals: ["anna"], address: "192.0.2.1", at: 1500)
    }
}
