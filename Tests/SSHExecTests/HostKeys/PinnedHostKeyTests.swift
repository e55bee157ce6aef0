import Foundation
import KeygenWorkshop
import SSHCredentials
import Testing

@testable import SSHExec

@Suite("Pinned host keys")
struct PinnedHostKeyTests {
    @Test("a key pins itself, as a key and as a fingerprint, and no other", arguments: KeygenWorkshop.keyTypes)
    func matching(type: String) throws {
        let workshop = try KeygenWorkshop()
        let key = try workshop.makeKey("key", type: type)
        let other = try workshop.makeKey("other", type: type)
        let pinned = try PinnedHostKey(try workshop.read("key.pub"))
        let fingerprint = try PinnedHostKey("  \(key.fingerprint) ")
        for pin in [pinned, fingerprint] {
            #expect(pin.matches(key.blob))
            #expect(!pin.matches(other.blob))
            #expect(!pin.matches([]))
            #expect(pin.fingerprint == key.fingerprint)
        }
        #expect(pinned.keyType == key.algorithm.rawValue)
        #expect(fingerprint.keyType == nil)
    }

    @Test(
        "texts that pin nothing are refused",
        arguments: [
            ("", .key(.notAKeyLine)), ("SHA256:", .fingerprint), ("SHA256:abc", .fingerprint),
            ("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", .fingerprint),
            ("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", .fingerprint),
            ("SHA256:!AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .fingerprint),
            ("MD5:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", .otherDigest),
            ("ssh-dss AAAAB3NzaC1kc3MAAAAA", .key(.unsupportedType("ssh-dss"))),
        ] as [(String, PinnedHostKeyError)])
    func refused(text: String, error: PinnedHostKeyError) {
        #expect(throws: error) { try PinnedHostKey(text) }
    }
}
