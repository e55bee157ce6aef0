import ArgumentParser
import Audit
import ExaminerReport
import Identifiers

struct ReportAudit: ReportingCommand {
    enum Framework: String, ExpressibleByArgument, CaseIterable { case ffiec }

    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write what an examiner asks for: one page to read and print, one JSON document.",
        discussion: """
            Verifies the log, reads the entries of the period, and orders what they show by the sections of the FFIEC IT \
            Examination Handbook that it is evidence relevant to. Exit status 1 when the log does not verify; the report \
            is written then too, and says so first.
            """)

    @Option(help: "The handbook whose sections order the report.")
    var framework = Framework.ffiec

    @Option(help: ArgumentHelp("Where report.html and report.json are written.", valueName: "folder"))
    var into = "."

    @OptionGroup var period: PeriodOptions
    @OptionGroup var trust: TrustOptions
    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let directory = try location.resolvedDirectory()
        let policy = try trust.policy(location)
        let report: ExaminerReport
        do throws(AuditError) {
            var verifying = ProgressLine("verifying")
            let verification = try AuditVerifier.verify(directory: directory, under: policy, since: []) {
                verifying.update($0, of: $1)
            }
            verifying.finish()
            var reading = ProgressLine("reading")
            defer { reading.finish() }
            report = try ExaminerReport(
                of: AuditReader(directory: directory),
                ReportPeriod(from: period.start, until: period.end), verification: verification,
                key: policy.key.description, made: .now, version: Gateway.version
            ) { reading.update($0, of: $1) }
        } catch {
            throw CommandFailure("the log cannot be reported on: \(error)", status: .unavailable)
        }
        let page = "\(into)/report.html"
        let document = "\(into)/report.json"
        try OutputFile.makeFolder(into)
        try OutputFile.replace(page, with: Array(report.html.utf8))
        try OutputFile.replace(document, with: Array("\(JSONText.indented(report.json))\n".utf8))
        print("\(page)\n\(document)")
        guard report.restsOnVerifiedLog else {
            throw CommandFailure("the log does not verify, and the report says so", status: .negative)
        }
    }
}
