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
        public var description: String { "\(name): \(RetentionRules.text(keep))" }
    }

    /// Where nothing is said about a target.
    public let usual: [EvidenceKind: Duration]
    public let targets: [ExactText: [EvidenceKind: Duration]]
    /// For how long the clock must have said, while the gateway ran, that something is due.
    public let grace: Duration
    /// How often it is looked for what is due.
    public let interval: Duration

    public init(
        usual: [EvidenceKind: Duration], targets: [String: [EvidenceKind: Duration]] = [:],
        grace: Duration = .seconds(86_400), interval: Duration = .seconds(3600)
    ) {
        self.usual = usual
        self.targets = Dictionary(targets.map { (ExactText($0.key), $0.value) }) { first, _ in first }
        self.grace = grace
        self.interval = interval
    }

    /// `nil` for what is kept for ever.
    public func rule(for kind: EvidenceKind, of target: String) -> Rule? {
        if let keep = targets[ExactText(target)]?[kind] {
            return Rule(name: "retention.targets.\(target).\(kind.rawValue)", keep: keep)
        }
        return usual[kind].map { Rule(name: "retention.default.\(kind.rawValue)", keep: $0) }
    }

    /// A duration as the configuration takes it.
    static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        for (unit, length) in [("d", Int64(86_400_000)), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        where milliseconds >= length && milliseconds % length == 0 {
            return "\(milliseconds / length)\(unit)"
        }
        return "\(milliseconds)ms"
    }
}
