import ArgumentParser
import Identifiers

extension Timestamp {
    /// What people give as a time: RFC 3339 in UTC, or a date, which is its beginning.
    init?(moment text: String) {
        guard let time = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z") else { return nil }
        self = time
    }

    static let momentHelp = "a moment such as 2026-11-23T15:04:05Z, or a date"

    /// Refuses what is no moment, by the names of the options.
    static func check(_ options: KeyValuePairs<String, String?>) throws {
        for (name, text) in options {
            if let text, Timestamp(moment: text) == nil { throw ValidationError("--\(name) is \(momentHelp)") }
        }
    }
}

/// Of what time a command takes entries.
struct PeriodOptions: ParsableArguments {
    @Option(help: "Only entries from this time on (RFC 3339 in UTC, or a date).")
    var from: String?

    @Option(name: [.long, .customLong("to")], help: "Only entries before this time.")
    var until: String?

    func validate() throws { try Timestamp.check(["from": from, "until": until]) }

    /// `nil` for the log's beginning.
    var start: Timestamp? { from.flatMap { Timestamp(moment: $0) } }
    /// Not included; `nil` for the log's end.
    var end: Timestamp? { until.flatMap { Timestamp(moment: $0) } }
}
