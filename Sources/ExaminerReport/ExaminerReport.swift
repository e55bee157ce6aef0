import Audit
import Identifiers
import StrictJSON

/// What an examiner asks of a period, from the audit log alone: one page for people and one document for programs, with
/// the same numbers.
///
/// It shows evidence, and judges nothing. Whatever it counts names entries of the log, each of which can be proved by
/// itself (`sallyport audit prove INDEX`).
public struct ExaminerReport: Sendable {
    /// What the page is written from.
    let tally: EvidenceTally
    let period: ReportPeriod
    let verification: VerificationReport
    let key: String
    let made: Timestamp
    let version: String

    /// Reads a log's entries of a period, as far as the log was verified: what was appended since is left out.
    ///
    /// - Parameters:
    ///   - verification: What verifying the whole log found just now.
    ///   - key: The public key that it was verified by.
    ///   - made: The time of the report.
    ///   - version: That of the program.
    ///   - progress: Called with the entries passed and all there are.
    /// - Throws: `AuditError` when the log cannot be read.
    public init(
        of log: AuditReader, _ period: ReportPeriod, verification: VerificationReport, key: String, made: Timestamp,
        version: String, progress: (UInt64, UInt64) -> Void = { _, _ in }
    ) throws(AuditError) {
        var tally = EvidenceTally()
        let size = verification.treeSize
        let filter = AuditFilter(from: period.from, until: period.until)
        var entries = try log.entries(in: 0..<size)
        while let entry = try entries.next() {
            // One of no readable time may be of any: it is in every period, and is told as what cannot be read.
            if filter.matches(entry) || entry.time.flatMap({ Timestamp($0) }) == nil {
                tally.add(entry)
            } else if period.isAfter(entry) {
                tally.addBefore(entry)
            } else {
                tally.noteBeginning(entry)
            }
            progress(entries.passed, size)
        }
        self.init(
            tally: tally, period: period, verification: verification, key: key, made: made, version: version)
    }

    init(
        tally: EvidenceTally, period: ReportPeriod, verification: VerificationReport, key: String, made: Timestamp,
        version: String
    ) {
        self.tally = tally
        self.period = period
        self.verification = verification
        self.key = key
        self.made = made
        self.version = version
    }

    /// Whether the log was found whole, so that the numbers can be relied on.
    public var restsOnVerifiedLog: Bool { verification.isValid && tally.unreadable.items.isEmpty }

    /// The picture of the period, as far as the log had begun and the time had come.
    var activity: Activity.Timeline {
        tally.activity.timeline(
            of: ReportPeriod(
                from: period.from.map { max($0, tally.began ?? $0) }, until: period.until.map { min($0, made) }))
    }

    /// When the log begins, where that is after the period does: of the time before it says nothing.
    var logBeganInPeriod: Timestamp? {
        guard let from = period.from, let began = tally.began, began > from else { return nil }
        return began
    }

    /// The page as HTML 5: complete in itself, without scripts, to be printed as it is.
    public var html: String { ReportPage(self).text }
}
