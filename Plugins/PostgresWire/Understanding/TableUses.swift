import GatewayCore

/// Which tables a statement touches, how, and by which columns.
struct TableUses {
    private struct Use: Hashable {
        let action: String
        let relation: RelationName
    }

    private var order: [Use] = []
    private var columns: [Use: Set<String>] = [:]

    var areUnqualified: Bool { order.contains { $0.relation.schema == nil } }

    var relations: Set<RelationName> { Set(order.map(\.relation)) }

    mutating func read(_ relation: RelationName) { add("sql.select", relation) }

    mutating func add(_ action: String, _ relation: RelationName, columns named: some Sequence<String> = []) {
        let use = Use(action: action, relation: relation)
        if columns[use] == nil { order.append(use) }
        columns[use, default: []].formUnion(named)
    }

    /// A column that is read, of a relation that is among those touched.
    mutating func note(_ reference: ColumnReference) {
        switch reference {
        case .column(let relation, let name): add("sql.select", relation, columns: [name])
        case .wholeRow(let relation): add("sql.select", relation, columns: ["*"])
        // The column of the same name is there too.
        case .field, .function, .anything: break
        }
    }

    /// One effect for each action on each table; a name without a schema stands for every table that it can mean.
    func effects(_ searchPath: [String]) -> [Effect] {
        order.flatMap { use in
            Self.schemas(of: use.relation, searchPath).map { schema in
                Effect(
                    action: use.action,
                    resource: Resource(
                        type: "Table", name: "\(schema).\(use.relation.name)",
                        attributes: ["columns": .strings((columns[use] ?? []).sorted())]))
            }
        }
    }

    func names(_ searchPath: [String]) -> [String] {
        Set(order.flatMap { use in Self.schemas(of: use.relation, searchPath).map { "\($0).\(use.relation.name)" } })
            .sorted()
    }

    /// Where the table may be. The system's own names are looked up before all others, unless the path has the system's
    /// schema at another place; a name that only looks like one of these may also be of whoever can make a table.
    static func schemas(of relation: RelationName, _ searchPath: [String]) -> [String] {
        if let schema = relation.schema { return [schema] }
        let path = searchPath.isEmpty ? ["public"] : searchPath
        guard relation.name.hasPrefix("pg_") else { return path }
        let all = KnownCatalog.schemas(relation, path)
        return all.first == "pg_catalog" && SystemRelations.contains(relation.name) ? ["pg_catalog"] : all
    }
}
