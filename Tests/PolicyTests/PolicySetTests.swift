import Testing

@testable import Policy

@Suite("Policy set")
struct PolicySetTests {
    static func load(_ text: String, entities: [Entity] = []) throws -> PolicySet {
        try PolicySet.load([PolicySource(name: "test.cedar", text: text)], entities: EntityGraph(entities))
    }

    @Test("default deny, permit, and forbid beats permit")
    func decides() throws {
        let set = try Self.load(
            """
            @id("read") permit(principal in Group::"payments", action in Action::"read", resource in Target::"ledger");
            @id("secret") @advice("ask bob") forbid(principal, action, resource) when { context.secret };
            """,
            entities: [
                Entity(EntityUID(type: "Action", id: "http.get"), parents: [EntityUID(type: "Action", id: "read")])
            ])
        let alice = Entity(EntityUID(type: "User", id: "alice"), parents: [EntityUID(type: "Group", id: "payments")])
        let path = Entity(EntityUID(type: "Path", id: "/x"), parents: [EntityUID(type: "Target", id: "ledger")])
        func decide(_ action: String, secret: Bool) -> PolicyDecision {
            set.decide(
                PolicyRequest(
                    principal: alice, action: EntityUID(type: "Action", id: action), resource: path,
                    context: ["secret": .bool(secret)]))
        }
        #expect(decide("http.get", secret: false).allowed)
        #expect(decide("http.get", secret: false).rule == "read")
        #expect(!decide("http.post", secret: false).allowed)
        #expect(decide("http.post", secret: false).rule == "default-deny")
        #expect(decide("http.get", secret: true).rule == "secret")
        #expect(decide("http.get", secret: true).advice == "ask bob")
    }
}
