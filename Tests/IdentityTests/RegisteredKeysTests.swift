import Crypto
import Identifiers
import SSHCredentials
import Testing

@testable import Identity

@Suite("Registered SSH keys")
struct RegisteredKeysTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func caller(
        _ subject: String = "alice", issuer: String = "https://issuer.example", lasts: Duration = .seconds(600),
        groups: Set<String> = []
    ) -> Caller {
        Caller(
            issuer: issuer, subject: subject, label: nil, groups: .known(groups), signedInAt: now,
            expiresAt: now.adding(lasts))
    }

    private func privateKey(_ number: UInt8) throws -> SSHPrivateKey {
        try SSHPrivateKey(
            .ed25519(Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: number, count: 32))))
    }

    private func key(_ number: UInt8) throws -> SSHPublicKey { try SSHPublicKey(blob: privateKey(number).publicBlob) }

    private func proven(_ number: UInt8) throws -> ProvenSSHKey {
        try ProvenSSHKey(
            key(number), signature: ProvenSSHKey.signature(of: "a token", by: privateKey(number)), of: "a token")
    }

    @Test("a registered key leads to its caller, any other to nobody")
    func holder() throws {
        let keys = RegisteredKeys()
        let registered = try keys.register(proven(1), to: caller(), at: now)
        let holder = try #require(keys.holder(of: key(1).blob, at: now))
        #expect(holder.callerAfterProof() == caller())
        #expect(try holder.fingerprint == registered.fingerprint && holder.fingerprint == key(1).fingerprint)
        #expect(try keys.holder(of: key(2).blob, at: now) == nil)
        #expect(keys.holder(of: [], at: now) == nil)
        // A restart of the gateway forgets it.
        #expect(try RegisteredKeys().holder(of: key(1).blob, at: now) == nil)
    }

    @Test("a key ends with the token, to the millisecond")
    func expiry() throws {
        let keys = RegisteredKeys()
        _ = try keys.register(proven(1), to: caller(lasts: .seconds(60)), at: now)
        #expect(try keys.holder(of: key(1).blob, at: now.adding(.milliseconds(59_999))) != nil)
        #expect(try keys.holder(of: key(1).blob, at: now.adding(.seconds(60))) == nil)
        #expect(keys.keys(of: caller(), at: now.adding(.seconds(60))).isEmpty)
    }

    @Test("the same caller renews a key, with what the newer token says of them")
    func renewal() throws {
        let keys = RegisteredKeys()
        _ = try keys.register(proven(1), to: caller(lasts: .seconds(60)), at: now)
        let newer = caller(lasts: .seconds(600), groups: ["dba"])
        _ = try keys.register(proven(1), to: newer, at: now)
        #expect(try keys.holder(of: key(1).blob, at: now.adding(.seconds(61)))?.callerAfterProof() == newer)
        #expect(keys.keys(of: newer, at: now).count == 1)
    }

    @Test("a key of another person is refused until it has expired; who looks alike is another person")
    func taken() throws {
        let keys = RegisteredKeys()
        let owner = caller("zo\u{eb}", lasts: .seconds(60))
        _ = try keys.register(proven(1), to: owner, at: now)
        let others = [caller("bob"), caller("zoe\u{308}"), caller("zo\u{eb}", issuer: "https://other.example")]
        for other in others {
            let taken = try SSHKeyError.registeredByAnother(fingerprint: key(1).fingerprint)
            #expect(throws: taken) { try keys.register(proven(1), to: other, at: now) }
            #expect(keys.keys(of: other, at: now).isEmpty)
            #expect(try keys.forget(key(1).fingerprint, of: other, at: now) == nil)
        }
        #expect(try keys.holder(of: key(1).blob, at: now)?.callerAfterProof() == owner)
        let later = now.adding(.seconds(60))
        _ = try keys.register(proven(1), to: others[0], at: later)
        #expect(try keys.holder(of: key(1).blob, at: later)?.callerAfterProof().subject == "bob")
    }

    @Test("of one caller's keys the oldest gives way, and nobody else's")
    func limit() throws {
        let keys = RegisteredKeys()
        _ = try keys.register(proven(200), to: caller("bob"), at: now)
        let most = UInt8(RegisteredKeys.mostOfOneCaller)
        for number in 1...most { _ = try keys.register(proven(number), to: caller(), at: now) }
        // Renewed, so no longer the oldest; and the full number stays possible.
        _ = try keys.register(proven(1), to: caller(), at: now)
        #expect(keys.keys(of: caller(), at: now).count == Int(most))
        _ = try keys.register(proven(most + 1), to: caller(), at: now)
        #expect(try keys.holder(of: key(2).blob, at: now) == nil)
        #expect(try keys.holder(of: key(1).blob, at: now) != nil)
        #expect(try keys.holder(of: key(200).blob, at: now) != nil)
        let expected = try ([3...most, 1...1, (most + 1)...(most + 1)] as [ClosedRange<UInt8>]).joined().map {
            try key($0).fingerprint
        }
        #expect(keys.keys(of: caller(), at: now).map(\.fingerprint) == expected)
    }

    @Test("a key that its caller takes away is gone, and may be another's")
    func forget() throws {
        let keys = RegisteredKeys()
        _ = try keys.register(proven(1), to: caller(), at: now)
        _ = try keys.register(proven(2), to: caller(), at: now)
        #expect(try keys.forget(key(1).fingerprint, of: caller(), at: now)?.key == key(1))
        #expect(try keys.forget(key(1).fingerprint, of: caller(), at: now) == nil)
        #expect(try keys.holder(of: key(1).blob, at: now) == nil)
        #expect(try keys.holder(of: key(2).blob, at: now) != nil)
        _ = try keys.register(proven(1), to: caller("bob"), at: now)
        #expect(try keys.holder(of: key(1).blob, at: now)?.callerAfterProof().subject == "bob")
    }

    @Test("many tasks at once register one key for one of them alone")
    func race() async throws {
        let keys = RegisteredKeys()
        let (key, now) = (try proven(1), now)
        let callers = (0..<64).map { caller("person-\($0)") }
        let winners = await withTaskGroup(of: Int.self) { group in
            for caller in callers {
                group.addTask { (try? keys.register(key, to: caller, at: now)) == nil ? 0 : 1 }
            }
            return await group.reduce(0, +)
        }
        #expect(winners == 1)
    }
}
