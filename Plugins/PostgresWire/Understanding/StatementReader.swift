import GatewayCore

/// Reads one statement's parse tree: what it does to what, wherever in it that stands.
///
/// It knows the statements by name; what is not among them is opaque. Within them everything is walked, so that a
/// function call or a table is found in places that nobody thought of.
struct StatementReader {
    let settings: SQLSettings
    let functions: EffectfulFunctions

    var uses = TableUses()
    var functionNames: Set<String> = []
    private var otherEffects: [Effect] = []
    private var unreadBecause: String?
    private var joins = 0
    var hasWhere = true
    var isWhereConstant = false
    var hasSubqueryInWhere = false
    var locksRows = false
    var changesSettings = false
    /// What the caller gets to see.
    var lineage = Lineage.nothing
    /// What goes into tables, files, settings and messages, from which it can be read again under another name.
    var stored: Set<ColumnReference> = []

    /// What other sessions may find changed afterwards.
    var definitions = DefinitionScope.nothing

    init(settings: SQLSettings, functions: EffectfulFunctions) {
        self.settings = settings
        self.functions = functions
    }

    static let session = Resource(type: "Session", name: "session")
    static let server = Resource(type: "Server", name: "server")

    mutating func add(_ action: String, _ resource: Resource) {
        let effect = Effect(action: action, resource: resource)
        if !otherEffects.contains(effect) { otherEffects.append(effect) }
    }

    mutating func markOpaque(_ reason: String) { unreadBecause = unreadBecause ?? reason }
    mutating func countJoin() { joins += 1 }

    /// Reads `node` as a whole statement.
    static func read(
        _ node: ParseNode, range: Range<Int>, count: Int, settings: SQLSettings, functions: EffectfulFunctions
    ) -> SQLStatement {
        var reader = StatementReader(settings: settings, functions: functions)
        if !node.hasNormalNames || !settings.searchPath.allSatisfy(\.isInNormalForm) {
            reader.markOpaque("a name in it is not in Unicode's normal form C")
        }
        let kind = reader.readStatement(node, count: count)
        return reader.statement(kind, node, range: range, count: count)
    }

    private func statement(_ kind: StatementKind, _ node: ParseNode, range: Range<Int>, count: Int) -> SQLStatement {
        // Sets of references have another order each time, and an approval is for one digest.
        var effects = (uses.effects(settings.searchPath) + otherEffects).sorted {
            ($0.action, $0.resource.type, $0.resource.name) < ($1.action, $1.resource.type, $1.resource.name)
        }
        // A statement that touches nothing, as `SELECT 1`, still is one.
        if effects.isEmpty { effects = [Effect(action: "sql.select", resource: Self.session)] }
        var facts = [
            Fact("sql.kind", .string(Self.words(node.kind))), Fact("sql.statements", .integer(Int64(count))),
            Fact("sql.effects", .strings(Set(effects.map(\.action)).sorted())),
            Fact("sql.tables", .strings(uses.names(settings.searchPath))),
            Fact("sql.functions", .strings(functionNames.sorted())), Fact("sql.has_where", .bool(hasWhere)),
            Fact("sql.where_constant", .bool(isWhereConstant)),
            Fact("sql.scope_by_subquery", .bool(hasSubqueryInWhere)), Fact("sql.joins", .integer(Int64(joins))),
            Fact("sql.has_limit", .bool(node.node("limit_count") != nil)), Fact("sql.for_update", .bool(locksRows)),
            Fact("sql.unqualified", .bool(uses.areUnqualified)),
        ]
        if let unreadBecause {
            facts.append(Fact("opaque", .bool(true)))
            facts.append(Fact("sql.unread_because", .string(unreadBecause)))
        }
        let values = ValuePlaces.find(in: node)
        return SQLStatement(
            range: range, kind: changesSettings && kind.isPlain ? .changesSettings : kind,
            form: CommandForm(effects: effects, facts: facts), settings: settings,
            lineage: unreadBecause == nil ? lineage : .unknown,
            stored: stored, definitions: definitions, values: values,
            namedPlaces: values.map { $0.places(text: []) })
    }

    /// `CreateTableAsStmt` as `create table as`.
    private static func words(_ kind: String) -> String {
        var words = ""
        for character in kind.hasSuffix("Stmt") ? kind.dropLast(4) : kind[...] {
            if character.isUppercase, !words.isEmpty { words.append(" ") }
            words.append(character.lowercased())
        }
        return words
    }

    // MARK: Expressions

    /// Walks an expression, or whatever else stands in a query.
    ///
    /// - Returns: The columns that a value computed from it can show.
    @discardableResult
    mutating func references(in node: ParseNode, _ scope: Scope) -> Set<ColumnReference> {
        switch node.kind {
        case "ColumnRef":
            let names = node.names("fields")
            if names.last == "*" {
                let sources = scope.star(Array(names.dropLast()))
                return note(sources.reduce(into: Set()) { $0.formUnion($1.all) })
            }
            if names.count > 1, let last = names.last { callByField(last) }
            return note(scope.references(names))
        case "AIndirection":
            for part in node.nodes("indirection") where part.kind == "String" { callByField(part.text("sval")) }
        case "SelectStmt":
            let (output, conditions) = readSelect(node, in: scope)
            return output.all.union(conditions)
        case "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt": return readModification(node, in: scope).all
        case "FuncCall":
            var found = references(in: node.children, scope)
            let name = node.names("funcname")
            if call(name) { stored.formUnion(found) }
            found.insert(.function(RelationName(schema: name.dropLast().last, name: name.last ?? "")))
            return found
        case "RangeVar":
            let relation = RelationName(node)
            uses.read(relation)
            return note([.wholeRow(relation)])
        default: break
        }
        return node.children.reduce(into: []) { $0.formUnion(references(in: $1, scope)) }
    }

    @discardableResult
    mutating func references(in nodes: [ParseNode], _ scope: Scope) -> Set<ColumnReference> {
        nodes.reduce(into: []) { $0.formUnion(references(in: $1, scope)) }
    }

    /// `x.f` is `f(x)` where `x` has no column of that name.
    private mutating func callByField(_ name: String) {
        if functions.kind(of: [name]) != nil { _ = call([name]) }
    }

    private mutating func note(_ references: Set<ColumnReference>) -> Set<ColumnReference> {
        for reference in references { uses.note(reference) }
        return references
    }

    /// - Returns: Whether what the function is given does not end with its result.
    @discardableResult
    mutating func call(_ name: [String]) -> Bool {
        let called = name.joined(separator: ".")
        functionNames.insert(called)
        switch functions.kind(of: name) {
        case .effect?: add("sql.call", Resource(type: "Function", name: called))
        case .runsText?:
            add("sql.call", Resource(type: "Function", name: called))
            markOpaque("\(called) runs SQL, or reads a table, that is given as a text")
        case .changesSettings?:
            add("sql.set", Self.session)
            changesSettings = true
        case .notifies?: add("sql.notify", Self.session)
        case nil: return false
        }
        return true
    }
}

extension StatementKind {
    fileprivate var isPlain: Bool {
        switch self {
        case .query, .other: true
        default: false
        }
    }
}

extension RelationName {
    /// Of a `RangeVar`.
    init(_ node: ParseNode) {
        let schema = node.text("schemaname")
        // A temporary table is the session's own, whatever the search path says.
        let isTemporary = node.text("relpersistence") == "t"
        self.init(schema: schema.isEmpty ? (isTemporary ? "pg_temp" : nil) : schema, name: node.text("relname"))
    }
}
