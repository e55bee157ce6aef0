import Foundation
import KeygenWorkshop
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("known_hosts files")
struct KnownHostsTests {
    private let workshop: KeygenWorkshop
    private let key: SSHVerificationKey
    private let other: SSHVerificationKey
    /// `type base64`, as a line has it.
    private let keyText: String
    private let otherText: String

    init() throws {
        workshop = try KeygenWorkshop()
        key = try workshop.makeKey("key")
        other = try workshop.makeKey("other", type: "ecdsa 256")
        keyText = "ssh-ed25519 \(Data(key.blob).base64EncodedString())"
        otherText = "ecdsa-sha2-nistp256 \(Data(other.blob).base64EncodedString())"
    }

    private func verdict(_ text: String, _ host: String, _ port: Int = 22, _ key: SSHVerificationKey) throws
        -> KnownHostVerdict
    {
        try KnownHosts(parsing: text, file: "kh").verdict(host: host, port: port, key: key.blob)
    }

    private func entry(_ key: SSHVerificationKey, line: Int) -> KnownHostKey {
        KnownHostKey(type: key.algorithm.rawValue, fingerprint: key.fingerprint, file: "kh", line: line)
    }

    @Test(
        "names, ports, lists, wildcards and negation",
        arguments: [
            ("web-1", "web-1", 22, true), ("web-1", "WEB-1", 22, true), ("Web-1", "web-1", 22, true),
            ("web-1", "web-10", 22, false), ("web-1", "web-1", 2222, false), ("[web-1]:2222", "web-1", 2222, true),
            ("[web-1]:2222", "web-1", 22, false), ("[web-1]:2222", "web-1", 2223, false),
            ("a,web-1,192.0.2.1", "192.0.2.1", 22, true), ("a,web-1", "b", 22, false),
            ("2001:db8::1", "2001:DB8::1", 22, true),
            ("[2001:db8::1]:2222", "2001:db8::1", 2222, true), ("*.example.com", "a.b.example.com", 22, true),
            ("*.example.com", "example.com", 22, false), ("web-?", "web-1", 22, true), ("web-?", "web-", 22, false),
            ("web-?", "web-12", 22, false), ("*", "anything", 22, true), ("*", "anything", 2222, true),
            ("[*.example.com]:2222", "a.example.com", 2222, true), ("*,!web-1", "web-1", 22, false),
            ("!web-1,*", "web-1", 22, false), ("*,!web-1", "web-2", 22, true), ("!web-1", "web-2", 22, false),
            ("*,!web-?", "web-1", 22, false), ("a*b*c", "axxbyyc", 22, true), ("a*b*c", "axxbyyd", 22, false),
            ("**", "x", 22, true), ("a**", "a", 22, true), ("", "x", 22, nil), (",", "", 22, false),
            ("web[1]", "web1", 22, false), ("web\\*", "web*", 22, false),
        ] as [(String, String, Int, Bool?)])
    func names(pattern: String, host: String, port: Int, isKnown: Bool?) throws {
        guard let isKnown else {
            #expect(throws: KnownHostsError(file: "kh", line: 1, reason: .tooFewWords)) {
                try verdict("\(pattern) \(keyText)", host, port, key)
            }
            return
        }
        let expected: KnownHostVerdict = isKnown ? .known(entry(key, line: 1)) : .unknown(shown: key.fingerprint)
        #expect(try verdict("\(pattern) \(keyText) comment of it\n", host, port, key) == expected)
    }

    @Test("a pattern of many stars is compared in good time")
    func manyStars() throws {
        let pattern = String(repeating: "*a", count: 100) + "*b"
        let host = String(repeating: "a", count: 1000)
        let started = ContinuousClock.now
        #expect(try verdict("\(pattern) \(keyText)", host, 22, key) == .unknown(shown: key.fingerprint))
        #expect(ContinuousClock.now - started < .seconds(10))
    }

    @Test("a key that the file has for another host, or another key, is not the host's")
    func verdicts() throws {
        let text = "web-1 \(keyText)\nweb-2 \(otherText)\n"
        #expect(try verdict(text, "web-1", 22, key) == .known(entry(key, line: 1)))
        #expect(
            try verdict(text, "web-1", 22, other)
                == .changed(shown: other.fingerprint, expected: [entry(key, line: 1)]))
        #expect(try verdict(text, "web-3", 22, key) == .unknown(shown: key.fingerprint))
        let both = "web-1 \(keyText)\n#\nweb-* \(otherText)\n"
        #expect(try verdict(both, "web-1", 22, other) == .known(entry(other, line: 3)))
        let third = try workshop.makeKey("third")
        let changed = try verdict(both, "web-1", 22, third)
        #expect(
            changed == .changed(shown: third.fingerprint, expected: [entry(key, line: 1), entry(other, line: 3)]))
        #expect(changed.description.contains("kh:3"))
        #expect(changed.description.contains(key.fingerprint))
        #expect(
            try KnownHosts(parsing: both, file: "kh").keyTypes(host: "web-1", port: 22) == [
                "ssh-ed25519", "ecdsa-sha2-nistp256",
            ])
        #expect(try KnownHosts(parsing: both, file: "kh").keyTypes(host: "web-9", port: 22) == ["ecdsa-sha2-nistp256"])
        #expect(try KnownHosts(parsing: both, file: "kh").keyTypes(host: "db", port: 22) == [])
    }

    @Test("a revoked key is refused wherever the line stands, and only where it applies")
    func revoked() throws {
        let before = "@revoked * \(keyText)\nweb-1 \(keyText)\n"
        #expect(try verdict(before, "web-1", 22, key) == .revoked(entry(key, line: 1)))
        #expect(try verdict(before, "unheard-of", 22, key) == .revoked(entry(key, line: 1)))
        let after = "web-1 \(keyText)\n@revoked web-1 \(keyText)\n"
        #expect(try verdict(after, "web-1", 22, key) == .revoked(entry(key, line: 2)))
        let elsewhere = "web-1 \(keyText)\n@revoked web-2 \(keyText)\n"
        #expect(try verdict(elsewhere, "web-1", 22, key) == .known(entry(key, line: 1)))
        // A revoked line is no word on which key the host should have.
        #expect(try verdict("@revoked * \(keyText)\n", "web-1", 22, other) == .unknown(shown: other.fingerprint))
        #expect(try KnownHosts(parsing: before, file: "kh").keyTypes(host: "unheard-of", port: 22) == [])
    }

    @Test("authorities of host certificates count for nothing, and are noted")
    func authorities() throws {
        let text = "\n@cert-authority *.example.com \(keyText)\n"
        #expect(try verdict(text, "a.example.com", 22, key) == .unknown(shown: key.fingerprint))
        #expect(try KnownHosts(parsing: text, file: "kh").certificateAuthorityLines == [2])
    }

    @Test("a file that ssh-keygen -H has hashed knows the same hosts")
    func hashed() throws {
        try workshop.write("web-1,192.0.2.1 \(keyText)\n[Web-2]:2222 \(otherText)\n", to: "known_hosts")
        try workshop.keygen(["-H", "-f", workshop.path("known_hosts")])
        let text = try workshop.read("known_hosts")
        #expect(text.hasPrefix("|1|"))
        #expect(!text.contains("web-1"))
        guard case .known = try verdict(text, "WEB-1", 22, key) else { throw KeygenWorkshop.Failure(output: text) }
        guard case .known = try verdict(text, "192.0.2.1", 22, key) else { throw KeygenWorkshop.Failure(output: text) }
        guard case .known = try verdict(text, "web-2", 2222, other) else { throw KeygenWorkshop.Failure(output: text) }
        guard case .changed = try verdict(text, "web-1", 22, other) else { throw KeygenWorkshop.Failure(output: text) }
        #expect(try verdict(text, "web-2", 22, other) == .unknown(shown: other.fingerprint))
    }

    @Test(
        "ssh-keygen -F finds what is found here", arguments: ["web-1", "web-2", "[web-1]:2222", "db.example.com", "a"])
    func keygenFinds(name: String) throws {
        let text = "web-1 \(keyText)\n[web-1]:2222 \(keyText)\n*.example.com,!a.example.com \(keyText)\n"
        try workshop.write(text, to: "known_hosts")
        let isFound = (try? workshop.keygen(["-F", name, "-f", workshop.path("known_hosts")])) != nil
        let (host, port) = name == "[web-1]:2222" ? ("web-1", 2222) : (name, 22)
        let types = try KnownHosts(parsing: text, file: "kh").keyTypes(host: host, port: port)
        #expect(types.isEmpty != isFound)
    }

    @Test("comments, blanks, tabs and line ends of Windows do no harm")
    func layout() throws {
        let text = "# of ssh-keyscan\r\n\r\n   \t\n\tweb-1\t\(keyText.replacing(" ", with: "  "))\r\n  # end"
        #expect(try verdict(text, "web-1", 22, key) == .known(entry(key, line: 4)))
        #expect(try verdict("", "web-1", 22, key) == .unknown(shown: key.fingerprint))
    }

    @Test("keys of types that the gateway cannot use are kept")
    func otherTypes() throws {
        var writer = SSHWireWriter()
        writer.text("ssh-dss")
        let blob = writer.bytes + [1, 2, 3]
        let known = try KnownHosts(parsing: "web-1 ssh-dss \(Data(blob).base64EncodedString())", file: "kh")
        #expect(known.keyTypes(host: "web-1", port: 22) == ["ssh-dss"])
        guard case .known = known.verdict(host: "web-1", port: 22, key: blob) else {
            Issue.record("the key is not known")
            return
        }
    }

    @Test("a line that cannot be read is named")
    func unreadable() throws {
        for (line, reason) in [
            ("web-1", .tooFewWords), ("@revoked web-1 ssh-ed25519", .tooFewWords),
            ("@trusted web-1 \(keyText)", .unknownMarker("@trusted")), ("web-1 ssh-ed25519 nonsense!", .key),
            ("web-1 ssh-ed25519 AAAA", .key),
            (
                "web-1 ssh-rsa \(keyText.split(separator: " ")[1])",
                .typeMismatch(named: "ssh-rsa", actual: "ssh-ed25519")
            ),
            ("|1|AAAA|AAAA \(keyText)", .hashedName), ("|2|a|b \(keyText)", .hashedName), ("| \(keyText)", .hashedName),
            ("web-1 1024 35 123456789", .key),
        ] as [(String, KnownHostsError.Reason)] {
            #expect(throws: KnownHostsError(file: "kh", line: 2, reason: reason), "\(line)") {
                try KnownHosts(parsing: "web-2 \(keyText)\n\(line)\n", file: "kh")
            }
        }
    }
}
