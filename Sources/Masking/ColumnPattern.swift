/// Which columns of relations a rule selects: `schema.table.column`, `table.column` or `column`, each part a glob with
/// `*` and `?`, case-insensitive in ASCII.
///
/// A part in double quotes may have full stops in it (`"odd.table".ssn`), as in SQL.
public struct ColumnPattern: Sendable, Hashable {
    /// From the left: schema, table, column; the first two may be absent.
    private let parts: [String]
    private let text: String

    public init(parsing text: String) throws(MaskingSyntaxError) {
        func error(_ message: String) -> MaskingSyntaxError { MaskingSyntaxError(text: text, message: message) }
        var parts = [""]
        var isQuoted = false
        for character in text {
            switch character {
            case "\"": isQuoted.toggle()
            case "." where !isQuoted: parts.append("")
            default: parts[parts.count - 1].append(character)
            }
        }
        guard !isQuoted else { throw error("a quote is not closed") }
        guard parts.count <= 3 else { throw error("a column is written schema.table.column, with at most three parts") }
        guard parts.allSatisfy({ !$0.isEmpty }) else {
            throw error("a part is empty; a column is written schema.table.column, table.column or column")
        }
        self.parts = parts
        self.text = text
    }

    public static func == (left: ColumnPattern, right: ColumnPattern) -> Bool { left.parts == right.parts }
    public func hash(into hasher: inout Hasher) { hasher.combine(parts) }

    var compiled: CompiledColumnPattern { CompiledColumnPattern(parts: parts.compactMap(FieldPattern.init)) }
}

extension ColumnPattern: CustomStringConvertible {
    public var description: String { text }
}

/// Where the values of a result column come from.
///
/// A part that is `nil` is not known, and counts as matching whatever a rule asks for: the relation of an unqualified
/// name, or the column where a whole row went into the value.
public struct ColumnOrigin: Sendable, Hashable {
    public var schema: String?
    public var table: String?
    public var column: String?

    public init(schema: String?, table: String?, column: String?) {
        self.schema = schema
        self.table = table
        self.column = column
    }
}

struct CompiledColumnPattern: Sendable {
    let parts: [FieldPattern]

    func matches(_ origin: ColumnOrigin) -> Bool {
        zip(parts.reversed(), [origin.column, origin.table, origin.schema]).allSatisfy { pattern, name in
            name.map(pattern.matches) ?? true
        }
    }
}

extension FieldPattern {
    func matches(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { matches(UnsafeRawBufferPointer($0)) }
    }
}
