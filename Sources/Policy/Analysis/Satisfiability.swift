/// Finds policies that no request can match, by what their text alone shows: a clause that is false whatever comes, or
/// demands on one term that exclude each other. It proves nothing about the rest.
struct Satisfiability {
    struct Reason {
        let offset: Int
        let message: String
    }

    private(set) var neverMatches: Reason?
    private let hierarchy: EntityHierarchy
    /// What a term must equal, by the term's text.
    private var demandedValues: [String: Value] = [:]
    private var demandedTypes: [String: String] = [:]

    init(_ policy: PolicySyntax, _ hierarchy: EntityHierarchy) {
        self.hierarchy = hierarchy
        for (scope, name) in [
            (policy.principal, "principal"), (policy.action, "action"), (policy.resource, "resource"),
        ] {
            switch scope.kind {
            case .equal(let uid): demand(name, equals: .entity(uid), at: scope.range.start)
            case .hasType(let type), .hasTypeAndIsMemberOf(let type, _): demand(name, isOf: type, at: scope.range.start)
            case .memberOf(let uids) where uids.isEmpty:
                conclude(scope.range.start, "\(name) is in no entity of an empty list")
            default: break
            }
        }
        for condition in policy.conditions {
            if condition.isUnless { refute(condition.body) } else { require(condition.body) }
        }
    }

    private mutating func conclude(_ offset: Int, _ message: String) {
        if neverMatches == nil { neverMatches = Reason(offset: offset, message: message) }
    }

    /// What must be true for the policy to match.
    private mutating func require(_ expression: Expression) {
        if let outcome = constantOutcome(expression) {
            switch outcome {
            case .success(true): return
            case .success(false): conclude(expression.range.start, "this is always false")
            case .failure(let error): conclude(expression.range.start, "this always fails: \(error.message)")
            }
            return
        }
        switch expression.kind {
        case .and(let operands): for operand in operands { require(operand) }
        case .not(let operand): refute(operand)
        case .binary(.equal, let left, let right):
            if case .literal(let value) = right.kind, let term = left.term {
                demand(term, equals: value, at: expression.range.start)
            } else if case .literal(let value) = left.kind, let term = right.term {
                demand(term, equals: value, at: expression.range.start)
            }
        case .isType(let operand, let type, _):
            if let term = operand.term { demand(term, isOf: type, at: expression.range.start) }
        default: break
        }
    }

    /// What must be false.
    private mutating func refute(_ expression: Expression) {
        if let outcome = constantOutcome(expression) {
            switch outcome {
            case .success(false): return
            case .success(true): conclude(expression.range.start, "this is always true")
            case .failure(let error): conclude(expression.range.start, "this always fails: \(error.message)")
            }
            return
        }
        switch expression.kind {
        case .or(let operands): for operand in operands { refute(operand) }
        case .not(let operand): require(operand)
        default: break
        }
    }

    private mutating func demand(_ term: String, equals value: Value, at offset: Int) {
        if let other = demandedValues[term], other != value {
            conclude(offset, "\(term) cannot be both \(other) and \(value)")
        }
        demandedValues[term] = value
        if case .entity(let uid) = value { demand(term, isOf: uid.type, at: offset) }
    }

    private mutating func demand(_ term: String, isOf type: String, at offset: Int) {
        if let other = demandedTypes[term], !identical(other, type) {
            conclude(offset, "\(term) cannot be of both type \(other) and type \(type)")
        }
        demandedTypes[term] = type
    }

    /// The value of an expression that reads nothing of the request, or its error.
    private func constantOutcome(_ expression: Expression) -> Result<Bool, EvaluationError>? {
        var readsRequest = false
        expression.visit { if case .variable = $0.kind { readsRequest = true } }
        if readsRequest { return nil }
        let nobody = Entity(EntityUID(type: "", id: ""))
        let environment = Environment(
            PolicyRequest(principal: nobody, action: nobody.uid, resource: nobody), hierarchy)
        let test = ExpressionCompiler(hierarchy: hierarchy).compile(expression).test
        do throws(EvaluationError) {
            return .success(try test(environment))
        } catch {
            return .failure(error)
        }
    }
}

extension Expression {
    /// One name for all ways of writing the same variable or attribute; `nil` for anything else.
    fileprivate var term: String? {
        switch kind {
        case .variable(let variable): variable.rawValue
        case .attribute(let holder, let name): holder.term.map { "\($0)[\(quoted(name))]" }
        default: nil
        }
    }
}
