import Audit
import Foundation
import GatewayCore
import Identifiers

/// How long a search of a large log takes by its index, where what is looked for is common, rare, or not there at all;
/// how fast a text is scanned for without help, and how fast the index is made.
enum SearchBenchmark {
    private static let limit = 50

    static func run(entries: Int, into results: inout Results) throws {
        let folder = try Folder()
        var sample = Sample()
        let made = try timed { try fill(folder, entries, &sample) }
        print(String(format: "\n%d entries of %d sessions in %.0f s", entries, sample.sessions, made))
        let reader = AuditReader(directory: "\(folder.path)/log")
        let path = "\(folder.path)/index.sqlite"
        let indexed = try timed {
            _ = try AuditIndex.rebuild(at: path) { (index: AuditIndex) throws -> Bool in try index.follow(reader) }
        }
        let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.doubleValue ?? 0
        Results.heading("the index of \(entries) entries", "", "")
        results.add(
            "made from the log", Double(entries) / indexed, unit: "entries/s",
            note: String(
                format: "%.0f s, %.0f MiB, %.1f bytes an entry", indexed, size / 1_048_576, size / Double(entries)))

        let search = AuditSearch(log: reader, index: try AuditIndex.reading(path))
        Results.heading("the newest \(limit) hits among \(entries) entries, ms", "median", "slowest of 9")
        for (name, query) in sample.queries {
            var times: [Double] = []
            var hits = 0
            for _ in 0..<9 {
                times.append(try timed { hits = try search.page(query, limit: limit).hits.count } * 1e3)
            }
            results.add(
                name, median(times), times.max(), unit: "ms", peerName: "slowest",
                note: "\(hits == limit ? "\(limit)+" : String(hits)) hits")
        }
        let index = try AuditIndex.reading(path)
        var times: [Double] = []
        var found = 0
        for _ in 0..<9 {
            times.append(
                try timed {
                    found = 0
                    let history = try SessionHistory(of: sample.session, log: reader, index: index)
                    while let entries = try history.next() { found += entries.count }
                } * 1e3)
        }
        results.add(
            "the history of a session", median(times), times.max(), unit: "ms", peerName: "slowest",
            note: "\(found) entries")
        let scanned = try timed {
            _ = try AuditSearch.scan(reader, for: EntryQuery(text: "-- no such text"), limit: limit)
        }
        results.add("a text, every entry looked at", Double(entries) / scanned, unit: "entries/s", note: "no hit")
    }

    /// What the searches look for.
    private struct Sample {
        var sessions = 0
        var session = UUIDv7(milliseconds: 0)
        var from = Timestamp(milliseconds: 0)

        var queries: [(String, EntryQuery)] {
            let day = from.adding(.seconds(86_400))
            return [
                ("everything", EntryQuery()),
                ("a caller", EntryQuery(caller: "person-77@example.com")),
                (
                    "a caller, on a target, an action",
                    EntryQuery(caller: "01a0-77", target: "target-7", action: "sql.ddl")
                ),
                ("a caller, on a day half way back", EntryQuery(caller: "01a0-78", from: from, to: day)),
                ("refusals of an action", EntryQuery(action: "sql.delete", decision: "deny")),
                ("a rule that was used a few times", EntryQuery(rule: "break-glass")),
                ("who and where that never met", EntryQuery(caller: "01a0-77", target: "target-8")),
                ("nobody", EntryQuery(caller: "nobody@example.com")),
            ]
        }
    }

    private static func fill(_ folder: Folder, _ entries: Int, _ sample: inout Sample) throws {
        var files = FileOperations.system
        files.synchronize = { _ in }
        files.synchronizeData = { _ in }
        let log = try AuditLog(folder.options(.process, files: files))
        let journal = try log.openJournal("fill")
        var workday = WorkdayLog()
        for number in 0..<entries {
            let entry = workday.next()
            if entry.starts(with: Self.start), let session = AuditEntry(bytes: entry).session, let id = UUIDv7(session),
                AuditEntry(bytes: entry).kind == "session-start"
            {
                sample.sessions += 1
                if number <= entries / 2 {
                    sample.session = id
                    sample.from = Timestamp(milliseconds: workday.time)
                }
            }
            try journal.append(entry)
            if number % 65_536 == 65_535 { try log.integrateNow() }
        }
        try log.integrateNow()
    }

    /// How a session's first entry begins, and a command's.
    private static let start = Array(#"{"caller":"#.utf8)
}
