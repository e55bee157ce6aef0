/// Where the server looks for names without a schema, as it says itself.
enum SearchPath {
    /// What holds until the server has been asked.
    static let standard = ["public"]

    /// One row, one column an element; names are qualified, since it is the path that is in doubt.
    static let query = "SELECT pg_catalog.unnest(pg_catalog.current_schemas(false))"

    /// `nil` when the server did not answer.
    static func read(_ query: OwnQuery) -> [String]? {
        guard query.failure == nil else { return nil }
        return query.rows.compactMap { $0.first ?? nil }
    }
}
