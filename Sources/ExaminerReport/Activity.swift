/// Commands over time: what the picture is drawn from.
struct Activity: Sendable {
    struct Count: Sendable {
        var commands = 0
        var refused = 0
    }

    /// An hour, a day or a month.
    struct Slice: Sendable {
        /// Its start as far as it matters, e.g. `2026-11-23T08`, `2026-11-23` or `2026-11`.
        let start: String
        let count: Count
    }

    /// Beyond this many slices a longer unit is taken.
    private static let mostSlices = 100

    /// By the first 13 characters of the time, e.g. `2026-11-23T08`.
    private var hours: [String: Count] = [:]

    /// - Parameter time: RFC 3339 in UTC.
    mutating func add(at time: String, refused: Bool) {
        guard time.utf8.count >= 13 else { return }
        let hour = Self.prefix(time, 13)
        hours[hour, default: Count()].commands += 1
        if refused { hours[hour, default: Count()].refused += 1 }
    }

    /// In order; the shortest unit of which there are not too many.
    var slices: [Slice] {
        for length in [13, 10] {
            let slices = slices(length)
            if slices.count <= Self.mostSlices { return slices }
        }
        return slices(7)
    }

    private func slices(_ length: Int) -> [Slice] {
        var counts: [String: Count] = [:]
        for (hour, count) in hours {
            counts[Self.prefix(hour, length), default: Count()].commands += count.commands
            counts[Self.prefix(hour, length), default: Count()].refused += count.refused
        }
        return counts.sorted { $0.key < $1.key }.map { Slice(start: $0.key, count: $0.value) }
    }

    private static func prefix(_ text: String, _ length: Int) -> String {
        String(decoding: text.utf8.prefix(length), as: UTF8.self)
    }
}
