import GatewayCore

// Every kind of statement, by its name in PostgreSQL's grammar.
extension StatementReader {
    mutating func readStatement(_ node: ParseNode, count: Int) -> StatementKind {
        switch node.kind {
        case "SelectStmt":
            lineage = readSelect(node, in: nil).0.lineage
            if let into = node.node("into_clause")?.node("rel") { uses.add("sql.insert", RelationName(into)) }
            return .query
        case "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt":
            lineage = readModification(node, in: nil).lineage
            return .query
        case "CopyStmt": return readCopy(node)
        case "ExplainStmt": return readExplain(node, count: count)
        case "PrepareStmt", "DeclareCursorStmt": return readBody(node, count: count)
        case "ExecuteStmt":
            add("sql.execute", Self.session)
            return .execute(name: node.text("name"), arguments: node.nodes("params").map(Self.shown))
        case "DeallocateStmt":
            add("sql.deallocate", Self.session)
            return .deallocate
        case "FetchStmt":
            add("sql.fetch", Self.session)
            return .fetch(cursor: node.text("portalname"))
        case "ClosePortalStmt":
            add("sql.cursor", Self.session)
            return .closeCursor(node.text("portalname").isEmpty ? nil : node.text("portalname"))
        case "TransactionStmt": return readTransaction(node)
        case "VariableSetStmt": return readSet(node)
        case "VariableShowStmt":
            add("sql.show", Self.session)
            return .query
        case "DiscardStmt":
            add("sql.set", Self.session)
            return .changesSettings
        case "ListenStmt", "UnlistenStmt": return plain("sql.listen", Self.session)
        case "NotifyStmt": return plain("sql.notify", Self.session)
        case "ConstraintsSetStmt": return plain("sql.set", Self.session)
        case "TruncateStmt": return onTables(node, "sql.truncate", "relations")
        case "LockStmt": return onTables(node, "sql.lock", "relations")
        case "CallStmt":
            add(
                "sql.call",
                Resource(type: "Function", name: node.node("funccall")?.names("funcname").joined(separator: ".") ?? ""))
            stored.formUnion(references(in: node.children, Scope(parent: nil)))
            lineage = .unknown
            return .changesSettings
        case "DoStmt":
            add("sql.do", Self.server)
            markOpaque("a DO block runs code")
            return .changesSettings
        case "RefreshMatViewStmt":
            if let relation = node.node("relation") { uses.add("sql.refresh", RelationName(relation)) }
            return .other
        case "VacuumStmt", "ClusterStmt", "ReindexStmt": return maintains(node)
        case "GrantStmt", "GrantRoleStmt", "AlterDefaultPrivilegesStmt": return grants(node)
        case "AlterSystemStmt", "LoadStmt", "CheckPointStmt": return plain("sql.alter-system", Self.server)
        case "CreateTableAsStmt": return readCreateTableAs(node)
        default: return readDefinition(node)
        }
    }

    private mutating func plain(_ action: String, _ resource: Resource) -> StatementKind {
        add(action, resource)
        return .other
    }

    private mutating func onTables(_ node: ParseNode, _ action: String, _ list: String) -> StatementKind {
        for relation in node.nodes(list) { uses.add(action, RelationName(relation)) }
        return .other
    }

    // MARK: Statements around statements

    private mutating func readExplain(_ node: ParseNode, count: Int) -> StatementKind {
        add("sql.explain", Self.session)
        guard let body = node.node("query") else { return .query }
        let runs = node.nodes("options").contains { $0.text("defname") == "analyze" }
        if runs {
            // It runs, and what it would return is not shown.
            _ = readStatement(body, count: count)
            if body.contains(where: { $0.kind == "ExecuteStmt" }) {
                markOpaque("it explains and runs a prepared statement")
            }
            lineage = .nothing
        } else {
            var reader = StatementReader(settings: settings, functions: functions)
            _ = reader.readStatement(body, count: count)
            for name in reader.uses.relations { uses.read(name) }
        }
        return .query
    }

    private mutating func readBody(_ node: ParseNode, count: Int) -> StatementKind {
        guard let query = node.node("query") else {
            markOpaque("a statement without its query")
            return .other
        }
        let body = Self.read(query, range: 0..<0, count: count, settings: settings, functions: functions)
        if node.kind == "PrepareStmt" {
            add("sql.prepare", Self.session)
            return .prepare(name: node.text("name"), body: body)
        }
        // The cursor's query runs as it is fetched from; what it does besides reading, it does from here on.
        _ = readStatement(query, count: count)
        lineage = .nothing
        add("sql.cursor", Self.session)
        let isHeld = node.integer("options") & 0x20 != 0
        return .declareCursor(name: node.text("portalname"), body: body, isHeld: isHeld)
    }

    private mutating func readCreateTableAs(_ node: ParseNode) -> StatementKind {
        if let into = node.node("into")?.node("rel") {
            uses.add("sql.ddl", RelationName(into))
            uses.add("sql.insert", RelationName(into))
            definitions = definitions.union(.named([RelationName(into)]))
        }
        guard let query = node.node("query") else { return .other }
        if query.kind == "SelectStmt" {
            let output = readSelect(query, in: nil).0
            // A materialized view can be looked through as any view.
            if node.text("objtype") != "OBJECT_MATVIEW" { stored.formUnion(output.all) }
        } else {
            add("sql.execute", Self.session)
            markOpaque("it keeps what a prepared statement gives")
        }
        return .other
    }

    /// The value of an argument, where it is written out.
    private static func shown(_ node: ParseNode) -> String {
        guard node.kind == "AConst" else { return "an expression" }
        for part in node.children {
            for field in ["sval", "fval", "bsval"] where !part.text(field).isEmpty { return part.text(field) }
            if part.kind == "Integer" { return "\(part.integer("ival"))" }
            if part.kind == "Boolean" { return "\(part.flag("boolval"))" }
        }
        return node.flag("isnull") ? "NULL" : "0"
    }

    // MARK: COPY

    private mutating func readCopy(_ node: ParseNode) -> StatementKind {
        let isFrom = node.flag("is_from")
        let relation = node.node("relation").map { RelationName($0) }
        let columns = node.names("attlist")
        if node.flag("is_program") {
            add("sql.copy-program", Self.server)
        } else if !node.text("filename").isEmpty {
            add("sql.copy-file", Self.server)
        }
        if let relation {
            let scope = Scope(parent: nil)
            scope.add(.relation(relation, columns: []), as: relation.name)
            if isFrom {
                uses.add("sql.copy-in", relation, columns: columns)
            } else {
                uses.add("sql.copy-out", relation, columns: columns.isEmpty ? ["*"] : columns)
            }
            if let condition = node.node("where_clause") { references(in: condition, scope) }
            lineage =
                columns.isEmpty
                ? Lineage(items: [.relation(relation)])
                : Lineage(items: columns.map { .column([.column(relation, $0)]) })
        } else if let query = node.node("query") {
            add("sql.copy-out", Self.session)
            if query.kind == "SelectStmt" {
                lineage = readSelect(query, in: nil).0.lineage
            } else {
                lineage = readModification(query, in: nil).lineage
            }
        }
        // A file of the server's, or a program, gets the rows as they are.
        if !isFrom, node.flag("is_program") || !node.text("filename").isEmpty { stored.formUnion(lineage.all) }
        if isFrom { return node.text("filename").isEmpty && !node.flag("is_program") ? .copyIn : .other }
        return .copyOut(Self.options(of: node, relation, columns))
    }

    private static func options(of node: ParseNode, _ relation: RelationName?, _ columns: [String]) -> CopyOptions {
        var options = CopyOptions(relation: relation, columns: columns)
        for option in node.nodes("options") {
            let value = option.node("arg")
            let text = value?.text("sval") ?? ""
            switch option.text("defname") {
            case "format":
                if let format = CopyOptions.Format(rawValue: text.lowercased()) {
                    options.format = format
                } else {
                    options.unknown = "format \(text)"
                }
            case "delimiter": options.delimiter = text
            case "null": options.null = text
            case "quote": options.quote = text
            case "escape": options.escape = text
            case "header":
                options.hasHeader =
                    value.map {
                        $0.flag("boolval") || ["true", "on", "1"].contains($0.text("sval").lowercased())
                            || $0.integer("ival") != 0
                    } ?? true
            case "force_quote", "force_not_null", "force_null", "freeze": break
            case "encoding": options.unknown = "encoding"
            default: options.unknown = option.text("defname")
            }
        }
        return options
    }

    // MARK: Settings and transactions

    private mutating func readTransaction(_ node: ParseNode) -> StatementKind {
        add("sql.transaction", Self.session)
        switch node.text("kind") {
        case "TRANS_STMT_ROLLBACK_TO": return .rollbackToSavepoint
        // What was set in the transaction is as it was.
        case "TRANS_STMT_ROLLBACK", "TRANS_STMT_COMMIT", "TRANS_STMT_PREPARE": return .changesSettings
        case "TRANS_STMT_COMMIT_PREPARED": return .commitPrepared
        default: return .other
        }
    }

    private mutating func readSet(_ node: ParseNode) -> StatementKind {
        let name = node.text("name").lowercased()
        if ["role", "session_authorization"].contains(name) {
            let role = node.nodes("args").first.map(Self.shown) ?? "none"
            add("sql.set-role", Resource(type: "Role", name: role))
            return .changesSettings
        }
        add("sql.set", Self.session)
        guard node.text("kind") == "VAR_SET_VALUE", node.nodes("args").count == 1 else { return .changesSettings }
        return .set(SettingChange(name: name, value: Self.shown(node.nodes("args")[0])))
    }
}
