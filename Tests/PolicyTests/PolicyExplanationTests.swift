import Testing

@testable import Policy

@Suite("Policy explanation")
struct PolicyExplanationTests {
    @Test("every policy says what settled it")
    func verdicts() throws {
        let set = try Fixture.set(
            """
            @id("who") permit(principal == User::"bob", action, resource);
            @id("what") permit(principal, action == Action::"http.post", resource);
            @id("where") permit(principal, action, resource in Target::"crm");
            @id("when") permit(principal, action, resource) when { context.on && (context.size < 5 && true) };
            @id("unless") permit(principal, action, resource) unless { context.size == 1 || context.size > 5 };
            @id("not") permit(principal, action, resource) when { !(context.on) };
            @id("error") permit(principal, action, resource) when { context.on && 1 < context.missing + 1 };
            @id("branch") permit(principal, action, resource) when { if context.on then context.gone else true };
            @id("ok") permit(principal, action, resource);
            """)
        let explanation = PolicyExplanation(set, Fixture.request(context: ["on": true, "size": 7]))
        #expect(
            "\(explanation)" == """
                allow by ok
                  permit ok (test.cedar:9:11): determined the decision
                  permit who (test.cedar:1:19): does not apply to this principal: principal == User::"bob"
                  permit what (test.cedar:2:31): does not apply to this action: action == Action::"http.post"
                  permit where (test.cedar:3:40): does not apply to this resource: resource in Target::"crm"
                  permit when (test.cedar:4:71): does not hold: context.size < 5
                  permit unless (test.cedar:5:81): stopped by unless: context.size > 5
                  permit not (test.cedar:6:57): does not hold: context.on
                  permit error (test.cedar:7:75): could not be evaluated: context has no attribute "missing", in context.missing
                  permit branch (test.cedar:8:77): could not be evaluated: context has no attribute "gone", in context.gone
                """)
    }

    @Test("a permit that a forbid beats is said to match")
    func overridden() throws {
        let set = try Fixture.set(
            "@id(\"p\") permit(principal, action, resource);\n@id(\"f\") @advice(\"wait\") forbid(principal, action, resource);"
        )
        let explanation = PolicyExplanation(set, Fixture.request())
        #expect(explanation.verdicts.map(\.outcome) == [.overridden, .determined])
        #expect("\(explanation)".hasPrefix("deny by f\n  forbidden by f\n  next: wait\n"))
    }

    @Test("the explanation agrees with the decision on generated policies")
    func agreesWithDecision() throws {
        var generator = CaseGenerator(seed: 5)
        for _ in 0..<300 {
            let each = generator.make()
            let set = try Fixture.set(each.policies, each.entities)
            let byName = Dictionary(each.entities.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
            for asked in each.requests {
                let request = PolicyRequest(
                    principal: byName[asked.principal] ?? Entity(asked.principal), action: asked.action,
                    resource: byName[asked.resource] ?? Entity(asked.resource), context: asked.context)
                let explanation = PolicyExplanation(set, request)
                let erring = explanation.verdicts.filter { if case .failed = $0.outcome { true } else { false } }
                #expect(erring.map(\.policy) == explanation.decision.errors.map(\.policy))
                let determining = explanation.verdicts.filter { verdict in
                    let erringForbid = erring.contains(verdict) && verdict.effect == .forbid
                    return verdict.outcome == .determined || erringForbid
                }
                #expect(Set(determining.map(\.policy)) == Set(explanation.decision.determining))
            }
        }
    }
}
