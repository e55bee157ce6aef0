/// What all entries of the audit log have in common. What each kind of them says stands in `Schema/`.
public enum AuditSchema {
    /// The member `v` of each entry.
    public static let version = 1
    /// The most bytes of a command that stand in its entry (an entry is at most 65,535 bytes, the bundle format's
    /// limit, and holds the caller and the decision besides).
    static let largestCommand = 40_000
    /// The most bytes of a text that somebody else may have written as long as they liked.
    private static let longestText = 8192

    /// `text`, or as much of its beginning as an entry has room for, and `…`. Counted in bytes: one character may have
    /// any number of them.
    static func cut(_ text: String) -> String {
        guard text.utf8.count > longestText else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: longestText)
        while UTF8.isContinuation(text.utf8[end]) { text.utf8.formIndex(before: &end) }
        return String(text.unicodeScalars[..<end]) + "…"
    }
}
