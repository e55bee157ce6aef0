import Audit

/// A place that the log goes to as it grows.
public protocol AuditSink: Sendable {
    /// `file`, `syslog`, `https` or `s3`.
    var type: String { get }

    /// Delivers what stands in the log from `position` on, or some of it.
    ///
    /// Called by one task, again with the same position after an error: what it delivers may arrive twice then, and
    /// nothing is left out.
    ///
    /// - Returns: The position behind what the other side has taken for good; `position` itself when there is nothing to
    ///   deliver now.
    func deliver(from position: UInt64, of log: AuditReader) async throws -> UInt64
}
