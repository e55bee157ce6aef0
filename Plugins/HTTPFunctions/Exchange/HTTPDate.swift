/// The time as `Date` says it (RFC 9110 section 5.6.7), made once a second.
struct HTTPDate {
    private var second: UInt64 = .max
    private var text = ""

    /// - Parameter seconds: Seconds since 1970.
    mutating func text(at seconds: UInt64) -> String {
        if seconds != second {
            second = seconds
            text = Self.format(seconds)
        }
        return text
    }

    static func format(_ seconds: UInt64) -> String {
        let days = Int(seconds / 86_400)
        let time = Int(seconds % 86_400)
        // Civil date from days, by eras of 400 years that start on 1 March, so that leap days come last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let monthIndex = month < 10 ? month + 2 : month - 10
        let year = yearOfEra + era * 400 + (monthIndex <= 1 ? 1 : 0)
        return "\(weekdays[(days + 4) % 7]), \(two(day)) \(months[monthIndex]) \(year) "
            + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
