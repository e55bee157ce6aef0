import GatewayCore
import Testing

@Suite("Adapter registry")
struct AdapterRegistryTests {
    private static func declaration(
        _ kind: String, action: String, facts: [String]
    ) -> AdapterDeclaration {
        AdapterDeclaration(
            kind: kind, summary: "For these tests.", listenerKeys: [], targetKeys: [],
            actions: [ActionDeclaration(action, summary: "Does something.")], resourceTypes: [],
            facts: facts.map { FactDeclaration($0, .bool, summary: "Says something.") })
    }

    private struct Alpha: ProtocolAdapter {
        static let declaration = AdapterRegistryTests.declaration(
            "alpha", action: "alpha.do", facts: ["alpha.x", "opaque"])
        init(_ environment: AdapterEnvironment) {}
        func run() async throws {}
    }

    private struct SameKind: ProtocolAdapter {
        static let declaration = AdapterRegistryTests.declaration("alpha", action: "beta.do", facts: [])
        init(_ environment: AdapterEnvironment) {}
        func run() async throws {}
    }

    private struct SameAction: ProtocolAdapter {
        static let declaration = AdapterRegistryTests.declaration("beta", action: "alpha.do", facts: [])
        init(_ environment: AdapterEnvironment) {}
        func run() async throws {}
    }

    private struct SameFact: ProtocolAdapter {
        static let declaration = AdapterRegistryTests.declaration("beta", action: "beta.do", facts: ["alpha.x"])
        init(_ environment: AdapterEnvironment) {}
        func run() async throws {}
    }

    private struct Beta: ProtocolAdapter {
        static let declaration = AdapterRegistryTests.declaration("beta", action: "beta.do", facts: ["opaque"])
        init(_ environment: AdapterEnvironment) {}
        func run() async throws {}
    }

    @Test("adapters are found by kind, and what is opaque may be said by all of them")
    func registers() throws {
        var registry = AdapterRegistry()
        try registry.register(Alpha.self)
        try registry.register(Beta.self)
        #expect(registry.declarations.map(\.kind) == ["alpha", "beta"])
        #expect(registry.adapter(ofKind: "beta") == Beta.self && registry.adapter(ofKind: "gamma") == nil)
    }

    @Test("names that a policy could not tell apart are refused, and nothing is registered")
    func collisions() throws {
        var registry = AdapterRegistry()
        try registry.register(Alpha.self)
        #expect(throws: AdapterRegistryError.kindTaken("alpha")) { try registry.register(SameKind.self) }
        #expect(throws: AdapterRegistryError.actionTaken("alpha.do", by: "alpha", again: "beta")) {
            try registry.register(SameAction.self)
        }
        #expect(throws: AdapterRegistryError.factTaken("alpha.x", by: "alpha", again: "beta")) {
            try registry.register(SameFact.self)
        }
        #expect(registry.declarations.map(\.kind) == ["alpha"])
    }
}
