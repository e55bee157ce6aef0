import Identifiers

extension Timestamp {
    /// What people give as a time: RFC 3339 in UTC, or a date, which is its beginning.
    init?(moment text: String) {
        guard let time = Timestamp(text) ?? Timestamp("\(text)T00:00:00Z") else { return nil }
        self = time
    }

    static let momentHelp = "a moment such as 2026-11-23T15:04:05Z, or a date"
}
