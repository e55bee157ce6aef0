import Masking
import NIOCore

/// Masks what errors and notices quote of a table's values (PostgreSQL documentation, section 55.8).
///
/// Detectors look at every text. Where columns are masked by their name, a text that can quote a value without saying
/// of which column is withheld.
struct ErrorMasking {
    private var cells: CellMasker
    private let hidesValues: Bool
    /// The statement, which may be quoted to who wrote it.
    private let text: String
    /// Code that nobody has read may have written the message.
    private let isOpaque: Bool
    /// What `keyRelation` names, as the catalog has it: a key's column may show another's values.
    private let relation: Relation?

    private enum Code {
        static let message = UInt8(ascii: "M")
        static let detail = UInt8(ascii: "D")
        static let context = UInt8(ascii: "W")
        static let hint = UInt8(ascii: "H")
        static let internalQuery = UInt8(ascii: "q")
        static let schema = UInt8(ascii: "s")
        static let table = UInt8(ascii: "t")
    }

    private static let withheld = "(withheld: a masking rule applies)"

    /// `nil` for an empty plan.
    init?(_ plan: MaskingPlan, text: String, isOpaque: Bool, relation: Relation?) {
        guard let cells = CellMasker(plan: plan) else { return nil }
        self.cells = cells
        self.cells.describe(columns: [OriginalsColumns.Column(name: "message", encoding: .text)])
        self.isOpaque = isOpaque
        self.relation = relation
        self.text = text
        hidesValues = plan.selectsByName
    }

    var counts: [MaskCount] { cells.counts }

    mutating func mask(_ fields: ErrorFields) -> ErrorFields {
        var masked = fields
        for index in masked.fields.indices {
            let field = masked.fields[index]
            guard [Code.message, Code.detail, Code.context, Code.hint, Code.internalQuery].contains(field.code) else {
                continue
            }
            masked.fields[index].value = scan(hidesValues ? shown(field, of: fields) : field.value)
        }
        return masked
    }

    private mutating func scan(_ text: String) -> String {
        var output = ByteBuffer()
        var text = text
        let outcome = text.withUTF8 { cells.scan(UnsafeRawBufferPointer($0), in: .none, into: &output) }
        switch outcome {
        case .untouched: return text
        case .written: return String(buffer: output)
        case .null: return Self.withheld
        }
    }

    /// What may be shown of a field where values of columns are hidden.
    private func shown(_ field: ErrorFields.Field, of fields: ErrorFields) -> String {
        let isRaised = fields.code.hasPrefix("P0") || fields.code == "00000" || fields.code == "01000"
        if isOpaque, isRaised { return Self.withheld }
        switch field.code {
        case Code.message:
            // Data exceptions quote what they could not read: `invalid input syntax for type integer: "536-22-0001"`.
            if fields.code.hasPrefix("22") { return Self.withoutQuoted(field.value) }
            // Violated constraints are named, and no values.
            return fields.code.hasPrefix("23") || quotesStatement(field.value)
                ? field.value : Self.withoutQuoted(field.value)
        case Code.detail:
            if let columns = Self.keyColumns(field.value), columns.allSatisfy({ isShown($0) }) {
                return field.value
            }
            return Self.quotesValues(fields) ? Self.withheld : field.value
        case Code.context: return fields.code.hasPrefix("22") ? Self.withheld : field.value
        default: return field.value
        }
    }

    /// Details of other classes speak of names and of the server.
    private static func quotesValues(_ fields: ErrorFields) -> Bool {
        !["25", "28", "2B", "42", "53", "54", "55", "57", "58"].contains { fields.code.hasPrefix($0) }
    }

    /// Whether all that stands in quotes is from the statement: a cast to `regclass` makes a name of any value.
    private func quotesStatement(_ message: String) -> Bool {
        let parts = message.split(separator: "\"", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return true }
        // Names without quotes are folded to lower case.
        let statement = text.lowercased()
        return parts.enumerated().allSatisfy { index, part in index % 2 == 0 || statement.contains(part.lowercased()) }
    }

    private func isShown(_ column: String) -> Bool {
        guard let found = relation?.columns.first(where: { $0.name.isExactly(column) }) else { return false }
        return cells.rule(for: CellNames(result: column, origins: found.origins)) == nil
    }

    /// The relation of whose columns the error quotes values; `nil` where it quotes none of a key.
    static func keyRelation(_ fields: ErrorFields) -> QualifiedName? {
        guard fields[Code.detail].flatMap(keyColumns) != nil, let schema = fields[Code.schema],
            let table = fields[Code.table]
        else { return nil }
        return QualifiedName(schema: schema, name: table)
    }

    /// The columns of `Key (a, b)=(1, 2) already exists.`; `nil` for every other text, and for keys of expressions.
    private static func keyColumns(_ detail: String) -> [String]? {
        guard detail.hasPrefix("Key ("), let end = detail.firstRange(of: ")=(") else { return nil }
        let columns = detail[..<end.lowerBound].dropFirst(5).split(separator: ", ").map(String.init)
        let isPlain = columns.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" } }
        return isPlain && !columns.isEmpty ? columns : nil
    }

    /// From the first quote to the last.
    private static func withoutQuoted(_ text: String) -> String {
        guard let first = text.firstIndex(of: "\""), let last = text.lastIndex(of: "\""), first < last else {
            return text
        }
        return text[...first] + "…" + text[last...]
    }
}
