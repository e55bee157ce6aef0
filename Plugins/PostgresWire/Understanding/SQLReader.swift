import GatewayCore
import Identifiers

/// How SQL is read.
struct SQLReadingOptions: Hashable, Sendable {
    /// Functions, beyond the known ones, whose calls are effects of their own.
    var effectfulFunctions: [String] = []
}

/// Reads SQL for one event loop. The same text, and a text that differs in literals alone, is parsed once.
struct SQLReader {
    private struct Key: Hashable {
        let text: ExactText
        let settings: SQLSettings

        init(text: String, settings: SQLSettings) {
            self.text = ExactText(text)
            self.settings = settings
        }
    }

    let parsing: SQLParsing
    private var byText = BoundedCache<Key, QueryReading>(limit: 1024)
    private var byShape = BoundedCache<Key, Shape>(limit: 1024)

    /// A statement whose literals are taken to be others in every text.
    private struct Shape {
        let statement: SQLStatement
        /// For each group of its values, which of the text's literals are in it, counted from zero.
        let literals: [[Int]]

        init(_ statement: SQLStatement, in text: String) {
            self.statement = statement
            let starts = statement.values.isEmpty ? [] : LiteralFreeText.literals(in: text).map(\.lowerBound)
            literals = statement.values.map { group in
                // The parser counts a sign to its number.
                group.literals.compactMap { offset in starts.firstIndex { $0 >= offset } }
            }
        }

        func statement(in text: String) -> SQLStatement {
            let range = 0..<text.utf8.count
            guard literals.contains(where: { !$0.isEmpty }) else {
                return statement.range == range ? statement : statement.at(range, statement.namedPlaces)
            }
            let found = LiteralFreeText.literals(in: text)
            return statement.at(
                range,
                zip(statement.values, literals).map { group, literals in
                    group.places(text: literals.compactMap { $0 < found.count ? found[$0] : nil })
                })
        }
    }

    /// Longer texts are not kept.
    private static let longestKept = 16_384

    init(options: SQLReadingOptions) { parsing = SQLParsing(options: options) }

    mutating func read(_ text: String, settings: SQLSettings) -> QueryReading {
        let key = Key(text: text, settings: settings)
        if let known = byText[key] { return known }
        var shape: Key?
        if settings.standardConformingStrings, let plain = LiteralFreeText.key(of: text) {
            let wanted = Key(text: plain, settings: settings)
            if let known = byShape[wanted] { return .statements([known.statement(in: text)]) }
            shape = wanted
        }
        let reading = parsing.read(text, settings)
        if let shape, case .statements(let statements) = reading, statements.count == 1, statements[0].hasShapeAlone {
            byShape[shape] = Shape(statements[0], in: text)
        } else if text.utf8.count <= Self.longestKept {
            byText[key] = reading
        }
        return reading
    }
}

/// Reads SQL without remembering any: on whatever thread it is.
struct SQLParsing: Sendable {
    private let options: SQLReadingOptions
    private let functions: EffectfulFunctions

    init(options: SQLReadingOptions) {
        self.options = options
        functions = EffectfulFunctions(more: options.effectfulFunctions)
    }

    func read(_ text: String, _ settings: SQLSettings) -> QueryReading {
        guard !text.utf8.contains(0) else { return .opaque(reason: "it has a zero byte") }
        // With the setting off a backslash would escape a quote, and the parser takes it as itself.
        guard settings.standardConformingStrings || !text.utf8.contains(UInt8(ascii: "\\")) else {
            return .opaque(reason: "it has a backslash while standard_conforming_strings is off")
        }
        let bytes = Array(text.utf8)
        if let fault = ParsingBound.fault(of: bytes) { return .opaque(reason: fault) }
        do {
            let statements = try SQLParser.parse(text)
            guard !statements.isEmpty else { return .empty }
            return .statements(
                statements.map {
                    let statement = StatementReader.read(
                        $0.node, range: $0.range, count: statements.count, settings: settings, functions: functions)
                    // A statement that is alone has the whole text.
                    let start = statements.count == 1 ? 0 : $0.range.lowerBound
                    return statement.at(
                        statement.range,
                        statement.values.map { group in
                            group.places(
                                text: group.literals.map {
                                    let range = SQLLiteral.range(from: $0, in: bytes)
                                    return range.lowerBound - start..<range.upperBound - start
                                })
                        })
                })
        } catch let failure as SQLParser.Failure {
            return .opaque(reason: failure.message)
        } catch {
            return .opaque(reason: "\(error)")
        }
    }
}

extension SQLStatement {
    /// Whether its literals change nothing of what is said of it.
    fileprivate var hasShapeAlone: Bool {
        guard !isOpaque, case .query = kind else { return false }
        return effects.allSatisfy { ["sql.select", "sql.insert", "sql.update", "sql.delete"].contains($0.action) }
    }
}

extension ValuePlaces.Group {
    /// - Parameter text: The literals, in bytes of the statement's own text.
    func places(text: [Range<Int>]) -> NamedPlaces {
        NamedPlaces(names: names, text: text, parameters: parameters.map { $0 - 1 })
    }
}

/// Keeps what was used lately: two generations, of which the older one is dropped when the younger is full.
struct BoundedCache<Key: Hashable, Value> {
    private let limit: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// - Parameter limit: The most entries of one generation.
    init(limit: Int) { self.limit = limit }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old.removeValue(forKey: key) else { return nil }
            insert(value, key)
            return value
        }
        set {
            if let newValue { insert(newValue, key) }
        }
    }

    private mutating func insert(_ value: Value, _ key: Key) {
        if young.count >= limit {
            old = young
            young.removeAll(keepingCapacity: true)
        }
        young[key] = value
    }
}
