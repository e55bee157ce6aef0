import Console
import GatewayCore
import Policy
import StrictJSON

/// What policies can name besides people: targets, and actions with their groups. Made from the configuration and from
/// what the adapters and the console declare.
enum Vocabulary {
    static func entities(targets: [Target], registry: AdapterRegistry) -> EntityGraph {
        var entities: [Entity] = []
        var groups: Set<String> = []
        for action in actions(registry) {
            groups.formUnion(action.groups)
            entities.append(
                Entity(
                    EntityUID(type: "Action", id: action.name),
                    parents: action.groups.map { EntityUID(type: "Action", id: $0) }))
        }
        for group in groups.sorted() { entities.append(Entity(EntityUID(type: "Action", id: group))) }
        for target in targets {
            entities.append(
                Entity(EntityUID(type: "Target", id: target.name), attributes: ["kind": .string(target.kind)]))
        }
        return EntityGraph(entities)
    }

    /// Every action of every adapter and of the console.
    static func actions(_ registry: AdapterRegistry) -> [ActionDeclaration] {
        declarations(registry).flatMap(\.actions)
    }

    /// What the adapters say of themselves, and the console after them.
    static func declarations(_ registry: AdapterRegistry) -> [AdapterDeclaration] { registry.declarations + [console] }

    /// The console in the form of an adapter, which it is not: no listener and no target has this kind.
    static let console = AdapterDeclaration(
        kind: "console", summary: "The admin API and the web pages.", listenerKeys: [], targetKeys: [],
        actions: ConsoleAction.allCases.map {
            ActionDeclaration($0.rawValue, groups: [group(of: $0)], summary: summary(of: $0))
        },
        resourceTypes: ConsoleResource.Kind.allCases.map {
            ResourceTypeDeclaration($0.rawValue, summary: summary(of: $0))
        },
        facts: [FactDeclaration("opaque", .bool, usual: .bool(false), summary: "False.")])

    private static func group(of action: ConsoleAction) -> String {
        switch action {
        case .readApprovals, .decideApprovals: "console.approvals"
        case .readSessions, .readRecordings, .readAudit, .readPolicy, .readRetention: "console.read"
        // On its own: who may read everything else may still not take these away.
        case .readOriginals: "console.originals"
        case .terminateSessions, .reloadPolicy: "console.admin"
        case .addHold, .releaseHold: "console.holds"
        }
    }

    private static func summary(of action: ConsoleAction) -> String {
        switch action {
        case .readApprovals: "See approvals that are asked for and that were decided."
        case .decideApprovals: "Approve or reject; the ticket says which groups may."
        case .readSessions: "See sessions and their commands."
        case .readRecordings: "Play a session's recordings."
        case .readOriginals: "Take a session's sealed originals."
        case .terminateSessions: "End a session."
        case .readAudit: "Read and search the audit log."
        case .readPolicy: "See the policies in force."
        case .reloadPolicy: "Load the policies again."
        case .readRetention: "See how long evidence is kept, and the holds."
        case .addHold: "Hold evidence of a session or a caller."
        case .releaseHold: "Release a hold."
        }
    }

    private static func summary(of resource: ConsoleResource.Kind) -> String {
        switch resource {
        case .approvals: "The list of approvals."
        case .approval: "One, by its id, below its target; `is_own` says whether the caller asked for it."
        case .sessions: "The list of sessions, below the target that is asked for."
        case .session: "One, by its id, below its target; `is_own` says whether it is the caller's."
        case .auditLog: "The audit log."
        case .policySet: "The policies."
        case .retention: "What is kept how long."
        case .hold: "A hold, by its id."
        }
    }
}

extension Vocabulary {
    /// Every name that a policy may use, and every one that a request has.
    static func names(_ configuration: GatewayConfiguration, _ registry: AdapterRegistry) -> PolicyVocabulary {
        let declarations = declarations(registry)
        let actions = declarations.flatMap(\.actions)
        return PolicyVocabulary(
            targets: Set(configuration.targets.map(\.name)), actions: Set(actions.map(\.name)),
            actionGroups: Set(actions.flatMap(\.groups)),
            resourceTypes: Set(declarations.flatMap(\.resourceTypes).map(\.name)),
            maskingRuleSets: Set(configuration.maskingRuleSets.map(\.name)),
            approverGroups: Set(configuration.approverGroups),
            // Beside the adapters' facts, what the core itself says of every command.
            contextAttributes: Set(declarations.flatMap(\.facts).map(\.name)).union(CommandContext.attributes),
            facts: facts(registry))
    }

    private static func facts(_ registry: AdapterRegistry) -> [String: [PolicyFact]] {
        var facts: [String: [PolicyFact]] = [:]
        for declaration in registry.declarations {
            let declared = declaration.facts.map { PolicyFact($0) }
            let names = Set(declared.map(\.name))
            let all = declared + coreFacts.filter { !names.contains($0.name) }
            for action in declaration.actions { facts[action.name] = all }
        }
        for action in console.actions { facts[action.name] = console.facts.map { PolicyFact($0) } }
        return facts
    }

    /// Of every command, whatever its adapter: `CommandContext.attributes`.
    private static let coreFacts = [
        PolicyFact("opaque", usual: false, example: false),
        PolicyFact("now", usual: nil, example: ["__extn": ["fn": "datetime", "arg": "2026-01-31T12:00:00Z"]]),
        PolicyFact("client", usual: nil, example: ["__extn": ["fn": "ip", "arg": "10.1.2.3"]]),
        PolicyFact("parameters", usual: nil, example: ["name": "value"]),
        PolicyFact("text", usual: nil, example: "the command as it is written"),
    ]
}

extension PolicyFact {
    fileprivate init(_ declaration: FactDeclaration) {
        let example: JSONValue =
            switch declaration.kind {
            case .bool: false
            case .integer: 1
            case .string: "text"
            case .strings: ["text"]
            }
        self.init(declaration.name, usual: declaration.usual.map { Value($0) }, example: example)
    }
}
