/// Where the server looks for names without a schema, as it says itself.
struct SearchPath {
    /// In order, without what is searched before them unasked.
    var schemas: [String]
    /// Where the session's temporary tables are, once it has some; searched before all others.
    var temporary: String?

    /// Temporary tables are not searched for first, so that nobody says where a table is.
    var isUnusual = false

    /// What holds until the server has been asked.
    static let standard = SearchPath(schemas: ["public"], temporary: nil)

    /// All that is searched for tables.
    var all: [String] { (temporary.map { [$0] } ?? []) + schemas }

    /// One row, one column an element; names are qualified, since it is the path that is in doubt.
    static let query = "SELECT pg_catalog.unnest(pg_catalog.current_schemas(true))"

    /// `nil` when the server did not answer.
    static func read(_ query: OwnQuery) -> SearchPath? {
        guard query.failure == nil else { return nil }
        let all = query.rows.compactMap { $0.first ?? nil }
        let temporary = all.first { $0.hasPrefix("pg_temp_") }
        // A path that names the temporary schema behind others: what a name means is then not said.
        guard temporary == nil || temporary == all.first else { return SearchPath(schemas: all, isUnusual: true) }
        var schemas = all.filter { $0 != temporary }
        // The system's schema comes first where the path does not name it.
        if schemas.first == "pg_catalog" { schemas.removeFirst() }
        return SearchPath(schemas: schemas, temporary: temporary)
    }
}
