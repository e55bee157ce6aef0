import ArgumentParser
import Audit
import AuditExport
import Foundation

extension ExportFormat: ExpressibleByArgument {}

struct ExportAudit: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Print entries, for other programs and for people.",
        discussion: """
            As JSON lines they are exactly the bytes that the tree covers. Comma-separated values have fixed columns, and \
            an apostrophe before what a spreadsheet would take for a formula. OCSF is version 1.8.0, one event a line. \
            No entry is left out: what a format has no place for travels in its general form, and a note says so.

            Criteria add up. An outcome is found by its command's caller, action, decision and rule too.
            """)

    @Option(help: "jsonl, csv, ocsf or cef.")
    var format = ExportFormat.jsonl

    @Flag(help: "Leave out entries that are recorded in a journal and not in the signed tree yet.")
    var signedOnly = false

    @OptionGroup var wanted: EntryOptions
    @OptionGroup var period: PeriodOptions
    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let reader = AuditReader(directory: try location.resolvedDirectory())
        do {
            // Journals first: what is signed in between is then seen twice rather than not at all, and told apart.
            let pending = signedOnly ? [] : try reader.pendingEntries()
            let total = try reader.checkpoint().treeSize
            var progress = ProgressLine("exporting", terminal: Terminal.output.isInteractive ? .quiet : .errors)
            var export = Export(
                encoder: format.encoder(version: Gateway.version),
                filter: AuditFilter(kinds: Set(wanted.kinds), from: period.start, until: period.end),
                selection: wanted.selection,
                // Nothing needs to be known of other entries where each is written as it stands.
                needsContext: format != .jsonl)
            try export.begin()
            // All entries, also those that do not match: others are read by what these say.
            var entries = try reader.entries(matching: export.readingFilter)
            var waiting = Set(pending.compactMap(\.id))
            while let entry = try entries.next() {
                if let id = entry.id { waiting.remove(id) }
                try export.write(entry)
                progress.update(entries.passed, of: total)
            }
            progress.finish()
            for entry in pending where entry.id.map(waiting.contains) ?? true { try export.write(entry) }
            try export.end()
            if export.count == 0 { wanted.noteNothingFound() }
        } catch let error as AuditError {
            throw CommandFailure("the log cannot be read: \(error)", status: .unavailable)
        }
    }
}

/// Entries on their way to standard output.
private struct Export {
    let encoder: any EntryEncoder
    let filter: AuditFilter
    let selection: EntrySelection
    let needsContext: Bool
    /// Entries that were written.
    private(set) var count = 0
    private var writer = LineWriter()
    private var context = EntryContext()
    /// Kinds that the format has no place of their own for, and how many of each.
    private var general: [String: Int] = [:]

    init(encoder: any EntryEncoder, filter: AuditFilter, selection: EntrySelection, needsContext: Bool) {
        self.encoder = encoder
        self.filter = filter
        self.selection = selection
        self.needsContext = needsContext || !selection.isEmpty
    }

    /// What the reader may leave out.
    var readingFilter: AuditFilter { needsContext ? AuditFilter() : filter }

    mutating func begin() throws { if let header = encoder.header { try writer.write(header) } }

    mutating func write(_ entry: AuditEntry) throws {
        guard needsContext else {
            guard filter.matches(entry) else { return }
            count += 1
            try writer.write(entry.bytes)
            return
        }
        let resolved = context.resolve(entry)
        guard filter.matches(entry), selection.takes(resolved) else { return }
        count += 1
        if !encoder.knows(resolved) { general[resolved.kind, default: 0] += 1 }
        for line in encoder.lines(of: resolved) { try writer.write(line) }
    }

    mutating func end() throws {
        try writer.flush()
        guard !general.isEmpty else { return }
        let kinds = general.sorted { $0.key < $1.key }.map { "\($0.value) of kind \($0.key)" }
        Terminal.note(
            "note: \(kinds.joined(separator: ", ")) have no event class of their own and are written as base events, whole"
        )
    }
}
