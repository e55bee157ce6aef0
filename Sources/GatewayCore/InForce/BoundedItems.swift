import StrictJSON

/// As many items of a list as fit into an entry, and how many do not.
struct BoundedItems: Sendable {
    /// One in two sizes: with its texts, and with what must be said of it whatever its size.
    struct Item: Sendable {
        let whole: JSONValue
        let short: JSONValue
    }

    /// The most bytes of all lists of an entry together: an entry has at most 65,535, and other members.
    static let mostBytes = 56_000

    private(set) var items: [JSONValue] = []
    private(set) var omitted = 0
    /// What is left for other lists.
    private(set) var remaining: Int

    /// What must be said comes first, for as many as fit; then texts, the shortest first.
    init(_ all: [Item], within bytes: Int) {
        var chosen: [(whole: JSONValue, short: JSONValue, extra: Int)] = []
        var room = bytes
        for item in all {
            let size = Self.size(item.short)
            guard size <= room else {
                omitted += 1
                continue
            }
            room -= size
            chosen.append((item.whole, item.short, Self.size(item.whole) - size))
        }
        items = chosen.map(\.short)
        for (index, item) in chosen.enumerated().sorted(by: { $0.element.extra < $1.element.extra }) {
            guard item.extra <= room else { break }
            room -= max(item.extra, 0)
            items[index] = item.whole
        }
        remaining = room
    }

    /// With the comma before it.
    private static func size(_ value: JSONValue) -> Int { value.canonicalBytes.count + 1 }
}
