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
        var workday = WorkdayLog()
        var sample = Sample()
        let made = try timed {
            try folder.fill(entries) { number in
                if number == entries / 2 {
                    sample = Sample(session: workday.newestSession, from: Timestamp(milliseconds: workday.time))
                }
                return workday.next()
            }
        }
        print(String(format: "\n%d entries of %d sessions in %.0f s", entries, workday.sessionCount, made))
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

        let index = try AuditIndex.reading(path)
        let search = AuditSearch(log: reader, index: index)
        Results.heading("the newest \(limit) hits among \(entries) entries, ms", "median", "slowest of 9")
        func measure(_ name: String, _ unit: String, _ body: () throws -> Int) throws {
            var found = 0
            let times = try (0..<9).map { _ in try timed { found = try body() } * 1e3 }
            results.add(
                name, median(times), times.max(), unit: "ms", peerName: "slowest", note: "\(found) \(unit)")
        }
        for (name, query) in sample.queries {
            try measure(name, "hits") { try search.page(query, limit: limit).hits.count }
        }
        try measure("the history of a session", "entries") {
            let history = try SessionHistory(of: sample.session, log: reader, index: index)
            var found = 0
            while let entries = try history.next() { found += entries.count }
            return found
        }
        let scanned = try timed {
            _ = try AuditSearch.scan(reader, for: EntryQuery(text: "-- no such text"), limit: limit)
        }
        results.add("a text, every entry looked at", Double(entries) / scanned, unit: "entries/s", note: "no hit")
    }

    /// What the searches look for, half way back.
    private struct Sample {
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
}
