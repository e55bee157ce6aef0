import Policy

/// What every command tells policies in `context`, beside the facts that its adapter declares.
public enum CommandContext {
    /// The attributes of `context` that the core itself fills in.
    public static let attributes: Set<String> = ["now", "client", "parameters", "opaque", "text"]

    /// Those of them that differ between two commands of one form in one session.
    private static let changing: Set<String> = ["now", "parameters", "text"]

    /// Whether `policy` says the same of all commands of one form in one session.
    static func judgesForms(_ policy: PolicySet) -> Bool {
        !policy.readsWholeContext && policy.contextKeys.isDisjoint(with: changing)
    }
}
