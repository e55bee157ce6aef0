/// A table, view or function as a statement names it.
struct RelationName: Hashable, Sendable {
    /// `nil` where the search path decides.
    let schema: String?
    let name: String
}

/// What a value is computed from.
enum ColumnReference: Hashable, Sendable {
    case column(RelationName, String)
    /// A name behind that of a relation: a column, or a function of the whole row (`t.row_to_json`).
    case field(RelationName, String)
    /// All columns of a relation: `t.*`, `row_to_json(t)`.
    case wholeRow(RelationName)
    /// What a function gives. Those that PostgreSQL brings compute it from their arguments; others may read any table.
    case function(RelationName)
    /// It cannot be said: any column of any relation.
    case anything
}

/// What the columns of a result are computed from. In doubt it names more, never less.
struct Lineage: Sendable {
    /// One or more columns of the result, in order.
    enum Item: Sendable {
        case column(Set<ColumnReference>)
        /// All columns of a relation, in their order.
        case relation(RelationName)
        /// Nobody knows how many.
        case several(Set<ColumnReference>)

        var references: Set<ColumnReference> {
            switch self {
            case .column(let references), .several(let references): references
            case .relation(let relation): [.wholeRow(relation)]
            }
        }
    }

    var items: [Item] = []

    static let nothing = Lineage()
    static let unknown = Lineage(items: [.several([.anything])])

    var all: Set<ColumnReference> { items.reduce(into: []) { $0.formUnion($1.references) } }

    /// What each of a result's `count` columns is computed from.
    ///
    /// - Parameter names: The columns of a relation, in order; `nil` where they are not known.
    func columns(_ count: Int, names: (RelationName) -> [String]?) -> [Set<ColumnReference>] {
        var expanded: [Set<ColumnReference>] = []
        var isCertain = true
        for item in items {
            switch item {
            case .column(let references): expanded.append(references)
            case .relation(let relation):
                guard let columns = names(relation) else {
                    isCertain = false
                    break
                }
                for column in columns { expanded.append([.column(relation, column)]) }
            case .several: isCertain = false
            }
        }
        if isCertain, expanded.count == count { return expanded }
        // JOIN … USING merges columns, and functions give any number: only those outside of `*` can be told apart.
        let leading = items.prefix { $0.isOneColumn }.map(\.references)
        let trailing = items.dropFirst(leading.count).reversed().prefix { $0.isOneColumn }.map(\.references)
        guard leading.count + trailing.count <= count, leading.count + trailing.count < items.count else {
            return Array(repeating: all, count: count)
        }
        let middle = Lineage(items: Array(items.dropFirst(leading.count).dropLast(trailing.count))).all
        return leading + Array(repeating: middle, count: count - leading.count - trailing.count) + trailing.reversed()
    }
}

extension Lineage.Item {
    fileprivate var isOneColumn: Bool { if case .column = self { true } else { false } }
}

extension Set<ColumnReference> {
    /// The relations that are named.
    var relations: Set<RelationName> {
        Set<RelationName>(
            compactMap {
                switch $0 {
                case .column(let relation, _), .field(let relation, _), .wholeRow(let relation): relation
                case .function, .anything: nil
                }
            })
    }

    /// The functions that are named.
    var functions: Set<RelationName> {
        Set<RelationName>(compactMap { if case .function(let name) = $0 { name } else { nil } })
    }
}
