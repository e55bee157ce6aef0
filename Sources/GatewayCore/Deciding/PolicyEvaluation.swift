import Identifiers
import Identity
import Policy
import StrictJSON

/// Puts one session's commands before the policy: one request for each effect, all of which must be allowed.
struct PolicyEvaluation {
    private let principal: Entity
    private let targetUID: EntityUID
    private let targetName: String
    private let clientAddress: Value?
    private let groupsAdvice: String?

    init(caller: Caller, target: Target, client: String) {
        principal = Entity(caller)
        targetUID = EntityUID(type: "Target", id: target.name)
        targetName = target.name
        groupsAdvice = principal.groupsUnknown
        clientAddress = Value.IPAddress(Self.host(of: client)).map { .ip($0) }
    }

    /// The address without its port: `10.1.2.3:80` and `[::1]:80` as clients are written.
    private static func host(of client: String) -> String {
        if client.hasPrefix("["), let end = client.firstIndex(of: "]") {
            return String(client[client.index(after: client.startIndex)..<end])
        }
        return String(client.prefix { $0 != ":" })
    }

    func judge(_ command: Command, by rules: RuleSnapshot, at now: Timestamp) -> Verdict {
        var verdict = judge(command, by: rules.policy, at: now)
        if let candidate = rules.candidate {
            let other = judge(command, by: candidate, at: now)
            if other.answer != verdict.answer {
                verdict.candidate = CandidateVerdict(
                    answer: other.answer.word, rule: other.rule, policyDigest: candidate.digest)
            }
        }
        return verdict
    }

    /// Whether the answer is yes, or hangs on policies that could not be evaluated for want of parameters: another
    /// command of the kind may then be allowed.
    func couldAllow(_ command: Command, by policy: PolicySet, at now: Timestamp) -> Bool {
        let context = context(of: command, for: policy, at: now)
        return command.effects.allSatisfy { effect in
            let decision = policy.decide(
                PolicyRequest(
                    principal: principal, action: EntityUID(type: "Action", id: effect.action),
                    resource: resource(of: effect), context: context))
            if decision.allowed { return true }
            let undecided = Set(decision.errors.map(\.policy))
            // A forbid that matched is a no whatever the parameters; so is silence.
            return !undecided.isEmpty && decision.determining.allSatisfy(undecided.contains)
        }
    }

    /// As `judge`, for a command whose parameters are not known yet: what hangs on them alone is allowed for now.
    func judgePreparation(_ command: Command, by policy: PolicySet, at now: Timestamp) -> Verdict {
        let verdict = judge(command, by: policy, at: now)
        return verdict.answer != .allow && couldAllow(command, by: policy, at: now) ? verdict.allowedForNow : verdict
    }

    private func judge(_ command: Command, by policy: PolicySet, at now: Timestamp) -> Verdict {
        let context = context(of: command, for: policy, at: now)
        var verdict: Verdict?
        for effect in command.effects {
            let request = PolicyRequest(
                principal: principal, action: EntityUID(type: "Action", id: effect.action),
                resource: resource(of: effect), context: context)
            let next = Verdict(policy.decide(request), of: effect, on: targetName, groupsAdvice: groupsAdvice)
            verdict = verdict.map { $0.adding(next) } ?? next
            if case .deny = next.answer { break }
        }
        // A command has at least one effect, so the loop has run; without one nothing could have allowed it.
        return verdict ?? .nothingAsked
    }

    private func resource(of effect: Effect) -> Entity {
        var attributes: [String: Value] = [:]
        for (name, value) in effect.resource.attributes { attributes[name] = Value(value) }
        attributes["name"] = .string(effect.resource.name)
        return Entity(
            EntityUID(type: effect.resource.type, id: "\(targetName)/\(effect.resource.name)"),
            attributes: attributes, parents: [targetUID])
    }

    /// Builds only what some policy reads.
    private func context(of command: Command, for policy: PolicySet, at now: Timestamp) -> [String: Value] {
        guard policy.readsWholeContext || !policy.contextKeys.isEmpty else { return [:] }
        func isRead(_ key: String) -> Bool { policy.readsWholeContext || policy.contextKeys.contains(key) }
        var context: [String: Value] = [:]
        if isRead("now") {
            context["now"] = .datetime(.init(millisecondsSinceEpoch: Int64(now.milliseconds)))
        }
        if isRead("client"), let clientAddress { context["client"] = clientAddress }
        if isRead("text") { context["text"] = .string(command.text) }
        if isRead("parameters") {
            var parameters: [String: Value] = [:]
            for parameter in command.parameters {
                guard let value = Value(parameter.value) else { continue }
                // Two values under one name (`?a=1&a=2`): a policy sees both, so that neither hides.
                if let first = parameters[parameter.name] {
                    parameters[parameter.name] = first.joined(with: value)
                } else {
                    parameters[parameter.name] = value
                }
            }
            context["parameters"] = .record(parameters)
        }
        var namespaces: [String: [String: Value]] = [:]
        for fact in command.facts {
            guard let dot = fact.name.utf8.firstIndex(of: UInt8(ascii: ".")) else {
                if isRead(fact.name) { context[fact.name] = Value(fact.value) }
                continue
            }
            let namespace = String(fact.name[..<dot])
            guard isRead(namespace) else { continue }
            namespaces[namespace, default: [:]][String(fact.name[fact.name.index(after: dot)...])] = Value(fact.value)
        }
        for (namespace, facts) in namespaces { context[namespace] = .record(facts) }
        if isRead("opaque"), context["opaque"] == nil { context["opaque"] = false }
        return context
    }
}

extension Value {
    /// A fact as policies see it.
    public init(_ fact: FactValue) {
        switch fact {
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .long(value)
        case .string(let value), .contentDigest(let value): self = .string(value)
        case .strings(let values): self = .strings(values)
        }
    }

    /// A JSON value as policies see it: integers are longs, numbers with up to four decimals are decimals, all other
    /// numbers are their text; arrays are sets; `null` is an absent member.
    init?(_ json: JSONValue) {
        switch json {
        case .null: return nil
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .string(text)
        case .number(let text):
            if let integer = Int64(text) {
                self = .long(integer)
            } else if let decimal = Value.Decimal(text) {
                self = .decimal(decimal)
            } else {
                self = .string(text)
            }
        case .array(let elements): self = .set(Set(elements.compactMap { Value($0) }))
        case .object(let members):
            var record: [String: Value] = [:]
            for member in members { record[member.name] = Value(member.value) }
            self = .record(record)
        }
    }

    fileprivate func joined(with other: Value) -> Value {
        if case .set(let values) = self { return .set(values.union([other])) }
        return .set([self, other])
    }
}
