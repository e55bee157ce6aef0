import Identifiers

/// Commands over time: what the picture is drawn from.
struct Activity: Sendable {
    struct Count: Sendable {
        var commands = 0
        var refused = 0
    }

    /// All the time that the picture is of, cut into slices.
    struct Timeline: Sendable {
        /// What one slice is: `an hour`, `a day`, `a month`, `a year` or so many years.
        let unit: String
        let slices: [Slice]
    }

    struct Slice: Sendable {
        /// Its start as far as it matters, e.g. `2026-11-23T08`, `2026-11-23`, `2026-11` or `2020`.
        let start: String
        let count: Count
    }

    /// Beyond this many slices a longer unit is taken.
    static let mostSlices = 100

    private static let hour: UInt64 = 3_600_000

    /// By hours since 1970.
    private var hours: [UInt64: Count] = [:]

    /// - Parameter time: RFC 3339 in UTC; what is none has no place in the picture.
    mutating func add(at time: String, refused: Bool) {
        guard let hour = Timestamp(time).map({ $0.milliseconds / Self.hour }) else { return }
        hours[hour, default: Count()].commands += 1
        if refused { hours[hour, default: Count()].refused += 1 }
    }

    /// In order, those too in which nothing happened: an outage is something to see. The shortest unit of which there are
    /// not too many.
    ///
    /// - Parameter period: What the picture is of; where an end of it is open, it ends with what happened there.
    func timeline(of period: ReportPeriod = ReportPeriod(from: nil, until: nil)) -> Timeline {
        let nothing = Timeline(unit: Unit.hour.title, slices: [])
        guard let first = hours.keys.min(), let last = hours.keys.max() else { return nothing }
        let start = period.from.map { $0.milliseconds / Self.hour } ?? first
        // The moment at which it ends is not in it.
        let end = period.until.map { ($0.milliseconds - min(1, $0.milliseconds)) / Self.hour } ?? last
        let range = min(start, first)...max(end, last)
        for unit in Unit.all {
            let places = unit.place(of: range.lowerBound)...unit.place(of: range.upperBound)
            if places.count <= Self.mostSlices { return Timeline(unit: unit.title, slices: slices(unit, places)) }
        }
        return nothing
    }

    private func slices(_ unit: Unit, _ places: ClosedRange<Int>) -> [Slice] {
        var counts = [Count](repeating: Count(), count: places.count)
        for (hour, count) in hours {
            let place = unit.place(of: hour) - places.lowerBound
            counts[place].commands += count.commands
            counts[place].refused += count.refused
        }
        return zip(places, counts).map { Slice(start: unit.name(of: $0), count: $1) }
    }

    /// What time is cut into. A place is the number of a slice, counted from one that is the same for all logs.
    private enum Unit {
        case hour, day, month
        case years(Int)

        /// The last cuts all the time that a timestamp can name into few enough.
        static let all: [Unit] = [.hour, .day, .month, .years(1), .years(10), .years(100)]

        var title: String {
            switch self {
            case .hour: "an hour"
            case .day: "a day"
            case .month: "a month"
            case .years(1): "a year"
            case .years(let count): "\(count) years"
            }
        }

        func place(of hour: UInt64) -> Int {
            switch self {
            case .hour: Int(hour)
            case .day: Int(hour / 24)
            case .month: Self.number(hour, 0..<4) * 12 + Self.number(hour, 5..<7) - 1
            case .years(let count): Self.number(hour, 0..<4) / count
            }
        }

        func name(of place: Int) -> String {
            switch self {
            case .hour: String(Self.text(UInt64(place)).prefix(13))
            case .day: String(Self.text(UInt64(place) * 24).prefix(10))
            case .month: "\(place / 12)-\(place % 12 < 9 ? "0" : "")\(place % 12 + 1)"
            case .years(let count): String(place * count)
            }
        }

        private static func text(_ hour: UInt64) -> String {
            Timestamp(milliseconds: hour * Activity.hour).description
        }

        /// Of these characters of the time's text.
        private static func number(_ hour: UInt64, _ digits: Range<Int>) -> Int {
            Int(text(hour).dropFirst(digits.lowerBound).prefix(digits.count)) ?? 0
        }
    }
}
