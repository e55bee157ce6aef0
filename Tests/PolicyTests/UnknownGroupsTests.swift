import Testing

@testable import Policy

@Suite("Unknown groups")
struct UnknownGroupsTests {
    static let graph = [
        Entity(Fixture.uid(#"Group::"payments""#), parents: [Fixture.uid(#"Department::"money""#)]),
        Entity(Fixture.uid(#"Issuer::"okta""#)),
    ]

    static func decide(_ policies: String, groups: [String] = []) throws -> PolicyDecision {
        var request = Fixture.request(
            groups: groups, groupsUnknown: "the token holds more than 200 groups; ask for fewer")
        request.principal.parents.append(Fixture.uid(#"Issuer::"okta""#))
        return try Fixture.set(policies, graph).decide(request)
    }

    @Test(
        "no permit by group is satisfied, and the refusal says why",
        arguments: [
            #"permit(principal in Group::"payments", action, resource);"#,
            #"permit(principal, action, resource) when { principal in Group::"payments" };"#,
            #"permit(principal, action, resource) when { principal in [Group::"payments", Group::"x"] };"#,
            #"permit(principal, action, resource) unless { principal in Group::"contractors" };"#,
            #"permit(principal in Department::"money", action, resource);"#,
            #"permit(principal, action, resource) when { principal is User in Group::"payments" };"#,
            #"permit(principal, action, resource) when { [principal].contains(principal) && principal in context.group };"#,
        ])
    func permits(policies: String) throws {
        var request = Fixture.request(
            groups: ["payments"], context: ["group": .entity(Fixture.uid(#"Group::"undeclared""#))],
            groupsUnknown: "more than 200 groups")
        request.principal.parents.append(Fixture.uid(#"Issuer::"okta""#))
        let decision = try Fixture.set(policies, Self.graph).decide(request)
        #expect(!decision.allowed)
        #expect(decision.rule == "default-deny")
        #expect(decision.reason == "no policy allows this while the caller's groups are unknown: more than 200 groups")
    }

    @Test("a forbid by group denies, also among many policies", arguments: [0, 500])
    func forbids(others: Int) throws {
        let policies =
            #"permit(principal, action, resource); @id("stop") forbid(principal in Group::"contractors", action, resource);"#
            + (0..<others).map { "permit(principal in Group::\"g\($0)\", action, resource);" }.joined()
        let decision = try Self.decide(policies)
        #expect(!decision.allowed)
        #expect(decision.rule == "stop")
        #expect(decision.reason?.contains("more than 200 groups") == true)
    }

    @Test(
        "a forbid by group that cannot match for another reason does not deny",
        arguments: [
            #"forbid(principal in Group::"x", action == Action::"http.post", resource);"#,
            #"forbid(principal in Group::"x", action, resource in Target::"crm");"#,
            #"forbid(principal in Group::"x", action, resource) when { false };"#,
            #"forbid(principal in Group::"x", action, resource) unless { principal == User::"alice" };"#,
        ])
    func unrelatedForbids(policy: String) throws {
        let policies = "permit(principal, action, resource); \(policy)"
        #expect(try Self.decide(policies).allowed)
        let request = Fixture.request(groupsUnknown: "too many")
        let explanation = PolicyExplanation(try Fixture.set(policies), request)
        #expect(explanation.decision.errors.isEmpty)
        #expect(!"\(explanation)".contains("could not be evaluated"))
    }

    @Test("the explanation of a forbid that unknown groups leave open says so")
    func explained() throws {
        let set = try Fixture.set(#"@id("f") forbid(principal in Group::"x", action, resource) when { true };"#)
        let explanation = PolicyExplanation(set, Fixture.request(groupsUnknown: "too many"))
        #expect(
            explanation.verdicts.map(\.outcome) == [.failed("the caller's groups are unknown: too many")])
        #expect(explanation.decision.rule == "f")
    }

    @Test(
        "what does not depend on groups is decided as ever",
        arguments: [
            #"permit(principal == User::"alice", action, resource);"#,
            #"permit(principal in Issuer::"okta", action, resource);"#,
            #"permit(principal, action, resource) unless { principal in Issuer::"other" };"#,
            #"permit(principal, action, resource) when { principal in [Group::"x", User::"alice"] };"#,
            #"permit(principal, action, resource); forbid(principal is Robot in Group::"x", action, resource);"#,
        ])
    func others(policies: String) throws { #expect(try Self.decide(policies).allowed) }
}
