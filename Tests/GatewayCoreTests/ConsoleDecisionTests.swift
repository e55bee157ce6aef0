import AdapterTestKit
import GatewayCore
import Testing

/// What policies say to those who use the console.
@Suite("Console decisions")
struct ConsoleDecisionTests {
    private static func decide(_ policy: String, name: String?) async throws -> (allowed: Bool, reason: String?) {
        let gateway = try Wanted.gateway(policy)
        let decision = gateway.sessions.decideConsole(
            try await gateway.caller(.caller), action: "console.holds.release", resourceType: "Hold",
            resourceName: name, target: nil, isOwner: false)
        return (decision.allowed, decision.reason)
    }

    @Test("what no policy permits is refused by its action and resource")
    func silence() async throws {
        let policy = #"@id("other") permit (principal, action == Action::"console.holds.add", resource);"#
        let named = try await Self.decide(policy, name: "h-1")
        #expect(!named.allowed && named.reason == "No policy permits console.holds.release on Hold h-1.")
        let only = try await Self.decide(policy, name: nil)
        #expect(only.reason == "No policy permits console.holds.release on Hold.")
        let failed = try await Self.decide(
            #"permit (principal, action, resource) when { context.shell.opaque };"#, name: nil)
        #expect(failed.reason == "No policy permits console.holds.release on Hold; 1 could not be evaluated.")
    }

    @Test("a forbid refuses in its own words")
    func forbidden() async throws {
        let refused = try await Self.decide(
            #"@id("never") @reason("Holds stay.") forbid (principal, action, resource);"#, name: nil)
        #expect(refused.reason == "Holds stay.")
    }
}
