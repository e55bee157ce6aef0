/// What time a report is about; both ends may be open.
public struct ReportPeriod: Sendable {
    /// RFC 3339 in UTC or the beginning of it, included.
    public let from: String?
    /// The same, not included.
    public let until: String?

    public init(from: String?, until: String?) {
        self.from = from
        self.until = until
    }
}
