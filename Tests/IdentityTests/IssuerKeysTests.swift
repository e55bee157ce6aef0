import Identifiers
import Testing

@testable import Identity

@Suite("Issuer keys")
struct IssuerKeysTests {
    @Test("a new key is found at once, and unknown keys cause one fetch in 30 seconds however many come")
    func rotation() async throws {
        let issuer = MemoryIssuer()
        let clock = TestClock()
        let authenticator = issuer.authenticator(now: { clock.now })
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
        let before = authenticator.generation
        issuer.addKey("second")
        _ = try await authenticator.authenticate(issuer.token(key: "second", at: clock.now))
        #expect(authenticator.generation > before)
        #expect(issuer.fetches(of: "/keys") == 2)
        for _ in 0..<50 {
            await #expect(throws: SignInError.unknownKey) {
                try await authenticator.authenticate(issuer.token(header: ["kid": "flood"], at: clock.now))
            }
        }
        #expect(issuer.fetches(of: "/keys") == 2)
        clock.advance(.seconds(31))
        await #expect(throws: SignInError.unknownKey) {
            try await authenticator.authenticate(issuer.token(header: ["kid": "flood"], at: clock.now))
        }
        #expect(issuer.fetches(of: "/keys") == 3)
    }

    @Test("everybody who comes while the keys are on their way signs in once they are there, with one fetch")
    func together() async throws {
        for _ in 0..<20 {
            let issuer = MemoryIssuer(delay: .milliseconds(5))
            let authenticator = issuer.authenticator()
            func everybody(_ key: String) async throws {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 {
                        group.addTask { _ = try await authenticator.authenticate(issuer.token(key: key)) }
                    }
                    try await group.waitForAll()
                }
            }
            try await everybody("first")
            #expect(issuer.fetches(of: "/keys") == 1)
            issuer.addKey("second")
            try await everybody("second")
            #expect(issuer.fetches(of: "/keys") == 2)
        }
    }

    @Test("a withdrawn key is refused once the keys are fetched anew")
    func withdrawn() async throws {
        let issuer = MemoryIssuer()
        issuer.addKey("second")
        let clock = TestClock()
        let authenticator = issuer.authenticator(now: { clock.now })
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
        let old = try issuer.token(at: clock.now.adding(.seconds(601)))
        issuer.withdrawKey("first")
        clock.advance(.seconds(601))
        await #expect(throws: SignInError.unknownKey) { try await authenticator.authenticate(old) }
    }

    @Test("while the issuer is down its keys serve for the grace and no longer")
    func grace() async throws {
        let issuer = MemoryIssuer()
        let clock = TestClock()
        let authenticator = issuer.authenticator({ $0.grace = .seconds(300) }, now: { clock.now })
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
        issuer.setDown(true)
        clock.advance(.seconds(700))
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
        clock.advance(.seconds(300))
        await #expect {
            try await authenticator.authenticate(issuer.token(at: clock.now))
        } throws: { error in
            if case SignInError.issuerUnavailable = error { true } else { false }
        }
        issuer.setDown(false)
        clock.advance(.seconds(6))
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
    }

    @Test("an issuer that is down at the start is asked again, sparingly")
    func downAtStart() async throws {
        let issuer = MemoryIssuer()
        issuer.setDown(true)
        let clock = TestClock()
        let authenticator = issuer.authenticator(now: { clock.now })
        await authenticator.warmUp()
        for _ in 0..<20 {
            await #expect(throws: SignInError.self) {
                try await authenticator.authenticate(issuer.token(at: clock.now))
            }
        }
        #expect(issuer.fetches(of: "/.well-known/openid-configuration") == 1)
        issuer.setDown(false)
        clock.advance(.seconds(6))
        _ = try await authenticator.authenticate(issuer.token(at: clock.now))
    }

    @Test("a discovery document of another issuer is refused")
    func otherIssuer() async throws {
        let issuer = MemoryIssuer()
        issuer.announce("https://evil.example")
        await #expect {
            try await issuer.authenticator().authenticate(issuer.token())
        } throws: { error in
            if case SignInError.issuerUnavailable = error { true } else { false }
        }
    }

    @Test("a cached caller is forgotten at expiry, after a minute, and when keys change")
    func cache() async throws {
        let issuer = MemoryIssuer()
        let token = try issuer.token()
        let caller = try await issuer.authenticator().authenticate(token)
        let now = Timestamp.now
        var cache = CallerCache()
        #expect(cache.caller(for: token, at: now, generation: 1) == nil)
        cache.insert(caller, for: token, at: now, generation: 1)
        #expect(cache.caller(for: token, at: now, generation: 1) == caller)
        #expect(cache.caller(for: token + "x", at: now, generation: 1) == nil)
        #expect(cache.caller(for: token, at: now.adding(.seconds(61)), generation: 1) == nil)
        #expect(cache.caller(for: token, at: caller.expiresAt, generation: 1) == nil)
        #expect(cache.caller(for: token, at: now, generation: 2) == nil)
        cache.insert(caller, for: token, at: now, generation: 1)
        #expect(cache.caller(for: token, at: now, generation: 2) == nil)
    }
}
