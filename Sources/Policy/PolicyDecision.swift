/// Names one policy of a set.
public struct PolicyID: Sendable, Hashable {
    /// Its place in the set, from 0, in the order of sources and of policies in them.
    public let index: Int
    /// Its `@id`, or else `file:line`.
    public let name: String
}

extension PolicyID: CustomStringConvertible {
    public var description: String { name }
}

/// A policy that could not be evaluated for a request.
public struct PolicyEvaluationError: Error, Sendable, Hashable {
    public let policy: PolicyID
    public let message: String
}

extension PolicyEvaluationError: CustomStringConvertible {
    public var description: String { "\(policy): \(message)" }
}

/// The answer to one request.
public struct PolicyDecision: Sendable, Hashable {
    public var allowed: Bool
    /// The policies that decided, in the set's order: the permits that matched, or the forbids that matched (or that
    /// erred, which denies too). Empty where nothing matched.
    public var determining: [PolicyID]
    /// All that could not be evaluated, in the set's order.
    public var errors: [PolicyEvaluationError]
    /// Of all permits that matched together; nothing where the answer is no.
    public var obligations: Obligations
    /// The name of what decided: that of the first determining policy, or `default-deny`.
    public var rule: String
    /// Why, in a sentence, where the answer is no; a forbid's `@reason` where it has one.
    public var reason: String?
    /// What to do next: a forbid's `@advice`.
    public var advice: String?

    /// The rule's name where no policy allows.
    public static let defaultDenyRule = "default-deny"

    public init(
        allowed: Bool, determining: [PolicyID], errors: [PolicyEvaluationError], obligations: Obligations, rule: String,
        reason: String?, advice: String?
    ) {
        self.allowed = allowed
        self.determining = determining
        self.errors = errors
        self.obligations = obligations
        self.rule = rule
        self.reason = reason
        self.advice = advice
    }
}

extension PolicyDecision {
    /// The answer for a command with several effects, which may run only if each of them may.
    ///
    /// The first refusal refuses; otherwise all that permit determine, and their obligations add up. No decision at all
    /// is a refusal.
    public static func merging(_ decisions: some Sequence<PolicyDecision>) -> PolicyDecision {
        var merged: PolicyDecision?
        for decision in decisions {
            guard var sum = merged else {
                merged = decision
                continue
            }
            sum.errors += decision.errors.filter { !sum.errors.contains($0) }
            if sum.allowed, decision.allowed {
                sum.determining += decision.determining.filter { !sum.determining.contains($0) }
                sum.obligations += decision.obligations
            } else if sum.allowed {
                let errors = sum.errors
                sum = decision
                sum.errors = errors
            }
            merged = sum
        }
        return merged
            ?? PolicyDecision(
                allowed: false, determining: [], errors: [], obligations: .none, rule: defaultDenyRule,
                reason: "the command has no effect that a policy could allow", advice: nil)
    }
}
