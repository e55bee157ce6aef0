import Identifiers
import Policy

/// What policy says to one command, all effects taken together.
struct Verdict {
    enum Answer: Hashable {
        case allow
        case approval([ApprovalRequirement])
        case deny

        /// As audit entries say it.
        var word: String {
            switch self {
            case .allow: "allow"
            case .approval: "approval"
            case .deny: "deny"
            }
        }
    }

    private(set) var answer: Answer
    /// The names of what decided, joined by `, ` where several effects had different ones.
    private(set) var rule: String
    private(set) var reason: String
    private(set) var nextStep: String
    private(set) var obligations: Obligations
    var candidate: CandidateVerdict?

    init(_ decision: PolicyDecision, of effect: Effect, on target: String, groupsAdvice: String?) {
        rule = decision.rule
        obligations = decision.obligations
        reason = ""
        nextStep = ""
        guard decision.allowed else {
            answer = .deny
            let what = "\(effect.action) on \(effect.resource.type) \(target)/\(effect.resource.name)"
            if decision.determining.isEmpty {
                reason = "No policy permits \(what)."
                nextStep = groupsAdvice ?? "Ask the owners of \(target) for a policy that permits it."
            } else {
                reason = decision.reason ?? "The policy \(decision.rule) forbids \(what)."
                nextStep =
                    decision.advice ?? groupsAdvice ?? "Ask the owners of \(target) about the policy \(decision.rule)."
            }
            return
        }
        answer = obligations.approvals.isEmpty ? .allow : .approval(obligations.approvals)
    }

    private init(deniedBy rule: String, reason: String, nextStep: String) {
        self.answer = .deny
        self.rule = rule
        self.reason = reason
        self.nextStep = nextStep
        self.obligations = .none
    }

    /// What was refused for another reason than policy.
    init(_ refusal: Refusal) {
        self.init(deniedBy: refusal.rule, reason: refusal.reason, nextStep: refusal.nextStep)
    }

    static var nothingAsked: Verdict {
        Verdict(
            deniedBy: "default-deny", reason: "The command does nothing that policy could allow.",
            nextStep: "Report this to the gateway's operators.")
    }

    static func signInExpired(at end: Timestamp) -> Verdict {
        Verdict(
            deniedBy: "sign-in-expired", reason: "Your sign-in ended at \(end), and this session with it.",
            nextStep: "Sign in again and open a new connection.")
    }

    static func originalsUnavailable(because reason: String) -> Verdict {
        Verdict(
            deniedBy: "originals-unavailable",
            reason: "A masking rule applies, and what it takes away cannot be sealed for the auditors: \(reason).",
            nextStep: "Try again later; if it lasts, tell the gateway's operators.")
    }

    static var approvalUsed: Verdict {
        Verdict(
            deniedBy: "approval-used", reason: "This approval has been used.",
            nextStep: "Ask again: each run of the command needs its own approval.")
    }

    static func maskingUnavailable(under rule: String, because reason: String) -> Verdict {
        Verdict(
            deniedBy: rule, reason: "The answer could not be masked: \(reason).",
            nextStep: "Tell the gateway's operators; `sallyport policy check` shows what is wrong.")
    }

    /// The same, with the answer still to be given when the command runs.
    var allowedForNow: Verdict {
        var verdict = self
        verdict.answer = .allow
        return verdict
    }

    /// This verdict and that of a further effect: a denial wins, obligations add up.
    func adding(_ other: Verdict) -> Verdict {
        if case .deny = answer { return self }
        if case .deny = other.answer { return other }
        var sum = self
        sum.obligations = obligations + other.obligations
        sum.answer = sum.obligations.approvals.isEmpty ? .allow : .approval(sum.obligations.approvals)
        if rule != other.rule { sum.rule = "\(rule), \(other.rule)" }
        return sum
    }
}

/// What policies on trial would have said, where it differs.
struct CandidateVerdict {
    let answer: String
    let rule: String
    let policyDigest: String
}
