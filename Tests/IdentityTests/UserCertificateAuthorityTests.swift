import Foundation
import Identifiers
import SSHCredentials
import Testing

@testable import Identity

@Suite("Callers of certificates")
struct UserCertificateAuthorityTests {
    private let authorityKey: OpenSSHKey
    private let user: OpenSSHKey

    init() throws {
        authorityKey = try OpenSSHKey(["-t", "ed25519"])
        user = try OpenSSHKey(["-t", "ecdsa", "-b", "256"])
    }

    private func authority(
        subject: UserCertificateAuthority.SubjectSource = .keyID,
        groups: UserCertificateAuthority.GroupsSource = .none, principals: [String] = [],
        longest: Duration = .seconds(3600)
    ) throws -> UserCertificateAuthority {
        UserCertificateAuthority(
            authorities: try CertificateAuthorities(parsing: authorityKey.line, file: "ca.pub"), issuer: "corp-ca",
            subject: subject, groups: groups, principals: principals, longest: longest)
    }

    private func caller(
        _ certificate: OpenSSHCertificate, _ authority: UserCertificateAuthority
    ) throws(CertificateError) -> Caller {
        try authority.judge(certificate, from: "192.0.2.7", at: .now).callerAfterProof()
    }

    @Test("a caller is what the certificate says, until it ends")
    func caller() throws {
        let certificate = try user.certified(
            by: authorityKey, "-I", "zoë", "-n", "zoe,dba", "-z", "18446744073709551615", "-V", "-1m:+10m")
        let caller = try caller(certificate, authority(groups: .principals))
        #expect(caller.issuer == "corp-ca" && caller.subject == "zoë" && caller.label == "zoë")
        #expect(caller.groups == .known(["zoe", "dba"]))
        #expect(caller.expiresAt == Timestamp(seconds: certificate.validBefore))
        #expect(caller.signedInAt == Timestamp(seconds: certificate.validAfter))
        let known = try #require(caller.certificate)
        #expect(known.serial == .max && known.keyID == "zoë")
        #expect(known.authority == (try SSHVerificationKey(line: authorityKey.line).fingerprint))
        #expect(try self.caller(certificate, authority()).groups == .known([]))
    }

    @Test("the subject can be the only principal; of several nobody knows which")
    func principal() throws {
        let bySubject = try authority(subject: .principal)
        let one = try user.certified(by: authorityKey, "-I", "key 7", "-n", "zoe", "-V", "+10m")
        #expect(try caller(one, bySubject).subject == "zoe")
        let two = try user.certified(by: authorityKey, "-I", "key 7", "-n", "zoe,dba", "-V", "+10m")
        #expect(throws: CertificateError.noSubject("it names 2 principals")) { try caller(two, bySubject) }
        let nameless = try user.certified(by: authorityKey, "-I", "", "-n", "zoe", "-V", "+10m")
        #expect(throws: CertificateError.noSubject("its key id is empty")) { try caller(nameless, authority()) }
        #expect(try caller(nameless, bySubject).subject == "zoe")
    }

    @Test("of principals one must be among those configured, byte for byte")
    func principals() throws {
        let certificate = try user.certified(by: authorityKey, "-I", "k", "-n", "zoe,caf\u{e9}", "-V", "+10m")
        #expect(throws: Never.self) { try caller(certificate, authority(principals: ["dba", "zoe"])) }
        #expect(throws: CertificateError.self) { try caller(certificate, authority(principals: ["dba"])) }
        #expect(throws: CertificateError.self) { try caller(certificate, authority(principals: ["cafe\u{301}"])) }
    }

    @Test("groups in an extension are names with commas between; without it they are unknown")
    func groups() throws {
        let reading = try authority(groups: .extension("groups@corp"))
        func groups(_ options: String...) throws -> CallerGroups {
            let usual = ["-I", "k", "-n", "zoe", "-V", "+10m"]
            let certificate = try user.certified(by: authorityKey, usual + options)
            return try caller(certificate, reading).groups
        }
        #expect(try groups("-O", "extension:groups@corp=dba,on call") == .known(["dba", "on call"]))
        #expect(try groups("-O", "extension:groups@corp=") == .known([]))
        #expect(try groups() == .unknown(.extensionMissing("groups@corp")))
    }

    @Test("what would live too long, run another command, or is of an authority itself signs nobody in")
    func refused() throws {
        func certificate(_ options: String...) throws -> OpenSSHCertificate {
            try user.certified(by: authorityKey, ["-I", "k", "-n", "zoe"] + options)
        }
        #expect(throws: CertificateError.validTooLong(limit: 3600)) {
            try caller(certificate("-V", "-1s:+3601s"), authority())
        }
        #expect(throws: CertificateError.validTooLong(limit: 3600)) {
            try caller(certificate("-V", "always:forever"), authority())
        }
        #expect(throws: CertificateError.forcedCommand) {
            try caller(certificate("-V", "+10m", "-O", "force-command=id"), authority())
        }
        #expect(throws: CertificateError.self) {
            try caller(certificate("-V", "+10m", "-O", "source-address=198.51.100.0/24"), authority())
        }
        #expect(throws: Never.self) {
            try caller(certificate("-V", "+10m", "-O", "source-address=192.0.2.0/24"), authority())
        }
        // An authority that certifies its own key, or that of another of the same list.
        let itself = try authorityKey.certified(by: authorityKey, "-I", "k", "-n", "zoe", "-V", "+10m")
        #expect(throws: CertificateError.keyOfAuthority) { try caller(itself, authority()) }
        let stranger = try user.certified(by: OpenSSHKey(["-t", "ed25519"]), "-I", "k", "-n", "zoe", "-V", "+10m")
        #expect(throws: CertificateError.self) { try caller(stranger, authority()) }
    }

    @Test("permissions are those that the certificate has")
    func permissions() throws {
        func permissions(_ options: String...) throws -> Set<CertificatePermission> {
            let certificate = try user.certified(by: authorityKey, ["-I", "k", "-n", "zoe", "-V", "+10m"] + options)
            return try authority().judge(certificate, from: nil, at: .now).permissions
        }
        #expect(
            try permissions() == [.x11Forwarding, .agentForwarding, .portForwarding, .terminal, .userRC])
        #expect(try permissions("-O", "clear", "-O", "permit-pty") == [.terminal])
    }
}
