import Identifiers

/// Where in a session a replay begins.
public enum ReplayMoment: Sendable, Hashable {
    /// So long after the session began.
    case offset(Duration)
    /// A time of day in UTC, in seconds: the first one that is not before the session began.
    case timeOfDay(seconds: Int)
    case time(Timestamp)

    /// Reads `+90s`, `+1h2m3s`, `12:30`, `12:30:15`, or a moment of RFC 3339 in UTC; `nil` for all else.
    public init?(_ text: String) {
        if text.hasPrefix("+") {
            guard let duration = Self.duration(text.dropFirst()) else { return nil }
            self = .offset(duration)
        } else if let time = Timestamp(text) {
            self = .time(time)
        } else {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { part in
                part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
            }
            guard (2...3).contains(parts.count), numbers.count == parts.count, numbers[0] < 24, numbers[1] < 60,
                numbers.count == 2 || numbers[2] < 60
            else { return nil }
            self = .timeOfDay(seconds: numbers[0] * 3600 + numbers[1] * 60 + (numbers.count == 3 ? numbers[2] : 0))
        }
    }

    private static func duration(_ text: Substring) -> Duration? {
        var rest = text.utf8[...]
        var seconds = 0
        var largest = Int.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            rest = rest.dropFirst(digits.count)
            let units: [UInt8: Int] = [
                UInt8(ascii: "h"): 3600, UInt8(ascii: "m"): 60, UInt8(ascii: "s"): 1,
            ]
            // Hours, then minutes, then seconds, each once.
            guard let number = Int(Substring(digits)), number < 1_000_000, let letter = rest.popFirst(),
                let unit = units[letter], unit < largest
            else { return nil }
            seconds += number * unit
            largest = unit
        }
        return .seconds(seconds)
    }

    /// How long after a session that began at `start`; not before it.
    public func offset(inSessionFrom start: Timestamp) -> Duration {
        switch self {
        case .offset(let offset): return offset
        case .time(let time): return max(.zero, time.duration(since: start))
        case .timeOfDay(let seconds):
            let day: UInt64 = 86_400_000
            let inDay = start.milliseconds % day
            let wanted = UInt64(seconds) * 1000
            // A session over midnight: a time before its start is of the next day.
            return .milliseconds(
                Int64(wanted >= inDay / 1000 * 1000 ? max(wanted, inDay) - inDay : wanted + day - inDay))
        }
    }
}
