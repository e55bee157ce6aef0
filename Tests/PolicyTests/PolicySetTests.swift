import Testing

@testable import Policy

@Suite("Policy set")
struct PolicySetTests {
    static let policies = """
        @id("read") permit(principal in Group::"payments", action in Action::"read", resource in Target::"ledger");
        @id("secret") @reason("secrets stay in") @advice("ask bob")
        forbid(principal, action, resource) when { context.secret };
        """
    static let entities = [Entity(Fixture.uid(#"Action::"http.get""#), parents: [Fixture.uid(#"Action::"read""#)])]

    static func ask(_ action: String, secret: Value?, groups: [String] = ["payments"]) -> PolicyRequest {
        Fixture.request(
            groups: groups, "Action::\"\(action)\"", in: [#"Target::"ledger""#],
            context: secret.map { ["secret": $0] } ?? [:])
    }

    @Test("a permit allows, and names itself")
    func permits() throws {
        let decision = try Fixture.set(Self.policies, Self.entities).decide(Self.ask("http.get", secret: false))
        #expect(decision.allowed)
        #expect(decision.rule == "read")
        #expect(decision.determining.map(\.name) == ["read"])
        #expect(decision.reason == nil)
    }

    @Test("what no permit allows is denied")
    func deniesByDefault() throws {
        let set = try Fixture.set(Self.policies, Self.entities)
        for request in [Self.ask("http.post", secret: false), Self.ask("http.get", secret: false, groups: ["crm"])] {
            let decision = set.decide(request)
            #expect(!decision.allowed)
            #expect(decision.rule == "default-deny")
            #expect(decision.determining.isEmpty)
            #expect(decision.reason == "no policy allows this")
        }
        #expect(try !Fixture.set("").decide(Self.ask("http.get", secret: false)).allowed)
    }

    @Test("a forbid beats a permit and says why and what to do")
    func forbids() throws {
        let decision = try Fixture.set(Self.policies, Self.entities).decide(Self.ask("http.get", secret: true))
        #expect(!decision.allowed)
        #expect(decision.rule == "secret")
        #expect(decision.reason == "secrets stay in")
        #expect(decision.advice == "ask bob")
        #expect(decision.obligations == .none)
    }

    @Test("a forbid that errs denies")
    func erringForbidDenies() throws {
        let set = try Fixture.set(Self.policies, Self.entities)
        for secret in [nil, Value.string("no")] {
            let decision = set.decide(Self.ask("http.get", secret: secret))
            #expect(!decision.allowed)
            #expect(decision.rule == "secret")
            #expect(decision.errors.map(\.policy.name) == ["secret"])
            #expect(decision.reason?.contains("could not be evaluated, which denies") == true)
        }
    }

    @Test("with the switch off, a forbid that errs is skipped, as in Cedar")
    func erringForbidSkipped() throws {
        var set = try Fixture.set(Self.policies, Self.entities)
        set.erroringForbidDenies = false
        let decision = set.decide(Self.ask("http.get", secret: nil))
        #expect(decision.allowed)
        #expect(decision.errors.count == 1)
    }

    @Test("a permit that errs does not allow")
    func erringPermit() throws {
        let decision = try Fixture.set("permit(principal, action, resource) when { context.x };").decide(
            Fixture.request())
        #expect(!decision.allowed)
        #expect(decision.rule == "default-deny")
        #expect(decision.reason == "no policy allows this; 1 could not be evaluated")
        #expect(decision.errors.first?.message == "context has no attribute \"x\"")
    }

    @Test("a policy without @id is named by its place")
    func namedByPlace() throws {
        let set = try Fixture.set("// one\n@note(\"x\")\npermit(principal, action, resource);", file: "a/b.cedar")
        #expect(set.decide(Fixture.request()).rule == "a/b.cedar:3")
    }

    @Test("all that match determine, in the set's order")
    func determining() throws {
        let set = try Fixture.set(
            """
            @id("a") permit(principal, action in [Action::"read", Action::"any"], resource);
            @id("b") forbid(principal, action, resource) when { false };
            @id("c") permit(principal, action, resource);
            """,
            [
                Entity(
                    Fixture.uid(#"Action::"http.get""#),
                    parents: [Fixture.uid(#"Action::"read""#), Fixture.uid(#"Action::"any""#)])
            ])
        #expect(set.decide(Fixture.request()).determining.map(\.name) == ["a", "c"])
    }

    @Test("the context's attributes that policies read are known beforehand")
    func contextKeys() throws {
        let set = try Fixture.set(
            """
            permit(principal, action, resource) when { context.a.b == 1 && context has c && context["d e"] };
            permit(principal, action, resource) when { context has f.g } unless { [context.h].contains(1) };
            """)
        #expect(set.contextKeys == ["a", "c", "d e", "f", "h"])
        #expect(!set.readsWholeContext)
        #expect(try Fixture.set("permit(principal, action, resource) when { context == {} };").readsWholeContext)
    }

    @Test("the digest tells sources apart")
    func digest() throws {
        func digest(_ sources: [(String, String)]) throws -> String {
            try PolicySet.load(sources.map { PolicySource(name: $0.0, text: $0.1) }).digest
        }
        let one = try digest([("a", "// x"), ("b", "")])
        #expect(one.count == 64)
        #expect(try digest([("a", "// x"), ("b", "")]) == one)
        #expect(try digest([("a", "// x")]) != one)
        #expect(try digest([("a", "// xb"), ("", "")]) != one)
    }

    @Test("the index finds what a look at every policy finds")
    func indexAgreesWithScan() throws {
        var generator = CaseGenerator(seed: 99)
        let text = (0..<600).map { _ in generator.makePolicy() }.joined(separator: "\n")
        var matches = 0
        for _ in 0..<40 {
            let each = generator.make()
            var set = try Fixture.set(text, each.entities)
            set.erroringForbidDenies = false
            for asked in each.requests {
                let byName = Dictionary(each.entities.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
                let request = PolicyRequest(
                    principal: byName[asked.principal] ?? Entity(asked.principal), action: asked.action,
                    resource: byName[asked.resource] ?? Entity(asked.resource), context: asked.context)
                let environment = Environment(request, set.hierarchy)
                var scan = Verdicts()
                for policy in set.compiled { scan.hear(policy, environment) }
                let decision = set.decide(request)
                #expect(decision == scan.decision(erroringForbidDenies: false, nil))
                matches += decision.determining.count
            }
        }
        #expect(matches > 500)
    }

    @Test("an entity that the graph and the request know has the data of both, the request's first")
    func graphAndRequestTogether() throws {
        let ledger = Entity(
            Fixture.uid(#"Target::"ledger""#), attributes: ["tier": "gold", "zone": "eu"],
            parents: [Fixture.uid(#"Target::"all""#)])
        let set = try Fixture.set(
            """
            permit(principal, action, resource in Target::"all")
            when { resource.tier == "silver" && resource.zone == "eu" && resource in Target::"extra" };
            """, [ledger])
        var request = Fixture.request()
        request.resource = Entity(
            ledger.uid, attributes: ["tier": "silver"], parents: [Fixture.uid(#"Target::"extra""#)])
        #expect(set.decide(request).allowed)
    }
}
