import Foundation

/// The field `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
enum RetryAfter {
    /// No receiver makes a sink wait longer than this.
    static let longest = Duration.seconds(3600)

    /// How long to wait; `nil` where the field says nothing that can be understood.
    static func duration(_ field: String?, now: Date = Date()) -> Duration? {
        guard let text = field?.trimmingCharacters(in: .whitespaces), !text.isEmpty else { return nil }
        if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return Int64(text).map { min(.seconds($0), longest) } ?? longest
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        guard let date = formatter.date(from: text) else { return nil }
        return min(max(.zero, .seconds(date.timeIntervalSince(now))), longest)
    }
}
