import Identifiers

/// Which entries leave; an empty one takes all. An entry must match every criterion that is given.
///
/// Texts are compared by their bytes.
public struct EntrySelection: Sendable {
    /// The caller's subject or label, the one who took a step on a ticket, or whose ticket it is.
    public var caller: String?
    /// The target's name.
    public var target: String?
    public var session: String?
    /// An action, or a group of them by its first part: `sql` takes `sql.select`.
    public var action: String?
    /// `allow`, `deny` …: what the policy answered.
    public var decision: String?
    /// One of the policies that decided.
    public var rule: String?

    public init(
        caller: String? = nil, target: String? = nil, session: String? = nil, action: String? = nil,
        decision: String? = nil, rule: String? = nil
    ) {
        self.caller = caller
        self.target = target
        self.session = session
        self.action = action
        self.decision = decision
        self.rule = rule
    }

    public var isEmpty: Bool {
        caller == nil && target == nil && session == nil && action == nil && decision == nil && rule == nil
    }

    public func takes(_ entry: ExportedEntry) -> Bool {
        if let caller, !Self.people(of: entry).contains(where: caller.isExactly) { return false }
        if let target, entry.target?["name"]?.string?.isExactly(target) != true { return false }
        if let session, entry.session?.isExactly(session) != true { return false }
        if let action, !entry.actions.contains(where: { ExactText($0).lists(action, orBelow: true) }) { return false }
        if let decision, entry.answer?.isExactly(decision) != true { return false }
        if let rule, entry.rule.map({ ExactText($0).lists(rule) }) != true { return false }
        return true
    }

    private static func people(of entry: ExportedEntry) -> [String] {
        [entry.caller, entry.value["actor"], entry.value["requester"]].flatMap { person in
            [person?["subject"]?.string, person?["label"]?.string].compactMap { $0 }
        }
    }
}
