import GatewayCore
import Identifiers

/// What a name may mean: settings of the session that statements are read under.
struct SQLSettings: Hashable, Sendable {
    /// The schemas in which a name without one is looked for, in order.
    var searchPath: [String]
    /// Whether a backslash in an ordinary string is itself (the setting of the same name).
    var standardConformingStrings: Bool

    /// Whether a name without a schema means the same.
    func searches(as other: SQLSettings) -> Bool {
        searchPath.count == other.searchPath.count
            && zip(searchPath, other.searchPath).allSatisfy { $0.isExactly($1) }
    }

    static func == (left: SQLSettings, right: SQLSettings) -> Bool {
        left.standardConformingStrings == right.standardConformingStrings && left.searches(as: right)
    }

    func hash(into hasher: inout Hasher) {
        for schema in searchPath { hasher.combine(ExactText(schema)) }
        hasher.combine(standardConformingStrings)
    }
}

/// A query string as read.
enum QueryReading: Sendable {
    /// Nothing but space, comments and semicolons.
    case empty
    case statements([SQLStatement])
    /// It cannot be read; the reason in PostgreSQL's words.
    case opaque(reason: String)
}

/// One statement: everything that it does, wherever in it that stands.
final class SQLStatement: Sendable {
    /// Where it stands in the query string, in bytes.
    let range: Range<Int>
    let kind: StatementKind
    /// What it does and what is known about it: one object for all texts that differ in literals alone.
    let form: CommandForm
    /// What it was read under.
    let settings: SQLSettings
    let lineage: Lineage
    /// What it puts where it can be read again under another name.
    let stored: Set<ColumnReference>
    /// What its literals and parameters are values of.
    let values: [ValuePlaces.Group]
    /// The same as the command has it. Literals are only there where the statement's own text is at hand.
    let namedPlaces: [NamedPlaces]
    /// Something in it is beyond reading.
    let isOpaque: Bool
    /// Which tables, views and functions may be others afterwards. Not what functions, procedures
    /// and blocks of code do that are called: whoever may have them do it needs no help from here.
    let definitions: DefinitionScope
    /// Tables, views or functions may be others afterwards.
    let mayChangeDefinitions: Bool

    init(
        range: Range<Int>, kind: StatementKind, form: CommandForm, settings: SQLSettings, lineage: Lineage,
        stored: Set<ColumnReference>, definitions: DefinitionScope, values: [ValuePlaces.Group],
        namedPlaces: [NamedPlaces]
    ) {
        self.range = range
        self.kind = kind
        self.form = form
        self.settings = settings
        isOpaque = form.facts.contains { $0.name == "opaque" && $0.value == .bool(true) }
        // What a prepared transaction defined, in whatever session, is there once it is committed.
        let commitsOthers = if case .commitPrepared = kind { true } else { false }
        self.definitions = commitsOthers ? .anything : definitions
        mayChangeDefinitions =
            isOpaque || self.definitions != .nothing
            || form.effects.contains { ["sql.call", "sql.do"].contains($0.action) }
        self.lineage = lineage
        self.stored = stored
        self.values = values
        self.namedPlaces = namedPlaces
    }

    /// The same statement in another place, or with other literals.
    func at(_ range: Range<Int>, _ namedPlaces: [NamedPlaces]) -> SQLStatement {
        SQLStatement(
            range: range, kind: kind, form: form, settings: settings, lineage: lineage, stored: stored,
            definitions: definitions, values: values, namedPlaces: namedPlaces)
    }

    var effects: [Effect] { form.effects }
    var facts: [Fact] { form.facts }
    /// A name without a schema stands in it, so that the search path decides what it means.
    var isUnqualified: Bool { facts.contains { $0.name == "sql.unqualified" && $0.value == .bool(true) } }
}

/// A change of a setting by SET or RESET.
struct SettingChange: Hashable, Sendable {
    let name: String
    /// `nil` for the default.
    let value: String?
}

/// What the relay has to know of a statement to keep its tables right.
indirect enum StatementKind: Sendable {
    case query
    case copyIn
    case copyOut(CopyOptions)
    case set(SettingChange)
    /// SET and its like whose outcome only the server knows: RESET ALL, DISCARD, ROLLBACK, CALL, DO, set_config.
    case changesSettings
    case rollbackToSavepoint
    case commitPrepared
    case prepare(name: String, body: SQLStatement)
    case execute(name: String, arguments: [String])
    case declareCursor(name: String, body: SQLStatement, isHeld: Bool)
    case fetch(cursor: String)
    case closeCursor(String?)
    /// DEALLOCATE, which leaves names that nothing stands for.
    case deallocate
    case other

    /// Whether what it does hangs on what the names of prepared statements and cursors stand for.
    var usesNames: Bool {
        switch self {
        case .execute, .fetch: true
        default: false
        }
    }

    /// Whether it is planned when it is bound, and means the same whenever it runs.
    var isPlanned: Bool { if case .query = self { true } else { false } }

    /// Whether prepared statements, portals and cursors may stand for something else afterwards.
    var mayChangeNames: Bool {
        switch self {
        case .prepare, .declareCursor, .closeCursor, .deallocate, .changesSettings, .rollbackToSavepoint, .execute: true
        default: false
        }
    }

    /// Whether names or strings may mean something else afterwards.
    var mayChangeSettings: Bool {
        switch self {
        case .set, .changesSettings, .rollbackToSavepoint, .execute: true
        default: false
        }
    }
}

/// The options of COPY TO that say how its rows are written.
struct CopyOptions: Hashable, Sendable {
    enum Format: String, Sendable { case text, csv, binary }

    var format = Format.text
    var delimiter: String?
    var null: String?
    var quote: String?
    var escape: String?
    var hasHeader = false
    /// The table, where it is not a query that is copied, and its named columns, where there are any.
    var relation: RelationName?
    var columns: [String] = []
    /// An option that is none of these.
    var unknown: String?
}

extension SQLStatement {
    /// Of COPY TO.
    var copyOptions: CopyOptions? {
        if case .copyOut(let options) = kind { options } else { nil }
    }
}
