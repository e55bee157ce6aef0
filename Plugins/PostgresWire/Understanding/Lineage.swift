/// A table or view as a statement names it.
struct RelationName: Hashable, Sendable {
    /// `nil` where the search path decides.
    let schema: String?
    let name: String
}

/// What a value is computed from.
enum ColumnReference: Hashable, Sendable {
    case column(RelationName, String)
    /// All columns of a relation: `t.*`, `row_to_json(t)`.
    case wholeRow(RelationName)
    /// It cannot be said: any column of any relation.
    case anything
}

/// What the columns of a result are computed from. In doubt it names more, never less.
struct Lineage: Sendable {
    /// The columns before the first `*`, in order.
    var leading: [Set<ColumnReference>] = []
    /// Those that a `*` stands for.
    var middle: Set<ColumnReference> = []
    /// The columns after the last `*`.
    var trailing: [Set<ColumnReference>] = []

    static let nothing = Lineage()
    static let unknown = Lineage(middle: [.anything])

    var all: Set<ColumnReference> {
        (leading + trailing).reduce(middle) { $0.union($1) }
    }

    /// - Parameter count: How many columns the result has.
    func references(ofColumn index: Int, of count: Int) -> Set<ColumnReference> {
        if index < leading.count { return leading[index] }
        let fromEnd = count - index
        if fromEnd <= trailing.count, fromEnd > 0 { return trailing[trailing.count - fromEnd] }
        return middle
    }

    /// The relations that are named.
    var relations: Set<RelationName> {
        Set(
            all.compactMap {
                switch $0 {
                case .column(let relation, _), .wholeRow(let relation): relation
                case .anything: nil
                }
            })
    }
}
