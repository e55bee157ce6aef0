import StrictJSON

/// One page of a list, and how to get the next.
struct Page<Item> {
    let items: [Item]
    /// Goes into the query parameter `cursor` of the next request; `nil` at the end.
    let nextCursor: String?

    /// - Parameter found: Up to one more than `limit`, which tells that there is a next page.
    init(_ found: [Item], limit: Int, cursor: (Item) -> String) {
        items = Array(found.prefix(limit))
        nextCursor = found.count > limit ? items.last.map(cursor) : nil
    }

    func json(_ name: String, _ item: (Item) throws -> JSONValue) rethrows -> JSONValue {
        .object([
            JSONMember(name, .array(try items.map(item))),
            JSONMember("next_cursor", nextCursor.map { .string($0) } ?? .null),
        ])
    }
}
