/// What all entries of the audit log have in common. What each kind of them says stands in `Schema/`.
public enum AuditSchema {
    /// The member `v` of each entry.
    public static let version = 1
    /// The most bytes of a command that stand in its entry (an entry is at most 65,535 bytes, the bundle format's
    /// limit, and holds the caller and the decision besides).
    static let largestCommand = 40_000
    /// The most bytes of an outcome's reason.
    static let longestReason = 8192
}
