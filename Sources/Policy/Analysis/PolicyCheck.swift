/// Something about a policy that its author probably did not mean.
public struct PolicyFinding: Sendable, Hashable {
    public enum Severity: String, Sendable, Hashable {
        /// The policy names what there is not, or cannot do what it says.
        case error
        /// It works, but part of it has no effect.
        case warning
    }
    public let severity: Severity
    public let position: SourcePosition
    public let policy: PolicyID
    public let message: String
}

extension PolicyFinding: CustomStringConvertible {
    public var description: String { "\(position): \(severity): \(message) [\(policy)]" }
}

/// What is wrong with policies that load: names that nothing declares, policies that can never match.
public struct PolicyCheck: Sendable {
    /// In the order of the sources.
    public let findings: [PolicyFinding]

    public init(_ set: PolicySet, vocabulary: PolicyVocabulary) {
        var findings: [PolicyFinding] = []
        for (policy, lines) in zip(set.compiled, set.lines) {
            var examiner = PolicyExaminer(policy, lines, set, vocabulary)
            examiner.examine()
            findings += examiner.findings.sorted { $0.position < $1.position }
        }
        self.findings = findings
    }

    public var hasErrors: Bool { findings.contains { $0.severity == .error } }
}

extension PolicyCheck: CustomStringConvertible {
    /// One line a finding.
    public var description: String {
        findings.isEmpty ? "no findings" : findings.map(\.description).joined(separator: "\n")
    }
}
