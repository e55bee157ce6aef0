import Audit
import Identifiers

/// What time a report is about; both ends may be open.
public struct ReportPeriod: Sendable {
    /// Included.
    public let from: Timestamp?
    /// Not included.
    public let until: Timestamp?

    public init(from: Timestamp?, until: Timestamp?) {
        self.from = from
        self.until = until
    }

    /// Whether it begins after an entry.
    func isAfter(_ entry: AuditEntry) -> Bool {
        guard let from, let time = entry.time.flatMap({ Timestamp($0) }) else { return false }
        return time < from
    }
}
