/// One recorded command: what it asked, effect by effect.
public struct RecordedCommand: Sendable {
    /// The command's id in the audit log.
    public let id: String
    public let requests: [PolicyRequest]

    public init(id: String, requests: [PolicyRequest]) {
        self.id = id
        self.requests = requests
    }
}

/// How a change of policies would have changed decisions that were made.
public struct PolicyReplay: Sendable {
    public struct Change: Sendable {
        public enum Kind: String, Sendable, CaseIterable {
            case nowDenied = "now denied"
            case nowAllowed = "now allowed"
            case otherObligations = "other obligations"
            /// The same answer, by another rule.
            case otherRule = "other rule"
        }
        public let command: RecordedCommand
        public let kind: Kind
        public let before: PolicyDecision
        public let after: PolicyDecision
    }

    /// The number of commands that were replayed.
    public private(set) var count = 0
    /// In the order of the commands.
    public private(set) var changes: [Change] = []

    private let old: PolicySet
    private let new: PolicySet

    public init(from old: PolicySet, to new: PolicySet) {
        self.old = old
        self.new = new
    }

    /// Replays one command. Nothing is kept of one whose decision is the same.
    public mutating func replay(_ command: RecordedCommand) {
        count += 1
        let before = PolicyDecision.merging(command.requests.map(old.decide))
        let after = PolicyDecision.merging(command.requests.map(new.decide))
        if let kind = Self.kind(before, after) {
            changes.append(Change(command: command, kind: kind, before: before, after: after))
        }
    }

    private static func kind(_ before: PolicyDecision, _ after: PolicyDecision) -> Change.Kind? {
        if before.allowed != after.allowed { return after.allowed ? .nowAllowed : .nowDenied }
        if before.obligations != after.obligations { return .otherObligations }
        return before.rule != after.rule ? .otherRule : nil
    }
}

extension PolicyReplay: CustomStringConvertible {
    /// As a diff: a line taken away and a line put in its place for each change.
    public var description: String {
        var lines: [String] = []
        for change in changes {
            let asked = change.command.requests.map { "\($0.principal.uid) \($0.action) \($0.resource.uid)" }
            lines.append("@@ \(change.command.id) \(change.kind.rawValue): \(asked.joined(separator: "; "))")
            lines.append("- \(change.before.summary)")
            lines.append("+ \(change.after.summary)")
        }
        let counts = Change.Kind.allCases.map { kind in "\(changes.count { $0.kind == kind }) \(kind.rawValue)" }
        lines.append(
            "\(count) commands replayed: \(count - changes.count) unchanged, \(counts.joined(separator: ", "))")
        return lines.joined(separator: "\n")
    }
}

extension PolicyDecision {
    /// The answer on one line.
    public var summary: String {
        var parts = ["\(allowed ? "allow" : "deny") by \(rule)"]
        if !obligations.masks.isEmpty { parts.append("mask \(obligations.masks.joined(separator: ", "))") }
        parts += obligations.approvals.map { "approve \($0)" }
        if obligations.recording != .metadata { parts.append("record \(obligations.recording)") }
        if let rows = obligations.maximumRows { parts.append("at most \(rows) rows") }
        return parts.joined(separator: "; ")
    }
}
