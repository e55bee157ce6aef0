extension Value {
    /// Cedar's `datetime`: an instant in milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
    public struct Datetime: Sendable, Hashable, Comparable {
        public let millisecondsSinceEpoch: Int64

        public init(millisecondsSinceEpoch: Int64) { self.millisecondsSinceEpoch = millisecondsSinceEpoch }

        static let millisecondsADay: Int64 = 86_400_000

        /// Reads `YYYY-MM-DD`, optionally followed by `Thh:mm:ss`, optionally `.SSS`, and then `Z` or `±hhmm`; `nil` for
        /// any other text and for a day or time that does not exist.
        public init?(_ text: String) {
            var reader = FieldReader(text)
            guard let year = reader.number(digits: 4), reader.skip("-"), let month = reader.number(digits: 2),
                reader.skip("-"), let day = reader.number(digits: 2), let days = Self.days(year, month, day)
            else { return nil }
            let midnight = days * Self.millisecondsADay
            if reader.isAtEnd {
                self.millisecondsSinceEpoch = midnight
                return
            }
            guard reader.skip("T"), let hour = reader.number(digits: 2), reader.skip(":"),
                let minute = reader.number(digits: 2), reader.skip(":"), let second = reader.number(digits: 2),
                hour < 24, minute < 60, second < 60
            else { return nil }
            var milliseconds: Int64 = 0
            if reader.skip(".") {
                guard let fraction = reader.number(digits: 3) else { return nil }
                milliseconds = fraction
            }
            var offsetMinutes: Int64 = 0
            if !reader.skip("Z") {
                let isEast = reader.skip("+")
                guard isEast || reader.skip("-"), let hours = reader.number(digits: 2),
                    let minutes = reader.number(digits: 2), hours < 24, minutes < 60
                else { return nil }
                offsetMinutes = (isEast ? 1 : -1) * (hours * 60 + minutes)
            }
            guard reader.isAtEnd else { return nil }
            let seconds = hour * 3600 + (minute - offsetMinutes) * 60 + second
            self.millisecondsSinceEpoch = midnight + seconds * 1000 + milliseconds
        }

        /// Days from 1970-01-01 to the day in the proleptic Gregorian calendar; `nil` when there is no such day.
        private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64? {
            let isLeapYear = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths: [Int64] = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(day) else { return nil }
            // Counted in years that begin in March, so that the leap day is a year's last.
            let shifted = month <= 2 ? year - 1 : year
            let era = (shifted >= 0 ? shifted : shifted - 399) / 400
            let yearOfEra = shifted - era * 400
            let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
            return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        }

        func offset(by duration: Duration) -> Datetime? {
            let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(duration.milliseconds)
            return overflow ? nil : Datetime(millisecondsSinceEpoch: sum)
        }

        func durationSince(_ other: Datetime) -> Duration? {
            let (difference, overflow) = millisecondsSinceEpoch.subtractingReportingOverflow(
                other.millisecondsSinceEpoch)
            return overflow ? nil : Duration(milliseconds: difference)
        }

        /// The time since midnight, always from 0 up to a day.
        var timeOfDay: Duration {
            let remainder = millisecondsSinceEpoch % Self.millisecondsADay
            return Duration(milliseconds: remainder < 0 ? remainder + Self.millisecondsADay : remainder)
        }

        /// The midnight before; `nil` where that does not fit.
        var date: Datetime? { offset(by: Duration(milliseconds: -timeOfDay.milliseconds)) }

        public static func < (left: Datetime, right: Datetime) -> Bool {
            left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
        }
    }
}

extension Value.Datetime: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds for the years 0000 to 9999, else the milliseconds.
    public var description: String {
        let time = timeOfDay.milliseconds
        guard let midnight = date?.millisecondsSinceEpoch else { return "\(millisecondsSinceEpoch)" }
        let days = midnight / Self.millisecondsADay + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        guard (0...9999).contains(year) else { return "\(millisecondsSinceEpoch)" }
        func padded(_ value: Int64, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let clock = [time / 3_600_000, time / 60_000 % 60, time / 1000 % 60].map { padded($0, 2) }
        return
            "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock.joined(separator: ":")).\(padded(time % 1000, 3))Z"
    }
}

/// Reads fields of fixed width from the front of a text.
private struct FieldReader {
    private var bytes: Substring.UTF8View

    init(_ text: String) { bytes = Substring(text).utf8 }

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = bytes.first, UInt32(first) == character.value else { return false }
        bytes.removeFirst()
        return true
    }

    mutating func number(digits: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<digits {
            guard let byte = bytes.first, let next = value.appending(decimalDigit: byte, isNegative: false)
            else { return nil }
            value = next
            bytes.removeFirst()
        }
        return value
    }
}
