/// The name of a tile in a log's folder (C2SP tlog-tiles): `tile/<level>/<index>[.p/<width>]` or
/// `tile/entries/<index>[.p/<width>]`, the index in groups of three digits of which all but the last begin with `x`.
///
/// Files are opened by the name that is written out again here, never by the text of a request.
struct TileName: Sendable, Hashable {
    /// `nil` for a bundle of entries.
    let level: Int?
    let groups: [Int]
    /// `nil` for a full tile.
    let width: Int?

    /// - Parameter text: What follows `/tlog/tile/`.
    init?(_ text: String) {
        var segments = text.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.count >= 2, segments.count <= 12 else { return nil }
        let first = segments.removeFirst()
        if first == "entries" {
            level = nil
        } else {
            guard let number = Self.number(first, digits: 1...2), number <= 63 else { return nil }
            level = number
        }
        if segments.count >= 2, segments[segments.count - 2].hasSuffix(".p") {
            guard let number = Self.number(segments.removeLast(), digits: 1...3), (1...255).contains(number),
                let index = segments.popLast()
            else { return nil }
            width = number
            segments.append(index.dropLast(2))
        } else {
            width = nil
        }
        var groups: [Int] = []
        for (position, segment) in segments.enumerated() {
            let isLast = position == segments.count - 1
            guard isLast || segment.first == "x", segment.utf8.count == (isLast ? 3 : 4),
                let group = Self.group(isLast ? segment : segment.dropFirst())
            else { return nil }
            // A leading group of zeros would be a second name for the same tile.
            if position == 0 && !isLast && group == 0 { return nil }
            groups.append(group)
        }
        guard !groups.isEmpty else { return nil }
        self.groups = groups
    }

    /// The path below the log's folder.
    var path: String {
        let names = groups.enumerated().map { position, group in
            let digits = String(group)
            let padded = String(repeating: "0", count: 3 - digits.count) + digits
            return position == groups.count - 1 ? padded : "x\(padded)"
        }
        let prefix = level.map { String($0) } ?? "entries"
        let full = "tile/\(prefix)/\(names.joined(separator: "/"))"
        return width.map { "\(full).p/\($0)" } ?? full
    }

    private static func group(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
    }

    /// Decimal digits without a leading zero.
    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        guard digits.contains(text.utf8.count), text == "0" || text.first != "0" else { return nil }
        return group(text)
    }
}
