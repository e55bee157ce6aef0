import GatewayCore

// CREATE, ALTER, DROP and their like, and privileges.
extension StatementReader {
    mutating func maintains(_ node: ParseNode) -> StatementKind {
        let tables = Self.relations(in: node)
        for relation in tables { uses.add("sql.maintain", relation) }
        if tables.isEmpty { add("sql.maintain", Self.server) }
        return .other
    }

    mutating func grants(_ node: ParseNode) -> StatementKind {
        let tables = Self.relations(in: node)
        for relation in tables { uses.add("sql.grant", relation) }
        for role in node.nodes("granted_roles") {
            add("sql.grant", Resource(type: "Role", name: role.text("priv_name")))
        }
        if tables.isEmpty, node.nodes("granted_roles").isEmpty { add("sql.grant", Self.server) }
        // Names are looked for in those schemas alone that a role may use.
        if tables.isEmpty { definitions = .anything }
        return .other
    }

    /// CREATE, ALTER, DROP and their like. Whatever else there may be, nobody here has read it.
    mutating func readDefinition(_ node: ParseNode) -> StatementKind {
        let starts = [
            "Create", "Alter", "Drop", "Rename", "Comment", "Define", "SecLabel", "Import", "Reassign", "View", "Index",
            "Rule", "Composite", "DropOwned",
        ]
        guard starts.contains(where: { node.kind.hasPrefix($0) }) else {
            add("sql.other", Self.server)
            markOpaque("the gateway does not know \(node.kind)")
            return .changesSettings
        }
        switch node.kind {
        // What they do, they do later, by whoever sets it off.
        case "CreateFunctionStmt": markOpaque("the body of a function is code that runs later")
        case "RuleStmt": markOpaque("a rule adds statements to others")
        // Under another name a column is another one to every rule.
        case "RenameStmt":
            if let relation = node.node("relation").map({ RelationName($0) }) {
                let isColumn = node.text("rename_type") == "OBJECT_COLUMN"
                stored.insert(isColumn ? .column(relation, node.text("subname")) : .wholeRow(relation))
            }
        case "AlterObjectSchemaStmt":
            if let relation = node.node("relation") { stored.insert(.wholeRow(RelationName(relation))) }
        // USING, and columns that are generated, are made from others.
        case "AlterTableStmt":
            let scope = Scope(parent: nil)
            if let relation = node.node("relation").map({ RelationName($0) }) {
                scope.add(.relation(relation, columns: []), as: relation.name)
            }
            for expression in node.nodes("cmds").flatMap(Self.expressions) {
                stored.formUnion(references(in: expression, scope))
            }
        default: break
        }
        let tables = Self.relations(in: node) + Self.objects(of: node)
        for relation in tables { uses.add("sql.ddl", relation) }
        if tables.isEmpty { add("sql.ddl", Self.server) }
        definitions = Self.scope(of: node, naming: tables)
        // The query of a view reads whenever the view is read, and whoever makes it lends its own rights.
        for child in node.children where child.kind == "SelectStmt" { _ = readSelect(child, in: nil) }
        functionNames.formUnion(Self.calls(in: node))
        return .other
    }

    /// What computes a value: of `ALTER COLUMN … USING`, and of columns that are generated.
    private static func expressions(in node: ParseNode) -> [ParseNode] {
        node.children.flatMap { child in
            switch child.kind {
            case "ColumnDef", "Constraint", "AlterTableCmd": expressions(in: child)
            case "TypeName", "RangeVar", "RoleSpec", "List": [ParseNode]()
            default: [child]
            }
        }
    }

    private static func relations(in node: ParseNode) -> [RelationName] {
        if node.kind == "RangeVar" { return [RelationName(node)] }
        if node.kind == "SelectStmt" { return [] }
        return node.children.flatMap(relations)
    }

    /// What DROP, RENAME and COMMENT name by lists of names.
    private static func objects(of node: ParseNode) -> [RelationName] {
        let tables = [
            "OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_FOREIGN_TABLE", "OBJECT_SEQUENCE", "OBJECT_INDEX",
        ]
        guard tables.contains(node.text("remove_type")) || tables.contains(node.text("objtype")) else { return [] }
        let lists = node.nodes("objects") + [node.node("object")].compactMap { $0 }
        return lists.compactMap { list in
            let names = list.names("items")
            guard let name = names.last else { return nil }
            return RelationName(schema: names.dropLast().last, name: name)
        }
    }

    private static func calls(in node: ParseNode) -> [String] {
        (node.kind == "FuncCall" ? [node.names("funcname").joined(separator: ".")] : []) + node.children.flatMap(calls)
    }

    // MARK: What others find changed

    /// - Parameter tables: All that the statement names.
    private static func scope(of node: ParseNode, naming tables: [RelationName]) -> DefinitionScope {
        guard !leavesRelations.contains(node.kind) else { return .nothing }
        switch node.kind {
        case "CreateStmt", "ViewStmt", "CreateForeignTableStmt":
            let made = (node.node("base_stmt") ?? node).node(node.kind == "ViewStmt" ? "view" : "relation")
            if let made, RelationName(made).isTemporary { return .session }
            return .named(tables)
        case "AlterTableStmt":
            let commands = node.nodes("cmds")
            if commands.allSatisfy({ leavesColumns.contains($0.text("subtype")) }) { return .nothing }
            // What goes with it has names of its own.
            return commands.contains(where: \.isCascading) ? .anything : .named(tables)
        case "RenameStmt", "AlterObjectSchemaStmt":
            guard node.node("relation") != nil else { return .anything }
            let renamed = node.text("newname")
            return .named(renamed.isEmpty ? tables : tables + [RelationName(schema: nil, name: renamed)])
        case "DropStmt":
            return tables.isEmpty || node.isCascading ? .anything : .named(tables)
        default: return .anything
        }
    }

    /// After these, every name means what it meant, and shows what it showed.
    private static let leavesRelations: Set<String> = [
        "IndexStmt", "CommentStmt", "SecLabelStmt", "CreateRoleStmt", "AlterRoleStmt", "AlterRoleSetStmt",
        "DropRoleStmt", "CreatedbStmt", "DropdbStmt", "AlterDatabaseStmt", "AlterDatabaseSetStmt", "CreateSeqStmt",
        "AlterSeqStmt", "CreateStatsStmt", "AlterStatsStmt", "CreateTrigStmt", "CreatePolicyStmt", "AlterPolicyStmt",
        "CreateTableSpaceStmt", "DropTableSpaceStmt", "CreatePublicationStmt", "AlterPublicationStmt",
    ]

    /// Commands of ALTER TABLE that take their time and leave the columns what they are.
    private static let leavesColumns: Set<String> = [
        "AT_ValidateConstraint", "AT_SetStatistics", "AT_SetStorage", "AT_SetOptions", "AT_SetRelOptions",
        "AT_ResetRelOptions", "AT_ClusterOn", "AT_ReplicaIdentity",
    ]
}

extension ParseNode {
    fileprivate var isCascading: Bool { text("behavior") == "DROP_CASCADE" }
}

extension RelationName {
    /// Of the session alone.
    var isTemporary: Bool { schema == "pg_temp" }
}

extension DefinitionScope {
    static func named(_ relations: [RelationName]) -> DefinitionScope {
        let names = Set(relations.filter { !$0.isTemporary }.map(\.name))
        return names.isEmpty ? .session : .named(names)
    }
}
