import StrictJSON

/// A table of requests with the answers that are expected, as `policy test` runs it.
public struct PolicyTestTable: Sendable {
    public enum Expectation: String, Sendable, Hashable, CaseIterable {
        /// Allowed at once.
        case allow
        /// Allowed when somebody has approved.
        case approve
        case deny
    }

    public struct Case: Sendable {
        public let name: String
        public let request: PolicyRequest
        public let expected: Expectation
        /// A policy's name, or `default-deny`, that has to be among what decided.
        public let by: String?
        /// The masks that are expected, in any order; `nil`: not looked at.
        public let masks: [String]?
    }

    public let cases: [Case]

    public init(cases: [Case]) { self.cases = cases }

    /// Reads a list of cases, or a mapping whose `cases` is one. Beside a request's keys a case has `expect` (allow,
    /// approve or deny) and may have `name`, `by` and `masks`; other keys are errors.
    public init(json: JSONValue) throws(PolicyDecodingError) {
        guard let elements = json.array ?? json["cases"]?.array else {
            throw PolicyDecodingError(path: "cases", message: "expected a list of cases")
        }
        if elements.isEmpty {
            throw PolicyDecodingError(path: "cases", message: "the list is empty; a table has at least one case")
        }
        let keys = PolicyRequest.keys + ["name", "expect", "by", "masks"]
        var cases: [Case] = []
        for (index, element) in elements.enumerated() {
            let path = "cases[\(index)]"
            for member in element.object ?? [] where !keys.contains(member.name) {
                let hint = Spelling.suggestion(for: member.name, among: keys)
                throw PolicyDecodingError(path: path, message: "unknown key \"\(member.name)\"\(hint)")
            }
            let request = try PolicyRequest(json: element, path: path)
            guard let expected = element["expect"]?.string.flatMap(Expectation.init) else {
                throw PolicyDecodingError(path: "\(path).expect", message: "takes allow, approve or deny")
            }
            let masks = element["masks"]
            cases.append(
                Case(
                    name: try PolicyRequest.text(element["name"], path: "\(path).name") ?? "case \(index + 1)",
                    request: request, expected: expected,
                    by: try PolicyRequest.text(element["by"], path: "\(path).by"),
                    masks: masks == nil ? nil : try PolicyRequest.texts(masks, path: "\(path).masks")))
        }
        self.cases = cases
    }

    /// What cases name that is not declared, such as an action that no command has: what they expect of it holds for
    /// nothing.
    public func findings(_ vocabulary: PolicyVocabulary) -> [PolicyDecodingError] {
        cases.enumerated().flatMap { vocabulary.findings(in: $1.request, path: "cases[\($0)]") }
    }

    /// Puts every case before the policies, each with the facts that the gateway would add.
    public func run(_ set: PolicySet, _ vocabulary: PolicyVocabulary) -> PolicyTestReport {
        var results: [PolicyTestReport.Result] = []
        var determined: Set<PolicyID> = []
        for each in cases {
            let written = WrittenRequest(each.request, vocabulary)
            let decision = set.decide(written.request)
            let failures: [String]
            if let doubt = written.doubt(about: decision, by: set) {
                let example = String(decoding: doubt.example.canonicalBytes, as: UTF8.self)
                failures = ["\(doubt): give the case a context such as \(example)"]
            } else {
                failures = Self.failures(of: decision, each, set)
                determined.formUnion(decision.determining)
            }
            results.append(
                PolicyTestReport.Result(
                    name: each.name, decision: decision, assumptions: written.assumptions(for: set),
                    failures: failures))
        }
        return PolicyTestReport(
            results: results, policyCount: set.policies.count,
            uncovered: set.policies.filter { !determined.contains($0.id) })
    }

    private static func failures(of decision: PolicyDecision, _ each: Case, _ set: PolicySet) -> [String] {
        var failures: [String] = []
        let answer: Expectation = !decision.allowed ? .deny : decision.obligations.approvals.isEmpty ? .allow : .approve
        if answer != each.expected { failures.append("expected \(each.expected), got \(answer) by \(decision.rule)") }
        if let by = each.by, by != decision.rule, !decision.determining.contains(where: { $0.name == by }) {
            let isKnown = by == PolicyDecision.defaultDenyRule || set.policies.contains { $0.id.name == by }
            let hint = isKnown ? "" : "; there is no policy of that name"
            failures.append("expected a decision by \(by), got one by \(decision.rule)\(hint)")
        }
        if let masks = each.masks, Set(masks) != Set(decision.obligations.masks) {
            let got = decision.obligations.masks.joined(separator: ", ")
            failures.append("expected masks [\(masks.joined(separator: ", "))], got [\(got)]")
        }
        return failures
    }
}

/// What a test table found.
public struct PolicyTestReport: Sendable {
    public struct Result: Sendable {
        public let name: String
        public let decision: PolicyDecision
        /// Facts that the case does not give and that policies read, as `context.shell.opaque = false`.
        public let assumptions: [String]
        /// Empty where the case passed.
        public let failures: [String]
        public var hasPassed: Bool { failures.isEmpty }
    }
    public let results: [Result]
    public let policyCount: Int
    /// Policies that no case determined.
    public let uncovered: [PolicyInfo]

    public var hasPassed: Bool { results.allSatisfy(\.hasPassed) }
}

extension PolicyTestReport: CustomStringConvertible {
    public var description: String {
        var lines: [String] = []
        for result in results {
            lines.append("\(result.hasPassed ? "pass" : "FAIL")  \(result.name)")
            lines += result.failures.map { "      \($0)" }
            lines += result.assumptions.map { "      assumed \($0)" }
        }
        lines.append("\(results.count { $0.hasPassed }) of \(results.count) cases passed")
        lines.append("\(policyCount - uncovered.count) of \(policyCount) policies determined a case")
        lines += uncovered.map { "      not covered: \($0.effect) \($0.id) (\($0.position))" }
        return lines.joined(separator: "\n")
    }
}
