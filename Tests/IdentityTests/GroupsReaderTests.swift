import StrictJSON
import Testing

@testable import Identity

@Suite("Groups in tokens")
struct GroupsReaderTests {
    private func groups(_ claims: JSONValue, _ change: (inout IssuerConfiguration) -> Void = { _ in }) -> CallerGroups {
        var configuration = IssuerConfiguration(issuer: MemoryIssuer.url, audiences: ["sallyport"])
        change(&configuration)
        return GroupsReader(configuration: configuration).groups(in: claims)
    }

    @Test("the claim may lie deep, be one text, or be absent")
    func generic() {
        #expect(groups(["groups": ["a", "b"]]) == .known(["a", "b"]))
        #expect(groups(["groups": "a"]) == .known(["a"]))
        #expect(
            groups(["realm_access": ["roles": ["a"]]]) { $0.groupsClaim = ["realm_access", "roles"] } == .known(["a"]))
        #expect(groups([:]) == .known([]))
        #expect(groups([:]) { $0.groupsRequired = true } == .unknown(.claimMissing("groups")))
        #expect(groups(["groups": ["a", 1]]) == .unknown(.claimMalformed("groups")))
        #expect(groups(["groups": ["a": 1]]) == .unknown(.claimMalformed("groups")))
    }

    @Test("Entra's overage is unknown, in both its forms, and its URL is never followed")
    func entra() {
        let source: JSONValue = ["src1": ["endpoint": "https://graph.windows.net/x/getMemberObjects"]]
        let overage: JSONValue = ["_claim_names": ["groups": "src1"], "_claim_sources": source]
        #expect(groups(overage) { $0.provider = .entra } == .unknown(.entraOverage))
        #expect(groups(overage) == .unknown(.entraOverage))
        #expect(groups(["hasgroups": true]) { $0.provider = .entra } == .unknown(.entraOverage))
        #expect(groups(["groups": ["a"]]) { $0.provider = .entra } == .known(["a"]))
    }

    @Test("Okta's hundred groups may be more")
    func okta() {
        func names(_ count: Int) -> JSONValue { .array((0..<count).map { .string("g\($0)") }) }
        #expect(groups(["groups": names(100)]) { $0.provider = .okta } == .unknown(.oktaLimit(100)))
        #expect(groups(["groups": names(99)]) { $0.provider = .okta } == .known(Set((0..<99).map { "g\($0)" })))
    }

    @Test("Google has none but those configured, by subject or verified email")
    func google() {
        let map: (inout IssuerConfiguration) -> Void = {
            $0.provider = .google
            $0.staticGroups = ["u-1": ["a"], "alice@example.com": ["b"]]
        }
        #expect(groups(["sub": "u-9"], map) == .unknown(.googleWithoutGroups))
        #expect(groups(["sub": "u-1"], map) == .known(["a"]))
        #expect(groups(["sub": "u-9", "email": "alice@example.com", "email_verified": true], map) == .known(["b"]))
        #expect(groups(["sub": "u-9", "email": "alice@example.com"], map) == .unknown(.googleWithoutGroups))
    }

    @Test("the hosted domain must be the configured one")
    func hostedDomain() async throws {
        let issuer = MemoryIssuer()
        let authenticator = issuer.authenticator { $0.hostedDomain = "example.com" }
        await #expect(throws: SignInError.wrongDomain) { try await authenticator.authenticate(issuer.token()) }
        _ = try await authenticator.authenticate(issuer.token(claims: ["hd": "example.com"]))
    }

    @Test("each unknown says how to fix it")
    func advice() {
        for reason in [
            GroupsUnknown.entraOverage, .oktaLimit(100), .googleWithoutGroups, .claimMissing("g"), .claimMalformed("g"),
        ] {
            #expect(reason.reason.hasPrefix("Your groups are unknown"))
            #expect(!reason.nextStep.isEmpty)
        }
    }
}
