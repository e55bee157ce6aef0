import ArgumentParser
import Audit
import StrictJSON

struct VerifyAudit: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Prove that no entry was changed, dropped, moved or cut off.",
        discussion: """
            Hashes every entry anew and holds the tree against the signed checkpoint. Needs the files and the public \
            key, not the gateway. Exit status 1 when anything is wrong, and it says which entry.
            """)

    @Option(
        help: "A file with a checkpoint that was kept earlier, from which the log must have grown; may be given again.")
    var since: [String] = []

    @OptionGroup var trust: TrustOptions
    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let directory = try location.resolvedDirectory()
        let policy = try trust.policy(location)
        let kept = try since.map { try ProofFile.checkpoint($0) }
        var progress = ProgressLine("verifying")
        let report: VerificationReport
        do throws(AuditError) {
            report = try AuditVerifier.verify(
                directory: directory, under: policy, since: kept
            ) { progress.update($0, of: $1) }
            progress.finish()
        } catch {
            progress.finish()
            throw CommandFailure("the log cannot be verified: \(error)", status: .unavailable)
        }
        format.print(Self.json(report)) { Self.text(report) }
        if !report.isValid { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func text(_ report: VerificationReport) -> String {
        let terminal = Terminal.output
        var lines = report.findings.map { "\(terminal.styled("WRONG", .red))  \(Terminal.plain($0.description))" }
        if report.findingsOmitted > 0 { lines.append("       … and \(report.findingsOmitted) more") }
        let root = report.root.map { "\($0)" } ?? "none"
        lines.append(
            "\(report.isValid ? terminal.styled("ok", .green) : terminal.styled("FAILED", .red)): "
                + "\(Terminal.plain(report.origin)), \(report.entriesChecked) of \(report.treeSize) entries checked, root \(root)"
        )
        if !report.followedRotations.isEmpty {
            let entries = report.followedRotations.map(String.init).joined(separator: ", ")
            lines.append("the log's key was followed through its rotations in entries \(entries)")
        }
        if let witnessed = report.witnessedEntries {
            lines.append("\(witnessed) of them were witnessed")
        }
        if let newest = report.timestamps.last {
            lines.append(
                "\(newest.treeSize) of them were time-stamped at \(newest.time) (\(report.timestamps.count) time stamps; "
                    + "`openssl ts -verify` checks the authority's signature)")
        }
        if report.pendingEntries > 0 {
            lines.append("\(report.pendingEntries) more stand in journals and are not signed yet")
        }
        return lines.joined(separator: "\n")
    }

    private static func json(_ report: VerificationReport) -> JSONValue {
        [
            "ok": .bool(report.isValid), "origin": .string(report.origin),
            "tree_size": .number(String(report.treeSize)), "root": report.root.map { .string("\($0)") } ?? .null,
            "entries_checked": .number(String(report.entriesChecked)),
            "witnessed": report.witnessedEntries.map { .number(String($0)) } ?? .null,
            "followed_rotations": .array(report.followedRotations.map { .number(String($0)) }),
            "timestamps": .array(
                report.timestamps.map {
                    ["tree_size": .number(String($0.treeSize)), "time": .string($0.time.description)]
                }),
            "pending": .number(String(report.pendingEntries)),
            "findings": .array(report.findings.map { .string($0.description) }),
            "findings_omitted": .number(String(report.findingsOmitted)),
        ]
    }
}
