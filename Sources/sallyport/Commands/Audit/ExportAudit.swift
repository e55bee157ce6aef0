import ArgumentParser
import Audit

struct ExportAudit: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print entries as JSON lines, exactly the bytes that the tree covers.")

    @Option(help: "Only entries from this time on (RFC 3339, or a date).")
    var from: String?

    @Option(help: "Only entries before this time.")
    var until: String?

    @Option(parsing: .upToNextOption, help: "Only entries of these kinds, e.g. intent outcome refusal.")
    var kind: [String] = []

    @Flag(help: "Leave out entries that are recorded in a journal and not in the signed tree yet.")
    var signedOnly = false

    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let reader = AuditReader(directory: try location.resolvedDirectory())
        let filter = AuditFilter(kinds: Set(kind), from: from, until: until)
        do {
            // Journals first: what is signed in between is then seen twice rather than not at all, and told apart.
            let pending = signedOnly ? [] : try reader.pendingEntries(matching: filter)
            let total = try reader.checkpoint().treeSize
            var progress = ProgressLine("exporting", terminal: Terminal.output.isInteractive ? .quiet : .errors)
            var writer = LineWriter()
            var entries = try reader.entries(matching: filter)
            var waiting = Set(pending.compactMap(\.id))
            while let entry = try entries.next() {
                if let id = entry.id { waiting.remove(id) }
                try writer.write(entry.bytes)
                progress.update(entries.passed, of: total)
            }
            progress.finish()
            for entry in pending where entry.id.map(waiting.contains) ?? true { try writer.write(entry.bytes) }
            try writer.flush()
        } catch let error as AuditError {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
    }
}
