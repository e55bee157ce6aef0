import ArgumentParser
import Identifiers

extension Timestamp {
    /// What people give as a time: RFC 3339 in UTC, or a date, which is its beginning.
    init?(moment text: String) {
        guard let time = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z") else { return nil }
        self = time
    }

    private static let momentHelp = "a moment such as 2026-11-23T15:04:05Z, or a date"

    /// Refuses what is no moment, and a period in which nothing can lie: that nothing is found would look like evidence.
    static func check(from: String?, until: String?) throws {
        func moment(_ name: String, _ text: String?) throws -> Timestamp? {
            guard let text else { return nil }
            guard let moment = Timestamp(moment: text) else { throw ValidationError("--\(name) is \(momentHelp)") }
            return moment
        }
        let (start, end) = (try moment("from", from), try moment("until", until))
        if let start, let end, start >= end {
            throw ValidationError(
                "nothing lies between --from \(start) and --until \(end): give the earlier moment to --from")
        }
    }
}

/// Of what time a command takes entries or sessions.
struct PeriodOptions: ParsableArguments {
    @Option(help: "Only from this time on (RFC 3339 in UTC, or a date).")
    var from: String?

    @Option(name: [.long, .customLong("to")], help: "Only before this time.")
    var until: String?

    func validate() throws { try Timestamp.check(from: from, until: until) }

    /// `nil` for the log's beginning.
    var start: Timestamp? { from.flatMap { Timestamp(moment: $0) } }
    /// Not included; `nil` for the log's end.
    var end: Timestamp? { until.flatMap { Timestamp(moment: $0) } }
}
