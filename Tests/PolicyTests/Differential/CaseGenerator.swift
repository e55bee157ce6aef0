@testable import Policy

/// One generated policy set with entities and requests.
struct GeneratedCase {
    let policies: String
    let entities: [Entity]
    let requests: [(principal: EntityUID, action: EntityUID, resource: EntityUID, context: [String: Value])]

    /// In the oracle's form.
    var json: String {
        let requests = requests.map {
            "{\"principal\":\(CedarJSON.string($0.principal.description)),\"action\":"
                + "\(CedarJSON.string($0.action.description)),\"resource\":"
                + "\(CedarJSON.string($0.resource.description)),\"context\":\(CedarJSON.record($0.context))}"
        }
        return "{\"policies\":\(CedarJSON.string(policies)),\"entities\":"
            + "\(CedarJSON.list(entities.map(CedarJSON.entity))),\"requests\":\(CedarJSON.list(requests))}"
    }
}

/// Makes cases that reach every part of the language, right and wrong: types that do not fit, attributes that are not
/// there, numbers that overflow, extension values that do not parse.
struct CaseGenerator {
    var random: SeededGenerator
    var expressions: ExpressionGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        expressions = ExpressionGenerator(random: SeededGenerator(seed: seed ^ 0xabcdef))
    }

    static let principals = ["alice", "bob", "Zoë", "Zoe\u{308}"].map { EntityUID(type: "User", id: $0) }
    static let groups = ["payments", "staff", "all"].map { EntityUID(type: "Group", id: $0) }
    static let actions = ["get", "post", "read", "any"].map { EntityUID(type: "Action", id: $0) }
    static let resources =
        ["ledger", "crm"].map { EntityUID(type: "Target", id: $0) }
        + ["a\"b", "c"].map { EntityUID(type: "Bank::Table", id: $0) }
    static let strangers = [EntityUID(type: "User", id: "nobody"), EntityUID(type: "Bank::Group", id: "x")]
    static let everyone = principals + groups + actions + resources + strangers

    mutating func make() -> GeneratedCase {
        let entities = makeEntities()
        let count = 1 + random.below(6)
        let policies = (0..<count).map { _ in makePolicy() }.joined(separator: "\n")
        let requests = (0..<1 + random.below(2)).map { _ in
            (
                principal: random.oneIn(8) ? random.pick(Self.everyone) : random.pick(Self.principals),
                action: random.pick(Self.actions),
                resource: random.oneIn(8) ? random.pick(Self.everyone) : random.pick(Self.resources),
                context: makeAttributes()
            )
        }
        return GeneratedCase(policies: policies, entities: entities, requests: requests)
    }

    /// A hierarchy without cycles: a parent stands later in a shuffled list. Some entities are left out altogether.
    private mutating func makeEntities() -> [Entity] {
        let actions = Self.actions
        let others = (Self.principals + Self.groups + Self.resources).shuffled(using: &random)
        var entities: [Entity] = []
        for (index, uid) in others.enumerated() where !random.oneIn(8) {
            var parents: [EntityUID] = []
            for later in others[(index + 1)...] where random.oneIn(4) { parents.append(later) }
            if random.oneIn(6) { parents.append(random.pick(Self.strangers)) }
            entities.append(
                Entity(
                    uid, attributes: uid.type == "Group" && !random.oneIn(4) ? [:] : makeAttributes(),
                    tags: random.oneIn(3) ? makeAttributes() : [:], parents: parents))
        }
        for (index, uid) in actions.enumerated() where !random.oneIn(6) {
            var parents: [EntityUID] = []
            for later in actions[(index + 1)...] where random.oneIn(2) { parents.append(later) }
            entities.append(Entity(uid, parents: parents))
        }
        return entities
    }

    private mutating func makeAttributes() -> [String: Value] {
        var attributes: [String: Value] = [:]
        for name in ExpressionGenerator.attributeNames where random.oneIn(2) {
            attributes[name] = expressions.value(of: expressions.typicalType(of: name), depth: 1)
        }
        return attributes
    }

    mutating func makePolicy() -> String {
        var text = random.oneIn(4) ? "@note(\"x\")\n" : ""
        text += random.oneIn(3) ? "forbid(" : "permit("
        text += [
            scope("principal", Self.principals, Self.groups), actionScope(),
            scope("resource", Self.resources, Self.groups),
        ]
        .joined(separator: ", ")
        text += ")"
        for _ in 0..<[0, 1, 1, 1, 2][random.below(5)] {
            text += random.oneIn(4) ? "\nunless { " : "\nwhen { "
            text += expressions.expression(.bool, depth: 1 + random.below(4)) + " }"
        }
        return text + ";"
    }

    private mutating func scope(_ variable: String, _ likely: [EntityUID], _ above: [EntityUID]) -> String {
        let uid = random.oneIn(10) ? random.pick(Self.everyone) : random.pick(likely + above)
        switch random.below(10) {
        case 0, 1: return "\(variable) == \(uid)"
        case 2, 3: return "\(variable) in \(uid)"
        case 4: return "\(variable) is \(uid.type)"
        case 5: return "\(variable) is \(random.pick(likely).type) in \(uid)"
        default: return variable
        }
    }

    private mutating func actionScope() -> String {
        switch random.below(8) {
        case 0: return "action == \(random.pick(Self.actions))"
        case 1: return "action in \(random.pick(Self.actions))"
        case 2:
            let actions = (0..<random.below(4)).map { _ in random.pick(Self.actions).description }
            return "action in [\(actions.joined(separator: ", "))]"
        default: return "action"
        }
    }
}
