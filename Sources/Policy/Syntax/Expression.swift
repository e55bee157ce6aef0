enum Variable: String, Sendable, CaseIterable {
    case principal, action, resource, context
}

enum BinaryOperator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case memberOf = "in"
    case contains, containsAll, containsAny, getTag, hasTag

    var isMethod: Bool {
        switch self {
        case .contains, .containsAll, .containsAny, .getTag, .hasTag: true
        default: false
        }
    }
}

/// One node of a condition, with its place in the source.
///
/// Chains of `&&`, `||`, `+` and `*` are one node however long they are, so depth is nesting alone; the parser bounds it,
/// and with it the stack that anything walking the tree can use.
struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case literal(Value)
        case variable(Variable)
        case conditional(Expression, then: Expression, otherwise: Expression)
        case and([Expression])
        case or([Expression])
        case not(Expression)
        case negate(Expression)
        case sum(Expression, [(isMinus: Bool, term: Expression)])
        case product([Expression])
        case binary(BinaryOperator, Expression, Expression)
        case isEmpty(Expression)
        case attribute(Expression, String)
        /// `has a.b.c`: each of the path in turn.
        case has(Expression, path: [String])
        case like(Expression, [PatternElement])
        case isType(Expression, String, memberOf: Expression?)
        case set([Expression])
        case record([(name: String, value: Expression)])
        case call(ExtensionFunction, [Expression])
    }

    let kind: Kind
    let range: SourceRange
    /// 1 for a leaf.
    let depth: Int

    init(_ kind: Kind, _ range: SourceRange) {
        self.kind = kind
        self.range = range
        var depth = 0
        Self.forEachChild(of: kind) { depth = max(depth, $0.depth) }
        self.depth = depth + 1
    }

    func forEachChild(_ body: (Expression) -> Void) { Self.forEachChild(of: kind, body) }

    private static func forEachChild(of kind: Kind, _ body: (Expression) -> Void) {
        switch kind {
        case .literal, .variable: break
        case .conditional(let condition, let then, let otherwise):
            body(condition)
            body(then)
            body(otherwise)
        case .and(let operands), .or(let operands), .product(let operands), .set(let operands):
            operands.forEach(body)
        case .not(let operand), .negate(let operand), .isEmpty(let operand), .attribute(let operand, _),
            .has(let operand, _), .like(let operand, _):
            body(operand)
        case .sum(let first, let rest):
            body(first)
            for (_, term) in rest { body(term) }
        case .binary(_, let left, let right):
            body(left)
            body(right)
        case .isType(let operand, _, let ancestor):
            body(operand)
            if let ancestor { body(ancestor) }
        case .record(let members):
            for (_, value) in members { body(value) }
        case .call(_, let arguments):
            arguments.forEach(body)
        }
    }

    /// Visits this node and all below it, parents first.
    func visit(_ body: (Expression) -> Void) {
        body(self)
        forEachChild { $0.visit(body) }
    }
}
