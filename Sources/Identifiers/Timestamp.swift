#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A moment in UTC, to the millisecond, as audit entries, tickets and sessions carry it.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z; moments before that do not occur.
    public let milliseconds: UInt64

    public init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    /// The system's wall clock now.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000)
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

    public func adding(_ duration: Duration) -> Timestamp {
        Timestamp(milliseconds: UInt64(max(0, Int64(clamping: milliseconds).addingClamped(duration.wholeMilliseconds))))
    }

    public func duration(since earlier: Timestamp) -> Duration {
        .milliseconds(Int64(clamping: milliseconds) - Int64(clamping: earlier.milliseconds))
    }
}

extension Timestamp: CustomStringConvertible {
    /// Characters of the text form.
    public static let characterCount = 24

    /// RFC 3339 in UTC with milliseconds, e.g. `2026-11-23T15:04:05.678Z` (24 characters up to the year 9999).
    public var description: String {
        String(unsafeUninitializedCapacity: Self.characterCount) { characters in
            write(to: characters)
            return Self.characterCount
        }
    }

    /// Writes the characters of `description`, for which there must be room.
    public func write(to characters: UnsafeMutableBufferPointer<UInt8>) {
        let (year, month, day) = Self.civil(fromDays: Int(milliseconds / 86_400_000))
        let time = Int(milliseconds % 86_400_000)
        func put(_ value: Int, digits: Int, at start: Int) {
            var value = value
            for index in stride(from: start + digits - 1, through: start, by: -1) {
                characters[index] = UInt8(ascii: "0") + UInt8(value % 10)
                value /= 10
            }
        }
        put(year, digits: 4, at: 0)
        characters[4] = UInt8(ascii: "-")
        put(month, digits: 2, at: 5)
        characters[7] = UInt8(ascii: "-")
        put(day, digits: 2, at: 8)
        characters[10] = UInt8(ascii: "T")
        put(time / 3_600_000, digits: 2, at: 11)
        characters[13] = UInt8(ascii: ":")
        put(time / 60_000 % 60, digits: 2, at: 14)
        characters[16] = UInt8(ascii: ":")
        put(time / 1000 % 60, digits: 2, at: 17)
        characters[19] = UInt8(ascii: ".")
        put(time % 1000, digits: 3, at: 20)
        characters[23] = UInt8(ascii: "Z")
    }

    /// Reads what `description` writes; fractions of 0 to 3 digits and only the zone `Z`. `nil` for all else.
    public init?(_ text: String) {
        let utf8 = Array(text.utf8)
        guard utf8.count >= 20, utf8.count <= 24, utf8[utf8.count - 1] == UInt8(ascii: "Z") else { return nil }
        func number(_ range: Range<Int>) -> Int? {
            var value = 0
            for byte in utf8[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard utf8[4] == UInt8(ascii: "-"), utf8[7] == UInt8(ascii: "-"), utf8[10] == UInt8(ascii: "T"),
            utf8[13] == UInt8(ascii: ":"), utf8[16] == UInt8(ascii: ":"),
            let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
            let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
            year >= 1970, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction = 0
        if utf8.count > 20 {
            guard utf8[19] == UInt8(ascii: "."), utf8.count > 21, let digits = number(20..<utf8.count - 1) else {
                return nil
            }
            fraction = digits * [100, 10, 1][utf8.count - 22]
        }
        let days = Self.days(fromCivil: year, month, day)
        guard Self.civil(fromDays: days) == (year, month, day) else { return nil }
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
        self.init(milliseconds: UInt64(seconds) * 1000 + UInt64(fraction))
    }

    /// The proleptic Gregorian date of a day counted from 1970-01-01, by the era arithmetic of 400-year cycles that
    /// begin on 1 March, so that the leap day is the last of its year.
    private static func civil(fromDays days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func days(fromCivil year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
