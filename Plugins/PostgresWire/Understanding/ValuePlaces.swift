/// Which columns the literals and parameters of a statement go to or are compared with, by where they stand.
///
/// It is for the records, which hold no value of a masked column in clear: a name too many is harmless, one too few is
/// not. So every value in an operator's or function's arguments is of every column there.
struct ValuePlaces {
    /// Values that can be of the same columns; of any, where there are no names.
    struct Group: Hashable, Sendable {
        let names: Set<String>
        /// Where the literals begin, in bytes of the query string.
        var literals: [Int] = []
        /// The numbers of the parameters: 1 of `$1`.
        var parameters: [Int] = []
    }

    private enum Place: Hashable {
        case literal(Int)
        case parameter(Int)
    }

    /// What is known of the values below a node: nothing, or the columns that they can be of.
    private enum Names {
        case none
        case some(Set<String>)
        case any

        /// With more names than are worth telling apart, it is any.
        func adding(_ more: Set<String>) -> Names {
            switch self {
            case .any: return .any
            case .none where more.isEmpty: return .none
            case .none: return more.count > 16 ? .any : .some(more)
            case .some(let names):
                let all = names.union(more)
                return all.count > 16 ? .any : .some(all)
            }
        }
    }

    private var places: [Place: Names] = [:]
    /// In an expression whose columns have been collected.
    private var isInExpression = false

    static func find(in statement: ParseNode) -> [Group] {
        var finder = ValuePlaces()
        finder.walk(statement, .none)
        var groups: [Set<String>: Group] = [:]
        for (place, names) in finder.places {
            let key: Set<String> = if case .some(let names) = names { names } else { [] }
            switch place {
            case .literal(let offset): groups[key, default: Group(names: key)].literals.append(offset)
            case .parameter(let number): groups[key, default: Group(names: key)].parameters.append(number)
            }
        }
        return groups.values.map { group in
            var group = group
            group.literals.sort()
            group.parameters.sort()
            return group
        }
    }

    private mutating func note(_ place: Place, _ names: Names) {
        switch (names, places[place]) {
        case (.none, _), (_, .any?): break
        case (.some(let more), let known?): places[place] = known.adding(more)
        case (let names, _): places[place] = names
        }
    }

    private mutating func walk(_ node: ParseNode, _ names: Names) {
        switch node.kind {
        case "AConst":
            // TRUE, FALSE and NULL say nothing of anybody.
            guard node.node("boolval") == nil, !node.flag("isnull"), node.integer("location") > 0 else { return }
            note(.literal(Int(node.integer("location"))), names)
        case "ParamRef": note(.parameter(Int(node.integer("number"))), names)
        case "TypeName": break
        case "AExpr", "FuncCall", "CoalesceExpr", "MinMaxExpr", "CaseExpr", "RowExpr":
            guard !isInExpression else { return walk(node.children, names) }
            isInExpression = true
            walk(node.children, names.adding(Self.columns(in: node)))
            isInExpression = false
        case "SubLink":
            // `x IN (SELECT …)` compares x with what the query gives.
            let outer = isInExpression
            isInExpression = false
            let tested = node.node("testexpr").map(Self.columns) ?? []
            let given = node.node("subselect").map { Self.columns(in: $0.nodes("target_list")) } ?? []
            if let query = node.node("subselect") { walk(query, names.adding(tested)) }
            isInExpression = true
            if let test = node.node("testexpr") { walk(test, names.adding(tested).adding(given)) }
            isInExpression = outer
        case "ResTarget":
            let name = node.text("name")
            if let value = node.node("val") { walk(value, name.isEmpty ? names : names.adding([name])) }
            walk(node.nodes("indirection"), .none)
        case "InsertStmt": walkInsert(node, names)
        case "MergeWhenClause": walkMerge(node, names)
        // Their columns have names that only those see who follow the query through.
        case "RangeSubselect", "CommonTableExpr":
            for query in [node.node("subquery"), node.node("ctequery")].compactMap({ $0 }) { walkSource(query) }
        case "ExecuteStmt": walk(node.nodes("params"), .any)
        default: walk(node.children, names)
        }
    }

    private mutating func walk(_ nodes: [ParseNode], _ names: Names) {
        for node in nodes { walk(node, names) }
    }

    private mutating func walkInsert(_ node: ParseNode, _ names: Names) {
        let columns = node.nodes("cols").map { $0.text("name") }
        if let query = node.node("select_stmt") { walkRows(query, columns) }
        for part in ["with_clause", "on_conflict_clause"] { if let part = node.node(part) { walk(part, .none) } }
        walk(node.nodes("returning_list"), names)
    }

    /// A query whose columns go into `columns`, one by one; without them it is not known which goes where.
    private mutating func walkRows(_ query: ParseNode, _ columns: [String]) {
        func names(_ index: Int) -> Names { index < columns.count ? .some([columns[index]]) : .any }
        guard query.node("larg") == nil else {
            for side in ["larg", "rarg"] { if let side = query.node(side) { walkRows(side, columns) } }
            return
        }
        for list in query.nodes("values_lists") {
            for (index, item) in list.nodes("items").enumerated() { walk(item, names(index)) }
        }
        for (index, target) in query.nodes("target_list").enumerated() { walk(target, names(index)) }
        walkClauses(of: query)
    }

    /// What stands in a query besides its columns.
    private mutating func walkClauses(of query: ParseNode) {
        for list in ["from_clause", "group_clause", "window_clause", "sort_clause", "distinct_clause"] {
            walk(query.nodes(list), .none)
        }
        for part in ["with_clause", "where_clause", "having_clause"] {
            if let part = query.node(part) { walk(part, .none) }
        }
    }

    private mutating func walkSource(_ query: ParseNode) {
        if query.kind == "SelectStmt" { walkRows(query, []) } else { walk(query, .none) }
    }

    private mutating func walkMerge(_ node: ParseNode, _ names: Names) {
        let targets = node.nodes("target_list")
        for (index, value) in node.nodes("values").enumerated() {
            walk(value, index < targets.count ? .some([targets[index].text("name")]) : .any)
        }
        walk(targets, names)
        if let condition = node.node("condition") { walk(condition, .none) }
    }

    /// The names of the columns in an expression, but not in the queries within it.
    private static func columns(in node: ParseNode) -> Set<String> {
        switch node.kind {
        case "ColumnRef": node.names("fields").last.map { [$0] } ?? []
        case "SelectStmt": []
        default: columns(in: node.children)
        }
    }

    private static func columns(in nodes: [ParseNode]) -> Set<String> {
        nodes.reduce(into: []) { $0.formUnion(columns(in: $1)) }
    }
}
