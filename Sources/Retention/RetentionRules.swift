import Identifiers
import Vault

/// For how long evidence is kept, as the configuration says.
public struct RetentionRules: Sendable {
    /// A duration and where it stands.
    public struct Rule: Sendable, Equatable, CustomStringConvertible {
        /// E.g. `retention.targets.ledger.recordings`.
        public let name: String
        /// After the end of the key's period.
        public let keep: Duration

        /// `retention.targets.ledger.recordings: 400d`, as it stands in the log.
        public var description: String { "\(name): \(keep.unitText)" }
    }

    /// Where nothing is said about a target.
    public let usual: [EvidenceKind: Duration]
    public let targets: [ExactText: [EvidenceKind: Duration]]
    /// The targets that there are; `nil` takes every name for that of one.
    private let configured: Set<ExactText>?
    /// For how long the clock must have said, while the gateway ran, that something is due.
    public let grace: Duration
    /// How often it is looked for what is due.
    public let interval: Duration

    /// - Parameter configured: The names of the targets that there are; `nil` takes every name for that of one.
    public init(
        usual: [EvidenceKind: Duration], targets: [String: [EvidenceKind: Duration]] = [:],
        configured: [String]? = nil, grace: Duration = .seconds(86_400), interval: Duration = .seconds(3600)
    ) {
        self.usual = usual
        self.targets = Dictionary(targets.map { (ExactText($0.key), $0.value) }) { first, _ in first }
        self.configured = configured.map { Set($0.map(ExactText.init)) }
        self.grace = grace
        self.interval = interval
    }

    /// The rules for targets that there are not, or not any longer: for evidence that they left, or by mistake.
    public var strayTargets: [String] {
        targets.keys.filter { !isConfigured($0.text) }.map(\.text).sorted()
    }

    private func isConfigured(_ target: String) -> Bool { configured?.contains(ExactText(target)) ?? true }

    /// Whether the target is not configured any more, and took its rule with it.
    func hasNoRule(for kind: EvidenceKind, of target: String) -> Bool {
        !isConfigured(target) && targets[ExactText(target)]?[kind] == nil
    }

    /// The rule in force for evidence that was to be kept for `keeping`; `nil` keeps it for ever.
    ///
    /// A target that is taken out of the configuration takes its rule with it, but what it left is no less evidence: it
    /// is kept for as long as it was to be, or as is usual now where that is longer. Another time is given to it by a
    /// rule in its old name.
    public func rule(for kind: EvidenceKind, of target: String, keeping: KeepingTime?) -> Rule? {
        let now = rule(for: kind, of: target)
        guard hasNoRule(for: kind, of: target) else { return now }
        // Of a key that does not know it nobody can tell any more.
        guard let keeping else { return nil }
        guard keeping.isLonger(than: KeepingTime(now)) else { return now }
        guard case .rule(let name, let keep) = keeping else { return nil }
        return Rule(name: name, keep: keep)
    }

    /// The rule for a target as the configuration has it; `nil` for what is kept for ever.
    public func rule(for kind: EvidenceKind, of target: String) -> Rule? {
        if let keep = targets[ExactText(target)]?[kind] {
            return Rule(name: "retention.targets.\(target).\(kind.rawValue)", keep: keep)
        }
        return usual[kind].map { Rule(name: "retention.default.\(kind.rawValue)", keep: $0) }
    }
}

extension KeepingTime {
    init(_ rule: RetentionRules.Rule?) {
        self = rule.map { KeepingTime.rule(name: $0.name, keep: $0.keep) } ?? .forEver
    }

    /// `nil` for ever.
    var duration: Duration? { if case .rule(_, let keep) = self { keep } else { nil } }

    func isLonger(than other: KeepingTime) -> Bool {
        guard let known = other.duration else { return false }
        return duration.map { $0 > known } ?? true
    }
}
