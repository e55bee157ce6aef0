import Console
import GatewayCore
import Policy

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
        registry.declarations.flatMap(\.actions)
            + ConsoleAction.allCases.map {
                ActionDeclaration($0.rawValue, groups: [group(of: $0)], summary: "In the console.")
            }
    }

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
}

extension Vocabulary {
    /// Every name that a policy may use, for `policy check`.
    static func names(_ configuration: GatewayConfiguration, _ registry: AdapterRegistry) -> PolicyVocabulary {
        let actions = actions(registry)
        let resourceTypes = registry.declarations.flatMap(\.resourceTypes).map(\.name)
        let consoleTypes = [
            "Approvals", "Approval", "Sessions", "Session", "AuditLog", "PolicySet", "Retention", "Hold",
        ]
        return PolicyVocabulary(
            targets: Set(configuration.targets.map(\.name)),
            actions: Set(actions.map(\.name)).union(actions.flatMap(\.groups)),
            resourceTypes: Set(resourceTypes + consoleTypes),
            maskingRuleSets: Set(configuration.maskingRuleSets.map(\.name)),
            approverGroups: Set(configuration.approverGroups),
            contextAttributes: Set(registry.declarations.flatMap(\.facts).map(\.name))
                .union(CommandContext.attributes))
    }
}
