import Identifiers

/// The time in which what was closed has one key: a month, or less where evidence is kept for less than a quarter.
public struct KeyPeriod: Sendable, Hashable {
    public let from: Timestamp
    /// The first moment that is not in it.
    public let until: Timestamp

    public init(from: Timestamp, until: Timestamp) {
        self.from = from
        self.until = until
    }

    /// The period, in UTC, in which evidence closed at `time` falls that is kept for `duration`; `nil` keeps it for ever.
    ///
    /// All of a period goes at once, when the last of it is due, so that a long one keeps its first days for longer
    /// than the rule says: a month of 90 days or more, a day of 2 days or more, an hour of 2 hours or more, a second.
    public init(containing time: Timestamp, keeping duration: Duration?) {
        let steps: [(least: Duration, milliseconds: UInt64)] = [
            (.seconds(2 * 86_400), 86_400_000), (.seconds(2 * 3600), 3_600_000), (.zero, 1000),
        ]
        guard let duration, duration < .seconds(90 * 86_400) else {
            self = Self.month(of: time)
            return
        }
        let length = steps.first { duration >= $0.least }?.milliseconds ?? 1000
        from = Timestamp(milliseconds: time.milliseconds / length * length)
        until = Timestamp(milliseconds: from.milliseconds + length)
    }

    private static func month(of time: Timestamp) -> KeyPeriod {
        let text = time.description
        let day = UInt64(text.dropFirst(8).prefix(2)) ?? 1
        let midnight = time.milliseconds / 86_400_000
        let first = midnight - (day - 1)
        // No month has more than 31 days, so this is in the next one.
        let next = Timestamp(milliseconds: (first + 31) * 86_400_000)
        let nextDay = UInt64(next.description.dropFirst(8).prefix(2)) ?? 1
        return KeyPeriod(
            from: Timestamp(milliseconds: first * 86_400_000),
            until: Timestamp(milliseconds: (first + 31 - (nextDay - 1)) * 86_400_000))
    }
}

extension KeyPeriod: CustomStringConvertible {
    /// `2026-11` for a month, `2026-11-26` for a day, `2026-11-26T08` for an hour, else to the second.
    public var description: String {
        let text = from.description
        switch until.milliseconds - from.milliseconds {
        case UInt64(28 * 86_400_000)...: return String(text.prefix(7))
        case 86_400_000: return String(text.prefix(10))
        case 3_600_000: return String(text.prefix(13))
        default: return String(text.prefix(19))
        }
    }
}
