/// What `Prefer` (RFC 7240) asks for and this gateway heeds.
struct Preferences: Sendable, Hashable {
    /// Seconds that the caller is willing to wait for an approval.
    var wait: Int?

    /// The first `wait` counts (section 2); a value that is no number of seconds is overlooked, as all preferences may be.
    init(_ fields: HeaderFields) {
        guard fields.contains(.prefer) else { return }
        for value in fields.values(.prefer) {
            for part in value.split(whereSeparator: { $0 == "," || $0 == ";" }) {
                let pair = part.split(separator: "=", maxSplits: 1).map {
                    $0.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
                }
                guard pair.count == 2, pair[0].lowercased() == "wait", wait == nil, let seconds = Int(pair[1]),
                    seconds >= 0
                else { continue }
                wait = seconds
            }
        }
    }
}
