/// What one policy said to a request, and why.
public struct PolicyVerdict: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        /// It decided.
        case determined
        /// It matched, and a forbid beat it.
        case overridden
        /// Its head asks for another principal, action or resource.
        case scopeMismatch(part: String)
        /// A clause did not hold.
        case conditionFalse(isUnless: Bool)
        /// It could not be evaluated; a forbid then denies.
        case failed(String)
    }
    public let policy: PolicyID
    public let effect: PolicyEffect
    public let outcome: Outcome
    /// The part of the text that settled it; for one that matched, the policy.
    public let position: SourcePosition
    /// That part, on one line; empty for one that matched.
    public let text: String
}

/// Which policy decided a request, and why each other did not.
public struct PolicyExplanation: Sendable {
    public let decision: PolicyDecision
    /// In the set's order.
    public let verdicts: [PolicyVerdict]

    public init(_ set: PolicySet, _ request: PolicyRequest) {
        let decision = set.decide(request)
        let environment = Environment(request, set.hierarchy)
        let examiner = PolicyWitness(environment: environment, compiler: ExpressionCompiler(hierarchy: set.hierarchy))
        self.decision = decision
        verdicts = zip(set.compiled, set.lines).map { policy, lines in
            let testimony = examiner.testimony(of: policy, isDetermining: decision.determining.contains(policy.id))
            return PolicyVerdict(
                policy: policy.id, effect: policy.syntax.effect, outcome: testimony.outcome,
                position: lines.position(of: testimony.range.start),
                text: testimony.isMatch ? "" : lines.snippet(of: testimony.range))
        }
    }
}

extension PolicyExplanation: CustomStringConvertible {
    /// The decision, the policies that decided, and then the others with what stopped each.
    public var description: String {
        var lines = ["\(decision.allowed ? "allow" : "deny") by \(decision.rule)"]
        if let reason = decision.reason { lines.append("  \(reason)") }
        if let advice = decision.advice { lines.append("  next: \(advice)") }
        let deciding = verdicts.filter { decision.determining.contains($0.policy) }
        let others = verdicts.filter { !decision.determining.contains($0.policy) }
        for verdict in deciding + others { lines.append("  \(verdict)") }
        return lines.joined(separator: "\n")
    }
}

extension PolicyVerdict: CustomStringConvertible {
    public var description: String {
        let detail =
            switch outcome {
            case .determined: "determined the decision"
            case .overridden: "matched, and a forbid beats it"
            case .scopeMismatch(let part): "does not apply to this \(part): \(text)"
            case .conditionFalse(let isUnless): isUnless ? "stopped by unless: \(text)" : "does not hold: \(text)"
            case .failed(let message): "could not be evaluated: \(message), in \(text)"
            }
        return "\(effect) \(policy) (\(position)): \(detail)"
    }
}

/// Asks one policy step by step where its text breaks off.
private struct PolicyWitness {
    struct Testimony {
        let outcome: PolicyVerdict.Outcome
        let range: SourceRange
        var isMatch = false
    }

    let environment: Environment
    let compiler: ExpressionCompiler

    func testimony(of policy: CompiledPolicy, isDetermining: Bool) -> Testimony {
        let syntax = policy.syntax
        guard policy.action.holdsForAction(environment) else {
            return Testimony(outcome: .scopeMismatch(part: "action"), range: syntax.action.range)
        }
        do throws(EvaluationError) {
            guard try policy.resource.holdsForResource(environment) else {
                return Testimony(outcome: .scopeMismatch(part: "resource"), range: syntax.resource.range)
            }
        } catch {
            return Testimony(outcome: .failed(error.message), range: syntax.resource.range)
        }
        // With unknown groups the head is open, which matters only where the clauses hold.
        var openHead: Testimony?
        do throws(EvaluationError) {
            guard try policy.principal.holdsForPrincipal(environment) else {
                return Testimony(outcome: .scopeMismatch(part: "principal"), range: syntax.principal.range)
            }
        } catch {
            openHead = Testimony(outcome: .failed(error.message), range: syntax.principal.range)
        }
        for condition in syntax.conditions {
            let culprit = self.culprit(in: condition.body, wanted: !condition.isUnless)
            switch culprit {
            case .none: continue
            case .failure(let range, let error): return Testimony(outcome: .failed(error.message), range: range)
            case .refusal(let range):
                return Testimony(outcome: .conditionFalse(isUnless: condition.isUnless), range: range)
            }
        }
        return openHead
            ?? Testimony(outcome: isDetermining ? .determined : .overridden, range: syntax.effectRange, isMatch: true)
    }

    private enum Culprit {
        case none
        case refusal(SourceRange)
        case failure(SourceRange, EvaluationError)
    }

    /// The smallest part that makes `expression` other than `wanted`, looked for through `&&`, `||` and `!`.
    private func culprit(in expression: Expression, wanted: Bool) -> Culprit {
        switch expression.kind {
        case .and(let operands) where wanted: return firstCulprit(in: operands, wanted: true)
        case .or(let operands) where !wanted: return firstCulprit(in: operands, wanted: false)
        case .not(let operand): return culprit(in: operand, wanted: !wanted)
        default: break
        }
        do throws(EvaluationError) {
            let holds = try compiler.compile(expression).test(environment)
            return holds == wanted ? .none : .refusal(expression.range)
        } catch {
            return .failure(failingPart(of: expression).range, error)
        }
    }

    private func firstCulprit(in operands: [Expression], wanted: Bool) -> Culprit {
        for operand in operands {
            let culprit = culprit(in: operand, wanted: wanted)
            if case .none = culprit { continue }
            return culprit
        }
        return .none
    }

    /// The innermost part that errs, among those that evaluation comes to.
    private func failingPart(of expression: Expression) -> Expression {
        switch expression.kind {
        case .and(let operands), .or(let operands):
            return operands.first { errs($0) }.map(failingPart) ?? expression
        case .conditional(let condition, let then, let otherwise):
            guard let holds = try? compiler.compile(condition).test(environment) else {
                return errs(condition) ? failingPart(of: condition) : expression
            }
            let branch = holds ? then : otherwise
            return errs(branch) ? failingPart(of: branch) : expression
        default:
            var children: [Expression] = []
            expression.forEachChild { children.append($0) }
            return children.first { errs($0) }.map(failingPart) ?? expression
        }
    }

    private func errs(_ expression: Expression) -> Bool {
        (try? compiler.compile(expression).term(environment)) == nil
    }
}
