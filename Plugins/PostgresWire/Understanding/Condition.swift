/// Whether a WHERE clause chooses among rows at all.
enum Condition {
    /// Whether it is the same for every row, or true for every row, as `1=1`, `true`, `id = id`, or one of these behind
    /// an OR. Which of the two does not matter: a clause that looks like a choice and is none is what counts.
    static func isConstant(_ condition: ParseNode) -> Bool {
        switch condition.kind {
        case "BoolExpr":
            let parts = condition.nodes("args")
            switch condition.text("boolop") {
            case "OR_EXPR": return parts.contains(where: isConstant) || coversNullAndNot(parts)
            case "AND_EXPR", "NOT_EXPR": return parts.allSatisfy(isConstant)
            default: return false
            }
        case "AExpr":
            if let left = condition.node("lexpr"), let right = condition.node("rexpr"),
                ParseNode.areAlike(left, right), !isUnsteady(left)
            {
                return true
            }
        case "NullTest":
            // A row that is null in all its fields at once is none that anybody means.
            if let argument = condition.node("arg"), !hasColumn(argument) { return true }
        default: break
        }
        return !hasColumn(condition)
    }

    private static func hasColumn(_ node: ParseNode) -> Bool {
        node.contains {
            $0.kind == "ColumnRef" || $0.kind == "CurrentOfExpr" || $0.kind == "SubLink" && readsTables($0)
        }
    }

    /// A subquery that reads something chooses by that, if not by the row.
    private static func readsTables(_ node: ParseNode) -> Bool { node.contains { $0.kind == "RangeVar" } }

    /// `random() = random()` is alike on both sides and yet no tautology.
    private static func isUnsteady(_ node: ParseNode) -> Bool { node.contains { $0.kind == "FuncCall" } }

    /// `x IS NULL OR x IS NOT NULL`, and `a = 1 OR NOT a = 1`.
    private static func coversNullAndNot(_ parts: [ParseNode]) -> Bool {
        for (index, one) in parts.enumerated() {
            for other in parts.dropFirst(index + 1) {
                if one.kind == "NullTest", other.kind == "NullTest",
                    one.text("nulltesttype") != other.text("nulltesttype"), let left = one.node("arg"),
                    let right = other.node("arg"), ParseNode.areAlike(left, right)
                {
                    return true
                }
                if isNegation(one, of: other) || isNegation(other, of: one) { return true }
            }
        }
        return false
    }

    private static func isNegation(_ one: ParseNode, of other: ParseNode) -> Bool {
        guard one.kind == "BoolExpr", one.text("boolop") == "NOT_EXPR", let inner = one.nodes("args").first else {
            return false
        }
        return ParseNode.areAlike(inner, other)
    }
}
