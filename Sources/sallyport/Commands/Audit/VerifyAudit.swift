import ArgumentParser
import Audit
import Foundation
import Retention
import StrictJSON

struct VerifyAudit: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove that no entry was changed, dropped or moved; with --since or --witness, nor cut off.",
        discussion: """
            Hashes every entry anew and holds the tree against the signed checkpoint. Needs the files and the public \
            key, not the gateway. Exit status 1 when anything is wrong, and it says which entry. A log with an older \
            checkpoint of its own is a good log: that entries were cut off at its end shows for certain only against \
            a checkpoint that was kept elsewhere (--since), or by what witnesses cosigned (--witness).
            """)

    @Option(
        help: "A file with a checkpoint that was kept earlier, from which the log must have grown; may be given again.")
    var since: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Hold recordings, payloads and originals against the log too: changed, missing, or deleted under which rule.",
            discussion: "Exit status 69 where the log names some and none at all lies beside it."))
    var evidence = false

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
        let (deletions, check) = try report.isValid ? examine(directory) : ([], nil)
        format.print(Self.json(report, deletions, check)) { Self.text(report, deletions, check) }
        guard report.isValid else { throw ExitCode(ExitStatus.negative.rawValue) }
        if let status = check?.status { throw ExitCode(status.rawValue) }
    }

    /// What was deleted, by the log, and with `--evidence` whether all else is there.
    private func examine(_ directory: String) throws -> ([Deletion], EvidenceCheck?) {
        let reader = AuditReader(directory: directory)
        var progress = ProgressLine("checking evidence")
        defer { progress.finish() }
        do throws(AuditError) {
            let deletions = try EvidenceCheck.deletions(in: reader)
            guard evidence else { return (deletions, nil) }
            // The state folder is the one that the log lies in.
            let state = URL(fileURLWithPath: directory).deletingLastPathComponent().path
            var check = EvidenceCheck(state: state, deletions: deletions)
            try check.run(reader) { progress.update($0, of: $1) }
            return (deletions, check)
        } catch {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
    }

    private static func text(
        _ report: VerificationReport, _ deletions: [Deletion], _ check: EvidenceCheck?
    ) -> String {
        let terminal = Terminal.output
        var lines = report.findings.map { "\(terminal.styled("WRONG", .red))  \(Terminal.plain($0.description))" }
        if report.findingsOmitted > 0 { lines.append("       … and \(report.findingsOmitted) more") }
        let root = report.root.map { "\($0)" } ?? "none"
        // There is none where the checkpoint cannot be read.
        let origin = report.origin.isEmpty ? "" : "\(Terminal.plain(report.origin)), "
        lines.append(
            "\(report.isValid ? terminal.styled("ok", .green) : terminal.styled("FAILED", .red)): \(origin)"
                + "\(report.entriesChecked) of \(report.treeSize) entries checked, root \(root)")
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
            lines.append("\(report.pendingEntries) more are recorded and not signed yet")
        }
        if report.unsignedEntries > 0 {
            lines.append(
                "there are tiles of \(report.unsignedEntries) more entries, which the checkpoint does not sign: the mirror "
                    + "is being filled, or its checkpoint was put back")
        }
        lines += deletions.map { Terminal.plain($0.line) }
        if deletions.contains(where: { $0.kind == .recordings }) {
            lines.append(
                "copies that sinks put into buckets are not covered: they are there until somebody deletes them, which "
                    + "their lock forbids before its end")
        }
        if let check { lines += check.lines(for: terminal) }
        lines.append(end(report))
        return lines.joined(separator: "\n")
    }

    /// No log shows by itself that entries were cut off at its end.
    private static func end(_ report: VerificationReport) -> String {
        guard let vouched = report.vouchedEntries else {
            return "whether entries were cut off at the end cannot be told from this copy alone: --since with a "
                + "checkpoint that was kept elsewhere tells, and --witness as far as witnesses cosigned"
        }
        return "the first \(vouched) entries are all there, by what was kept elsewhere or cosigned; whether any were "
            + "cut off after those, only a newer checkpoint tells"
    }

    private static func json(
        _ report: VerificationReport, _ deletions: [Deletion], _ check: EvidenceCheck?
    ) -> JSONValue {
        [
            "ok": .bool(report.isValid && check?.isGood ?? true), "origin": .string(report.origin),
            "tree_size": .number(String(report.treeSize)), "root": report.root.map { .string("\($0)") } ?? .null,
            "entries_checked": .number(String(report.entriesChecked)),
            "witnessed": report.witnessedEntries.map { .number(String($0)) } ?? .null,
            "followed_rotations": .array(report.followedRotations.map { .number(String($0)) }),
            "timestamps": .array(
                report.timestamps.map {
                    ["tree_size": .number(String($0.treeSize)), "time": .string($0.time.description)]
                }),
            "vouched": report.vouchedEntries.map { .number(String($0)) } ?? .null,
            "unsigned": .number(String(report.unsignedEntries)),
            "pending": .number(String(report.pendingEntries)),
            "findings": .array(report.findings.map { .string($0.description) }),
            "findings_omitted": .number(String(report.findingsOmitted)),
            "deletions": .array(deletions.map(\.json)),
            "evidence": check?.json ?? .null,
        ]
    }
}
