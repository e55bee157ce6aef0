/// A list that is cut at a length, and says how much it leaves out.
struct TopList<Element: Sendable>: Sendable {
    let most: Int
    private(set) var items: [Element] = []
    private(set) var omitted = 0

    init(most: Int) { self.most = most }

    mutating func append(_ element: Element) {
        if items.count < most { items.append(element) } else { omitted += 1 }
    }
}

/// Counters by key, so many at most: what comes after that is counted together, so that a log of any size is read in
/// bounded memory.
struct BoundedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    let most: Int
    private(set) var rows: [Key: Value] = [:]
    /// Events whose key found no room.
    private(set) var omitted = 0

    init(most: Int) { self.most = most }

    mutating func update(_ key: Key, default first: @autoclosure () -> Value, _ change: (inout Value) -> Void) {
        guard rows[key] != nil || rows.count < most else {
            omitted += 1
            return
        }
        change(&rows[key, default: first()])
    }
}
