/// What a set of policies names: entities, types of heads, attributes of the context.
struct PolicyNames {
    private(set) var entities: [EntityUID] = []
    private(set) var scopeTypes: Set<String> = []
    private(set) var contextKeys: Set<String> = []
    private(set) var readsWholeContext = false

    init(_ policies: [PolicySyntax]) {
        for policy in policies {
            for scope in [policy.principal, policy.action, policy.resource] {
                entities += scope.entities
                if case .hasType(let type) = scope.kind, scopeTypes.insert(type).inserted {
                    entities.append(Self.symbolName(ofType: type))
                }
            }
            for condition in policy.conditions { collect(condition.body) }
        }
    }

    /// Types share the entities' numbers under a type that no entity can have.
    static func symbolName(ofType type: String) -> EntityUID { EntityUID(type: "", id: type) }

    private mutating func collect(_ expression: Expression) {
        switch expression.kind {
        case .literal(.entity(let uid)): entities.append(uid)
        case .variable(.context): readsWholeContext = true
        case .attribute(let holder, let name) where holder.isContext: contextKeys.insert(name)
        case .has(let holder, let path) where holder.isContext: contextKeys.formUnion(path.prefix(1))
        default:
            var children: [Expression] = []
            expression.forEachChild { children.append($0) }
            for child in children { collect(child) }
        }
    }
}

extension Expression {
    var isContext: Bool { if case .variable(.context) = kind { true } else { false } }
}
