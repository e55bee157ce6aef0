import Testing

@testable import Policy

/// Ours against the official engine: same decision, same determining policies, same policies that err.
@Suite("Against the official Cedar engine")
struct DifferentialTests {
    @Test("10,000 generated policy sets get the same answers")
    func sameAnswers() throws {
        var generator = CaseGenerator(seed: 20_260_801)
        let cases = (0..<10_000).map { _ in generator.make() }
        let oracle = try CedarOracle(cases.map(\.json))
        let ours = cases.map(Self.answer)
        let theirs = try oracle.answers()

        let differing = cases.indices.filter { ours[$0] != theirs[$0] }
        let first = differing.first.map {
            "ours   \(ours[$0])\ntheirs \(theirs[$0])\n\(cases[$0].policies)\n\(cases[$0].json)"
        }
        #expect(differing.isEmpty, "\(differing.count) differ; the first:\n\(first ?? "")")

        // A generator that reaches one outcome only would prove nothing.
        let outcomes = theirs.flatMap { $0.split(separator: " ") }
        func count(_ matches: (Substring) -> Bool) -> Int { outcomes.count(where: matches) }
        #expect(count { $0.hasPrefix("allow") } > 1_500)
        #expect(count { $0.hasPrefix("deny||") } > 2_000, "denied for want of a permit")
        #expect(count { $0.hasPrefix("deny|") && !$0.hasPrefix("deny||") } > 1_000, "denied by a forbid")
        #expect(count { !$0.hasSuffix("|") } > 2_000, "some policy errs")
        #expect(count { $0 == "invalid" } == 0)
    }

    @Test("20,000 mutated policies are accepted and refused alike")
    func sameSyntax() throws {
        var generator = CaseGenerator(seed: 4_711)
        var mutator = PolicyMutator(seed: 1_174)
        let texts = (0..<20_000).map { _ in mutator.mutate(generator.makePolicy()) }
        let oracle = try CedarOracle(texts.map { "{\"policies\":\(CedarJSON.string($0))}" })
        let ours = texts.map { text in
            let isValid = (try? PolicySet.load([PolicySource(name: "mutated", text: text)])) != nil
            return isValid ? "valid" : "invalid"
        }
        let theirs = try oracle.answers()
        let differing = texts.indices.filter { ours[$0] != theirs[$0] }
        let shown = differing.prefix(10).map { "ours \(ours[$0]), theirs \(theirs[$0]):\n\(texts[$0])" }
        #expect(differing.isEmpty, "\(differing.count) differ:\n\(shown.joined(separator: "\n---\n"))")
        #expect(theirs.count { $0 == "valid" } > 2_000)
        #expect(theirs.count { $0 == "invalid" } > 2_000)
    }

    /// In the oracle's form.
    static func answer(_ each: GeneratedCase) -> String {
        let sources = [PolicySource(name: "generated", text: each.policies)]
        let byName = Dictionary(each.entities.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
        // A single request's own entities come with the request alone, those of several are in the graph as well: both
        // must give the same. Actions are in the graph always.
        let onlyRequest = each.requests.count == 1 ? each.requests.first : nil
        let graph = EntityGraph(
            each.entities.filter {
                $0.uid.type == "Action" || ($0.uid != onlyRequest?.principal && $0.uid != onlyRequest?.resource)
            })
        guard var set = try? PolicySet.load(sources, entities: graph) else { return "invalid" }
        set.erroringForbidDenies = false
        var answers: [String] = []
        for request in each.requests {
            let decision = set.decide(
                PolicyRequest(
                    principal: byName[request.principal] ?? Entity(request.principal), action: request.action,
                    resource: byName[request.resource] ?? Entity(request.resource), context: request.context))
            func list(_ policies: [PolicyID]) -> String { policies.map { String($0.index) }.joined(separator: ",") }
            let erring = list(decision.errors.map(\.policy))
            answers.append(
                "\(decision.allowed ? "allow" : "deny")|\(list(decision.determining))|\(erring)")
        }
        return answers.joined(separator: " ")
    }
}
