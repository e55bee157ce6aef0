extension PolicySet {
    /// Decides one request. Pure: the same snapshot and request give the same answer.
    public func decide(_ request: PolicyRequest) -> PolicyDecision {
        let environment = Environment(request, hierarchy)
        var verdicts = Verdicts()
        index.hearCandidates(environment, &verdicts)
        return verdicts.decision(erroringForbidDenies: erroringForbidDenies, request.principal.groupsUnknown)
    }
}

/// What the candidates said so far.
struct Verdicts {
    private var permits: [CompiledPolicy] = []
    private var forbids: [CompiledPolicy] = []
    private var errors: [(policy: CompiledPolicy, error: EvaluationError)] = []

    mutating func hear(_ policy: CompiledPolicy, _ environment: Environment) {
        if policy.hasSeveralKeys, wasHeard(policy) { return }
        do throws(EvaluationError) {
            guard try policy.matches(environment) else { return }
            if policy.isForbid { forbids.append(policy) } else { permits.append(policy) }
        } catch {
            errors.append((policy, error))
        }
    }

    private func wasHeard(_ policy: CompiledPolicy) -> Bool {
        permits.contains { $0 === policy } || forbids.contains { $0 === policy }
            || errors.contains { $0.policy === policy }
    }

    func decision(erroringForbidDenies: Bool, _ groupsUnknown: String?) -> PolicyDecision {
        // The usual case, without any of the arrays that the others take.
        if errors.isEmpty, forbids.isEmpty, permits.count == 1, let permit = permits.first {
            return PolicyDecision(
                allowed: true, determining: [permit.id], errors: [], obligations: permit.obligations,
                rule: permit.id.name, reason: nil, advice: nil)
        }
        let errors = self.errors.sorted { $0.policy.id.index < $1.policy.id.index }
        let reported = errors.map { PolicyEvaluationError(policy: $0.policy.id, message: $0.error.message) }
        let erredForbids = erroringForbidDenies ? errors.filter(\.policy.isForbid) : []
        let denying = Self.ordered(forbids) + erredForbids.map(\.policy)
        if let first = denying.first {
            let isError = forbids.isEmpty
            let failure = isError ? erredForbids.first?.error : nil
            return PolicyDecision(
                allowed: false, determining: denying.map(\.id), errors: reported, obligations: .none,
                rule: first.id.name, reason: Self.reason(for: first, failure), advice: first.advice)
        }
        let permits = Self.ordered(self.permits)
        guard let first = permits.first else {
            return PolicyDecision(
                allowed: false, determining: [], errors: reported, obligations: .none,
                rule: PolicyDecision.defaultDenyRule,
                reason: Self.defaultDenyReason(errors.map(\.error), groupsUnknown),
                advice: nil)
        }
        var obligations = first.obligations
        for permit in permits.dropFirst() { obligations += permit.obligations }
        return PolicyDecision(
            allowed: true, determining: permits.map(\.id), errors: reported, obligations: obligations,
            rule: first.id.name, reason: nil, advice: nil)
    }

    private static func ordered(_ policies: [CompiledPolicy]) -> [CompiledPolicy] {
        // The index mostly hears them in order already, and a sort would copy.
        let isOrdered = zip(policies, policies.dropFirst()).allSatisfy { $0.id.index < $1.id.index }
        return isOrdered ? policies : policies.sorted { $0.id.index < $1.id.index }
    }

    private static func reason(for forbid: CompiledPolicy, _ failure: EvaluationError?) -> String {
        if let failure {
            return "the forbid \(forbid.id) could not be evaluated, which denies: \(failure.message)"
        }
        return forbid.reason ?? "forbidden by \(forbid.id)"
    }

    private static func defaultDenyReason(_ errors: [EvaluationError], _ groupsUnknown: String?) -> String {
        if let groupsUnknown, errors.contains(where: \.isGroupsUnknown) {
            return "no policy allows this while the caller's groups are unknown: \(groupsUnknown)"
        }
        return errors.isEmpty
            ? "no policy allows this" : "no policy allows this; \(errors.count) could not be evaluated"
    }
}
