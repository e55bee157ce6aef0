/// One node of PostgreSQL's parse tree, with its fields by the names of `pg_query.proto`.
///
/// Every field of every kind of node is there, so that what looks for something finds it wherever it hides. Fields that
/// have their default (zero, false, empty) are absent.
final class ParseNode {
    enum Field {
        case node(ParseNode)
        case nodes([ParseNode])
        case text(String)
        case integer(Int64)
    }

    /// `SelectStmt`, `RangeVar`, `FuncCall`, …
    let kind: String
    private let fields: [(name: String, value: Field)]

    init(kind: String, fields: [(name: String, value: Field)]) {
        self.kind = kind
        self.fields = fields
    }

    private subscript(name: String) -> Field? { fields.first { $0.name == name }?.value }

    func node(_ name: String) -> ParseNode? {
        if case .node(let node)? = self[name] { node } else { nil }
    }

    func nodes(_ name: String) -> [ParseNode] {
        if case .nodes(let nodes)? = self[name] { nodes } else { [] }
    }

    /// A text, or the name of an enumeration's value; empty where it is absent.
    func text(_ name: String) -> String {
        if case .text(let text)? = self[name] { text } else { "" }
    }

    func integer(_ name: String) -> Int64 {
        if case .integer(let integer)? = self[name] { integer } else { 0 }
    }

    func flag(_ name: String) -> Bool { integer(name) != 0 }

    /// All texts of this node itself.
    var texts: [String] {
        fields.compactMap { if case .text(let text) = $0.value { text } else { nil } }
    }

    /// All nodes directly below this one.
    var children: [ParseNode] {
        fields.flatMap { field -> [ParseNode] in
            switch field.value {
            case .node(let node): [node]
            case .nodes(let nodes): nodes
            case .text, .integer: []
            }
        }
    }

    /// Whether `condition` holds for this node or one below it.
    func contains(where condition: (ParseNode) -> Bool) -> Bool {
        condition(self) || children.contains { $0.contains(where: condition) }
    }

    /// The texts of a list of `String` nodes: a dotted name.
    func names(_ field: String) -> [String] {
        nodes(field).map { $0.kind == "String" ? $0.text("sval") : $0.kind == "AStar" ? "*" : "" }
    }

    /// Whether both are written alike, wherever they stand.
    static func areAlike(_ left: ParseNode, _ right: ParseNode) -> Bool {
        guard left.kind == right.kind else { return false }
        let (one, other) = (left.fields.filter { $0.name != "location" }, right.fields.filter { $0.name != "location" })
        guard one.count == other.count else { return false }
        return zip(one, other).allSatisfy { first, second in
            guard first.name == second.name else { return false }
            switch (first.value, second.value) {
            case (.node(let a), .node(let b)): return areAlike(a, b)
            case (.nodes(let a), .nodes(let b)): return a.count == b.count && zip(a, b).allSatisfy { areAlike($0, $1) }
            case (.text(let a), .text(let b)): return a == b
            case (.integer(let a), .integer(let b)): return a == b
            default: return false
            }
        }
    }
}
