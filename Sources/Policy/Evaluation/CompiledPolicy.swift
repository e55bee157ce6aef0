/// One policy, ready to be asked.
final class CompiledPolicy: Sendable {
    let id: PolicyID
    let syntax: PolicySyntax
    let isForbid: Bool
    let principal: CompiledScope
    let action: CompiledScope
    let resource: CompiledScope
    /// `nil` where the policy has no clause.
    let condition: Test?
    let obligations: Obligations
    let reason: String?
    let advice: String?
    /// The index can reach it by more than one of its actions.
    let hasSeveralKeys: Bool

    init(_ id: PolicyID, _ syntax: PolicySyntax, _ annotations: ObligationAnnotations, _ compiler: ExpressionCompiler) {
        self.id = id
        self.syntax = syntax
        isForbid = syntax.effect == .forbid
        principal = CompiledScope(syntax.principal, compiler.hierarchy)
        action = CompiledScope(syntax.action, compiler.hierarchy)
        resource = CompiledScope(syntax.resource, compiler.hierarchy)
        condition = Self.condition(syntax.conditions, compiler)
        obligations = annotations.obligations
        reason = annotations.reason
        advice = annotations.advice
        hasSeveralKeys = syntax.action.entities.count > 1
    }

    private static func condition(_ conditions: [ConditionSyntax], _ compiler: ExpressionCompiler) -> Test? {
        let tests = conditions.map { compile($0, compiler) }
        guard let first = tests.first else { return nil }
        if tests.count == 1 { return first }
        return Test { environment throws(EvaluationError) in
            for test in tests where !(try test(environment)) { return false }
            return true
        }
    }

    static func compile(_ condition: ConditionSyntax, _ compiler: ExpressionCompiler) -> Test {
        let body = compiler.compile(condition.body).test
        if !condition.isUnless { return body }
        return Test { environment throws(EvaluationError) in !(try body(environment)) }
    }

    /// Whether the policy holds for the request: head first, then clauses in their order.
    ///
    /// Unknown groups leave open what the head asks of the principal. That counts as an error only where all else holds;
    /// a forbid for another action or target must not deny.
    @inline(__always)
    func matches(_ environment: Environment) throws(EvaluationError) -> Bool {
        guard action.holdsForAction(environment), try resource.holdsForResource(environment) else { return false }
        do throws(EvaluationError) {
            guard try principal.holdsForPrincipal(environment) else { return false }
        } catch {
            if let condition, !(try condition(environment)) { return false }
            throw error
        }
        guard let condition else { return true }
        return try condition(environment)
    }
}

/// A constraint of the head, its entities as symbols.
enum CompiledScope: Sendable {
    case any
    case equal(Symbol)
    case memberOf(Symbol)
    case memberOfAny([Symbol])
    case hasType(String)
    case hasTypeAndIsMemberOf(String, Symbol)

    /// - Parameter hierarchy: names every entity of the constraint.
    init(_ constraint: ScopeConstraint, _ hierarchy: EntityHierarchy) {
        let symbols = constraint.entities.compactMap(hierarchy.symbols.find)
        switch constraint.kind {
        case .any: self = .any
        case .equal: self = symbols.first.map { .equal($0) } ?? .memberOfAny([])
        case .memberOf: self = symbols.count == 1 ? .memberOf(symbols[0]) : .memberOfAny(symbols)
        case .hasType(let type): self = .hasType(type)
        case .hasTypeAndIsMemberOf(let type, _):
            self = symbols.first.map { .hasTypeAndIsMemberOf(type, $0) } ?? .memberOfAny([])
        }
    }

    func holdsForPrincipal(_ environment: Environment) throws(EvaluationError) -> Bool {
        switch self {
        case .any: true
        case .equal(let symbol): environment.principalSymbol == symbol
        case .memberOf(let symbol): try environment.isPrincipal(in: symbol)
        case .memberOfAny(let symbols): symbols.contains { environment.principalLineage.contains($0) }
        case .hasType(let type): identical(environment.request.principal.uid.type, type)
        case .hasTypeAndIsMemberOf(let type, let symbol):
            identical(environment.request.principal.uid.type, type) ? try environment.isPrincipal(in: symbol) : false
        }
    }

    func holdsForAction(_ environment: Environment) -> Bool {
        switch self {
        case .any: true
        case .equal(let symbol): environment.actionSymbol == symbol
        case .memberOf(let symbol): environment.isAction(in: symbol)
        case .memberOfAny(let symbols): symbols.contains { environment.isAction(in: $0) }
        case .hasType(let type): identical(environment.request.action.type, type)
        case .hasTypeAndIsMemberOf(let type, let symbol):
            identical(environment.request.action.type, type) && environment.isAction(in: symbol)
        }
    }

    func holdsForResource(_ environment: Environment) throws(EvaluationError) -> Bool {
        switch self {
        case .any: true
        case .equal(let symbol): environment.resourceSymbol == symbol
        case .memberOf(let symbol): try environment.isResource(in: symbol)
        case .memberOfAny(let symbols): symbols.contains { environment.resourceLineage.contains($0) }
        case .hasType(let type): identical(environment.request.resource.uid.type, type)
        case .hasTypeAndIsMemberOf(let type, let symbol):
            identical(environment.request.resource.uid.type, type) ? try environment.isResource(in: symbol) : false
        }
    }

    /// What the index files the policy under: symbols of which one must be in the lineage, or `nil` for any.
    func indexKeys(_ typeSymbols: [String: Symbol]) -> [Symbol]? {
        switch self {
        case .any: nil
        case .equal(let symbol), .memberOf(let symbol), .hasTypeAndIsMemberOf(_, let symbol): [symbol]
        case .memberOfAny(let symbols): symbols
        case .hasType(let type): typeSymbols[type].map { [$0] }
        }
    }
}
