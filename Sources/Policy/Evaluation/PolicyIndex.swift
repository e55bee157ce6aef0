/// Finds the policies whose head can hold for a request, so that a decision does not pay for the others.
///
/// A tree of three levels, action, resource, principal. A node that has few policies lists them; another sends each to the
/// branch of the entity that its head names, or to the branch `any`. A request follows `any` and the branches of all that
/// its entity is or belongs to.
final class PolicyIndex: Sendable {
    enum Level: Int, Sendable { case action, resource, principal }

    private final class Node: Sendable {
        /// All policies below, in order.
        let policies: [CompiledPolicy]
        let isLeaf: Bool
        let branches: [Symbol: Node]
        /// For policies that ask nothing at this level.
        let open: Node?

        init(_ policies: [CompiledPolicy], isLeaf: Bool, branches: [Symbol: Node] = [:], open: Node? = nil) {
            self.policies = policies
            self.isLeaf = isLeaf
            self.branches = branches
            self.open = open
        }
    }

    private let root: Node
    /// Symbols of the types that a head asks for with `is` alone.
    private let typeSymbols: [String: Symbol]

    private static let listLength = 3

    init(_ policies: [CompiledPolicy], _ typeSymbols: [String: Symbol]) {
        self.typeSymbols = typeSymbols
        root = Self.build(policies, .action, typeSymbols)
    }

    private static func build(_ policies: [CompiledPolicy], _ level: Level?, _ typeSymbols: [String: Symbol]) -> Node {
        guard let level, policies.count > listLength else { return Node(policies, isLeaf: true) }
        var groups: [Symbol: [CompiledPolicy]] = [:]
        var open: [CompiledPolicy] = []
        for policy in policies {
            let scope =
                switch level {
                case .action: policy.action
                case .resource: policy.resource
                case .principal: policy.principal
                }
            if let keys = scope.indexKeys(typeSymbols) {
                for key in Set(keys) { groups[key, default: []].append(policy) }
            } else {
                open.append(policy)
            }
        }
        let next = Level(rawValue: level.rawValue + 1)
        return Node(
            policies, isLeaf: false, branches: groups.mapValues { build($0, next, typeSymbols) },
            open: open.isEmpty ? nil : build(open, next, typeSymbols))
    }

    /// Has every policy heard whose head may hold, more than once one that names several actions.
    func hearCandidates(_ environment: Environment, _ verdicts: inout Verdicts) {
        visit(root, .action, environment, &verdicts)
    }

    private func visit(_ node: Node, _ level: Level, _ environment: Environment, _ verdicts: inout Verdicts) {
        // Where groups are unknown, whoever asks for a group must be heard: a forbid then denies.
        if node.isLeaf || (level == .principal && environment.request.principal.groupsUnknown != nil) {
            for policy in node.policies { verdicts.hear(policy, environment) }
            return
        }
        let next = Level(rawValue: level.rawValue + 1) ?? .principal
        if let open = node.open { visit(open, next, environment, &verdicts) }
        if node.branches.isEmpty { return }
        switch level {
        case .action:
            visitBranches(of: node, environment.actionLineage, environment.request.action, next, environment, &verdicts)
        case .resource:
            let uid = environment.request.resource.uid
            visitBranches(of: node, environment.resourceLineage, uid, next, environment, &verdicts)
        case .principal:
            let uid = environment.request.principal.uid
            visitBranches(of: node, environment.principalLineage, uid, next, environment, &verdicts)
        }
    }

    private func visitBranches(
        of node: Node, _ lineage: [Symbol], _ uid: EntityUID, _ next: Level, _ environment: Environment,
        _ verdicts: inout Verdicts
    ) {
        for symbol in lineage {
            if let branch = node.branches[symbol] { visit(branch, next, environment, &verdicts) }
        }
        if !typeSymbols.isEmpty, let symbol = typeSymbols[uid.type], let branch = node.branches[symbol] {
            visit(branch, next, environment, &verdicts)
        }
    }
}
