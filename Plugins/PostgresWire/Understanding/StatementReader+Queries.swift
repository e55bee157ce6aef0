// SELECT, and INSERT, UPDATE, DELETE and MERGE with what they return.
extension StatementReader {
    // MARK: SELECT

    /// - Returns: Its columns, and what its conditions look at.
    mutating func readSelect(_ node: ParseNode, in parent: Scope?) -> (QueryOutput, conditions: Set<ColumnReference>) {
        let scope = Scope(parent: parent)
        readDefinitions(node.node("with_clause"), into: scope)
        var conditions: Set<ColumnReference> = []
        let output: QueryOutput
        if let left = node.node("larg"), let right = node.node("rarg") {
            let (one, first) = readSelect(left, in: scope)
            let (other, second) = readSelect(right, in: scope)
            output = one.united(with: other)
            conditions = first.union(second)
        } else if !node.nodes("values_lists").isEmpty {
            output = readValues(node.nodes("values_lists"), scope)
        } else {
            for source in node.nodes("from_clause").enumerated() {
                if source.offset > 0 { countJoin() }
                addSource(source.element, to: scope)
            }
            output = readTargets(node.nodes("target_list"), scope)
        }
        for part in ["where_clause", "having_clause", "limit_offset", "limit_count"] {
            if let part = node.node(part) { conditions.formUnion(references(in: part, scope)) }
        }
        for list in ["group_clause", "window_clause", "sort_clause", "distinct_clause"] {
            conditions.formUnion(references(in: node.nodes(list), scope))
        }
        if !node.nodes("locking_clause").isEmpty { locksRows = true }
        if let into = node.node("into_clause")?.node("rel") {
            uses.add("sql.ddl", RelationName(into))
            definitions = definitions.union(.named([RelationName(into)]))
            stored.formUnion(output.all)
        }
        return (output, conditions)
    }

    private mutating func readDefinitions(_ with: ParseNode?, into scope: Scope) {
        guard let with else { return }
        for definition in with.nodes("ctes") {
            guard let query = definition.node("ctequery") else { continue }
            let name = definition.text("ctename")
            // A recursive query sees itself as what its other branch gives.
            if with.flag("recursive") { scope.define(name, as: QueryOutput()) }
            var output: QueryOutput
            if query.kind == "SelectStmt" {
                output = readSelect(query, in: scope).0
            } else {
                output = readModification(query, in: scope)
            }
            let names = definition.names("aliascolnames")
            if !names.isEmpty { output = QueryOutput([.star([.derived(output, columns: names)])]) }
            scope.define(name, as: output)
            if with.flag("recursive"), query.kind == "SelectStmt" {
                output = readSelect(query, in: scope).0
                if !names.isEmpty { output = QueryOutput([.star([.derived(output, columns: names)])]) }
                scope.define(name, as: output)
            }
        }
        // Each of them may see those after it, so that any may give what any other reads.
        let ctes = with.nodes("ctes")
        if with.flag("recursive"), ctes.count > 1 {
            let all = ctes.reduce(into: Set<ColumnReference>()) {
                $0.formUnion(scope.definition($1.text("ctename"))?.all ?? [.anything])
            }
            for cte in ctes { scope.define(cte.text("ctename"), as: .opaque(all)) }
        }
    }

    private mutating func readValues(_ lists: [ParseNode], _ scope: Scope) -> QueryOutput {
        var columns: [Set<ColumnReference>] = []
        for list in lists {
            for (index, item) in list.nodes("items").enumerated() {
                let found = references(in: item, scope)
                if index < columns.count { columns[index].formUnion(found) } else { columns.append(found) }
            }
        }
        return QueryOutput(columns.enumerated().map { .column(name: "column\($0.offset + 1)", $0.element) })
    }

    mutating func readTargets(_ targets: [ParseNode], _ scope: Scope) -> QueryOutput {
        QueryOutput(
            targets.map { target in
                guard let value = target.node("val") else { return .column(name: target.text("name"), []) }
                let fields = value.kind == "ColumnRef" ? value.names("fields") : []
                if fields.last == "*" {
                    references(in: value, scope)
                    return .star(scope.star(Array(fields.dropLast())))
                }
                // `(row).*` gives as many columns as the row has.
                if value.kind == "AIndirection", value.nodes("indirection").contains(where: { $0.kind == "AStar" }) {
                    let found = references(in: value, scope)
                    return .several(found)
                }
                let name = target.text("name").isEmpty ? fields.last ?? Self.name(of: value) : target.text("name")
                return .column(name: name, references(in: value, scope))
            })
    }

    /// The name that PostgreSQL gives to a column without one; empty where it does not matter.
    private static func name(of value: ParseNode) -> String {
        switch value.kind {
        case "FuncCall": value.names("funcname").last ?? ""
        case "AIndirection":
            value.nodes("indirection").last { $0.kind == "String" }?.text("sval") ?? ""
        case "TypeCast": value.node("arg").map(name) ?? ""
        // By its ELSE it may have another name.
        case "CaseExpr": ""
        case "CoalesceExpr": "coalesce"
        default: ""
        }
    }

    // MARK: FROM

    mutating func addSource(_ node: ParseNode, to scope: Scope) {
        let alias = node.node("alias")?.text("aliasname") ?? ""
        let columns = node.node("alias")?.names("colnames") ?? []
        switch node.kind {
        case "RangeVar":
            let relation = RelationName(node)
            if relation.schema == nil, let definition = scope.definition(relation.name) {
                scope.add(.derived(definition, columns: columns), as: alias.isEmpty ? relation.name : alias)
            } else {
                uses.read(relation)
                scope.add(.relation(relation, columns: columns), as: alias.isEmpty ? relation.name : alias)
            }
        case "RangeSubselect":
            guard let query = node.node("subquery") else { return markOpaque("a subquery that is none") }
            // What stands before it is only visible to it with LATERAL; seeing it without does no harm here.
            scope.add(.derived(readSelect(query, in: scope).0, columns: columns), as: alias)
        case "JoinExpr":
            countJoin()
            for side in ["larg", "rarg"] { if let side = node.node(side) { addSource(side, to: scope) } }
            if let quals = node.node("quals") { references(in: quals, scope) }
            if !alias.isEmpty {
                scope.add(.derived(QueryOutput([.star(scope.sources.map(\.source))]), columns: columns), as: alias)
            }
            if let using = node.node("join_using_alias")?.text("aliasname"), !using.isEmpty {
                scope.add(.derived(QueryOutput([.star(scope.sources.map(\.source))]), columns: []), as: using)
            }
        case "RangeTableSample":
            if let relation = node.node("relation") { addSource(relation, to: scope) }
            references(in: node.nodes("args"), scope)
        default:
            // Functions, XMLTABLE and what else gives rows: its columns are made from whatever it is given.
            let found = references(in: node, scope)
            let names = node.nodes("functions").flatMap { $0.nodes("items") }.first?.names("funcname").last
            scope.add(
                .derived(QueryOutput.opaque(found), columns: columns), as: alias.isEmpty ? names ?? "" : alias)
        }
    }

    // MARK: INSERT, UPDATE, DELETE, MERGE

    /// - Returns: The columns of its RETURNING list.
    mutating func readModification(_ node: ParseNode, in parent: Scope?) -> QueryOutput {
        let definitions = Scope(parent: parent)
        readDefinitions(node.node("with_clause"), into: definitions)
        let scope = Scope(parent: definitions)
        guard let target = node.node("relation") else {
            markOpaque("a statement without its table")
            return .opaque([.anything])
        }
        let relation = RelationName(target)
        let alias = target.node("alias")?.text("aliasname") ?? ""
        scope.add(.relation(relation, columns: []), as: alias.isEmpty ? relation.name : alias)
        switch node.kind {
        case "InsertStmt":
            // What is inserted does not see the table that it goes to.
            if let query = node.node("select_stmt") { stored.formUnion(readSelect(query, in: definitions).0.all) }
            readInsert(node, relation, scope)
        case "UpdateStmt":
            uses.add("sql.update", relation, columns: node.nodes("target_list").map { $0.text("name") })
            for source in node.nodes("from_clause") {
                countJoin()
                addSource(source, to: scope)
            }
            store(node.nodes("target_list"), in: relation, scope)
            readCondition(node.node("where_clause"), scope)
        case "DeleteStmt":
            uses.add("sql.delete", relation)
            for source in node.nodes("using_clause") {
                countJoin()
                addSource(source, to: scope)
            }
            readCondition(node.node("where_clause"), scope)
        case "MergeStmt": readMerge(node, relation, scope)
        default: markOpaque("\(node.kind) within a query")
        }
        return readTargets(node.nodes("returning_list"), scope)
    }

    private mutating func readInsert(_ node: ParseNode, _ relation: RelationName, _ scope: Scope) {
        uses.add("sql.insert", relation, columns: node.nodes("cols").map { $0.text("name") })
        guard let conflict = node.node("on_conflict_clause") else { return }
        scope.add(.relation(relation, columns: []), as: "excluded")
        if conflict.text("action") == "ONCONFLICT_UPDATE" {
            uses.add("sql.update", relation, columns: conflict.nodes("target_list").map { $0.text("name") })
        }
        store(conflict.nodes("target_list"), in: relation, scope)
        for part in ["infer", "where_clause"] { if let part = conflict.node(part) { references(in: part, scope) } }
    }

    private mutating func readMerge(_ node: ParseNode, _ relation: RelationName, _ scope: Scope) {
        uses.add("sql.merge", relation)
        if let source = node.node("source_relation") {
            countJoin()
            addSource(source, to: scope)
        }
        if let condition = node.node("join_condition") {
            references(in: condition, scope)
            if Condition.isConstant(condition) { isWhereConstant = true }
        }
        for branch in node.nodes("merge_when_clauses") {
            switch branch.text("command_type") {
            case "CMD_INSERT":
                uses.add("sql.insert", relation, columns: branch.nodes("target_list").map { $0.text("name") })
            case "CMD_UPDATE":
                uses.add("sql.update", relation, columns: branch.nodes("target_list").map { $0.text("name") })
            case "CMD_DELETE": uses.add("sql.delete", relation)
            case "CMD_NOTHING": break
            default: markOpaque("a branch of MERGE that is not known")
            }
            store(branch.nodes("target_list"), in: relation, scope)
            stored.formUnion(references(in: branch.nodes("values"), scope))
            references(in: branch.children, scope)
        }
    }

    /// Values that go into columns. What comes from the column that it goes to is no copy.
    private mutating func store(_ targets: [ParseNode], in relation: RelationName, _ scope: Scope) {
        for target in targets {
            var found = references(in: target, scope)
            found.remove(.column(relation, target.text("name")))
            stored.formUnion(found)
        }
    }

    /// The WHERE of an UPDATE or DELETE. Where a statement has several, the widest counts.
    private mutating func readCondition(_ condition: ParseNode?, _ scope: Scope) {
        guard let condition else {
            hasWhere = false
            return
        }
        references(in: condition, scope)
        if Condition.isConstant(condition) { isWhereConstant = true }
        if condition.contains(where: { $0.kind == "SubLink" }) { hasSubqueryInWhere = true }
    }
}
