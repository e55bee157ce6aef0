/// Finds the policies whose head can hold for a request, so that a decision does not pay for the others.
///
/// A tree of three levels, action, resource, principal. A node that has few policies lists them; another sends each to the
/// branch of the entity that its head names, or to the branch `any`. A request follows `any` and the branches of all that
/// its entity is or belongs to.
struct PolicyIndex: Sendable {
    enum Level: Int, Sendable { case action, resource, principal }

    struct Node: Sendable {
        /// All policies below, in order.
        let policies: [Int32]
        /// Empty in a leaf.
        let branches: [Symbol: Int32]
        /// The node for policies that ask nothing at this level, or -1.
        let any: Int32
        let isLeaf: Bool
    }

    private(set) var nodes: [Node] = []
    let root: Int
    /// Symbols of the types that a head asks for with `is` alone.
    let typeSymbols: [String: Symbol]

    private static let listLength = 3

    init(_ policies: [CompiledPolicy], _ typeSymbols: [String: Symbol]) {
        self.typeSymbols = typeSymbols
        var nodes: [Node] = []
        root = Self.build(Array(0..<Int32(policies.count)), .action, policies, typeSymbols, &nodes)
        self.nodes = nodes
    }

    private static func build(
        _ members: [Int32], _ level: Level?, _ policies: [CompiledPolicy], _ typeSymbols: [String: Symbol],
        _ nodes: inout [Node]
    ) -> Int {
        guard let level, members.count > listLength else {
            nodes.append(Node(policies: members, branches: [:], any: -1, isLeaf: true))
            return nodes.count - 1
        }
        var groups: [Symbol: [Int32]] = [:]
        var open: [Int32] = []
        for member in members {
            let policy = policies[Int(member)]
            let scope = level == .action ? policy.action : level == .resource ? policy.resource : policy.principal
            if let keys = scope.indexKeys(typeSymbols) {
                for key in Set(keys) { groups[key, default: []].append(member) }
            } else {
                open.append(member)
            }
        }
        let next = Level(rawValue: level.rawValue + 1)
        let branches = groups.mapValues { Int32(build($0, next, policies, typeSymbols, &nodes)) }
        let any = open.isEmpty ? -1 : Int32(build(open, next, policies, typeSymbols, &nodes))
        nodes.append(Node(policies: members, branches: branches, any: any, isLeaf: false))
        return nodes.count - 1
    }

    /// Calls `body` with every policy whose head may hold, more than once for one that names several actions.
    func forEachCandidate(_ environment: Environment, _ body: (Int32) -> Void) {
        visit(root, .action, environment, body)
    }

    private func visit(_ index: Int, _ level: Level, _ environment: Environment, _ body: (Int32) -> Void) {
        let node = nodes[index]
        // Where groups are unknown, whoever asks for a group must be heard: a forbid then denies.
        if node.isLeaf || (level == .principal && environment.request.principal.groupsUnknown != nil) {
            for policy in node.policies { body(policy) }
            return
        }
        let next = Level(rawValue: level.rawValue + 1) ?? .principal
        if node.any >= 0 { visit(Int(node.any), next, environment, body) }
        if node.branches.isEmpty { return }
        let lineage: [Symbol]
        let type: String
        switch level {
        case .action: (lineage, type) = (environment.actionLineage, environment.request.action.type)
        case .resource: (lineage, type) = (environment.resourceLineage, environment.request.resource.uid.type)
        case .principal: (lineage, type) = (environment.principalLineage, environment.request.principal.uid.type)
        }
        for symbol in lineage {
            if let branch = node.branches[symbol] { visit(Int(branch), next, environment, body) }
        }
        if !typeSymbols.isEmpty, let symbol = typeSymbols[type], let branch = node.branches[symbol] {
            visit(Int(branch), next, environment, body)
        }
    }
}
