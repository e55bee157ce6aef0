/// What the names in one query can mean: its FROM list, what WITH defines, and all that of the queries around it.
final class Scope {
    /// Something in a FROM list.
    enum Source {
        case relation(RelationName, columns: [String])
        /// A subquery or a function; `columns` are the names that its alias gives, which may be fewer than it has.
        case derived(QueryOutput, columns: [String])

        func references(toColumn name: String) -> Set<ColumnReference> {
            switch self {
            case .relation(let relation, let columns):
                // Under another name it can be any of them.
                columns.contains(name) ? [.wholeRow(relation)] : [.column(relation, name)]
            case .derived(let output, let columns):
                if let index = columns.firstIndex(of: name) {
                    output.references(toColumn: index)
                } else {
                    output.references(toColumn: name)
                }
            }
        }

        var all: Set<ColumnReference> {
            switch self {
            case .relation(let relation, _): [.wholeRow(relation)]
            case .derived(let output, _): output.all
            }
        }
    }

    private let parent: Scope?
    private(set) var sources: [(alias: String, source: Source)] = []
    private var definitions: [String: QueryOutput] = [:]

    init(parent: Scope?) { self.parent = parent }

    func add(_ source: Source, as alias: String) { sources.append((alias, source)) }
    func define(_ name: String, as output: QueryOutput) { definitions[name] = output }

    /// What WITH defines under this name, here or further out.
    func definition(_ name: String) -> QueryOutput? { definitions[name] ?? parent?.definition(name) }

    /// What a column reference can mean, `*` excepted. All that is possible counts.
    func references(_ fields: [String]) -> Set<ColumnReference> {
        switch fields.count {
        case 1:
            var found: Set<ColumnReference> = []
            var scope: Scope? = self
            while let current = scope {
                for (alias, source) in current.sources {
                    found.formUnion(source.references(toColumn: fields[0]))
                    // `SELECT t FROM t`: the row itself.
                    if alias == fields[0] { found.formUnion(source.all) }
                }
                scope = current.parent
            }
            return found
        case 2...:
            // `alias.column`, `schema.table.column`, and fields of composite columns behind it.
            var found: Set<ColumnReference> = []
            // Of several with one alias, in this query and around it, any may be meant.
            for source in sources(fields[0]) {
                found.formUnion(source.references(toColumn: fields[1]))
                if case .relation(let relation, _) = source { found.insert(.field(relation, fields[1])) }
                if case .derived(let output, _) = source, !output.knows(fields[1]) { found.formUnion(output.all) }
            }
            if fields.count >= 3 {
                found.insert(
                    .column(
                        RelationName(schema: fields[fields.count - 3], name: fields[fields.count - 2]),
                        fields[fields.count - 1]))
            }
            return found.isEmpty ? [.anything] : found
        default: return [.anything]
        }
    }

    /// What `*` or `alias.*` stands for.
    func star(_ qualifier: [String]) -> [Source] {
        guard let alias = qualifier.last else { return sources.map(\.source) }
        if qualifier.count == 1, case let found = sources(alias), !found.isEmpty { return found }
        return [.relation(RelationName(schema: qualifier.dropLast().last, name: alias), columns: [])]
    }

    private func sources(_ alias: String) -> [Source] {
        sources.filter { $0.alias == alias }.map(\.source) + (parent?.sources(alias) ?? [])
    }
}

/// The columns that a query gives.
final class QueryOutput {
    enum Item {
        case column(name: String, Set<ColumnReference>)
        case star([Scope.Source])
        /// Columns whose names and number nobody knows.
        case several(Set<ColumnReference>)
    }

    private(set) var items: [Item]

    init(_ items: [Item] = []) { self.items = items }

    /// Columns whose names and number nobody knows, all made from `references`.
    static func opaque(_ references: Set<ColumnReference>) -> QueryOutput { QueryOutput([.several(references)]) }

    var isEmpty: Bool { items.isEmpty }

    /// Whether a column of this name is certainly among them.
    func knows(_ name: String) -> Bool {
        items.contains { if case .column(name, _) = $0 { true } else { false } }
    }

    var all: Set<ColumnReference> {
        items.reduce(into: []) { all, item in
            switch item {
            case .column(_, let references), .several(let references): all.formUnion(references)
            case .star(let sources): for source in sources { all.formUnion(source.all) }
            }
        }
    }

    func references(toColumn name: String) -> Set<ColumnReference> {
        items.reduce(into: []) { found, item in
            switch item {
            case .column(let own, let references): if own == name || own.isEmpty { found.formUnion(references) }
            case .several(let references): found.formUnion(references)
            case .star(let sources): for source in sources { found.formUnion(source.references(toColumn: name)) }
            }
        }
    }

    func references(toColumn index: Int) -> Set<ColumnReference> {
        guard items.prefix(index + 1).allSatisfy({ if case .column = $0 { true } else { false } }), index < items.count,
            case .column(_, let references) = items[index]
        else { return all }
        return references
    }

    /// What UNION and its like make of two queries: the left one's names, and what either gives.
    func united(with other: QueryOutput) -> QueryOutput {
        let arePlain = (items + other.items).allSatisfy { if case .column = $0 { true } else { false } }
        guard arePlain, items.count == other.items.count else { return .opaque(all.union(other.all)) }
        return QueryOutput(
            items.indices.map { index in
                guard case .column(let name, let references) = items[index] else { return items[index] }
                return .column(name: name, references.union(other.references(toColumn: index)))
            })
    }

    var lineage: Lineage { Lineage(items: items.flatMap(Self.lineage)) }

    private static func lineage(of item: Item) -> [Lineage.Item] {
        switch item {
        case .column(_, let references): [.column(references)]
        case .several(let references): [.several(references)]
        case .star(let sources):
            sources.flatMap { source -> [Lineage.Item] in
                switch source {
                case .relation(let relation, _): [.relation(relation)]
                case .derived(let output, _): output.lineage.items
                }
            }
        }
    }
}
