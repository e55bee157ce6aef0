import GatewayCore

/// How SQL is read.
struct SQLReadingOptions: Hashable, Sendable {
    /// Functions, beyond the known ones, whose calls are effects of their own.
    var effectfulFunctions: [String] = []
    /// Longer query strings are opaque.
    var longestText = 1 << 20
}

/// Reads SQL for one event loop. The same text, and a text that differs in literals alone, is parsed once.
struct SQLReader {
    private struct Key: Hashable {
        let text: String
        let settings: SQLSettings
    }

    private let options: SQLReadingOptions
    private let functions: EffectfulFunctions
    private var byText = BoundedCache<Key, QueryReading>(limit: 1024)
    private var byShape = BoundedCache<Key, SQLStatement>(limit: 1024)

    /// Longer texts are not kept.
    private static let longestKept = 16_384

    init(options: SQLReadingOptions) {
        self.options = options
        functions = EffectfulFunctions(more: options.effectfulFunctions)
    }

    mutating func read(_ text: String, settings: SQLSettings) -> QueryReading {
        let key = Key(text: text, settings: settings)
        if let known = byText[key] { return known }
        var shape: Key?
        if settings.standardConformingStrings, let plain = LiteralFreeText.key(of: text) {
            let wanted = Key(text: plain, settings: settings)
            if let known = byShape[wanted] { return .statements([known.at(0..<text.utf8.count)]) }
            shape = wanted
        }
        let reading = parse(text, settings)
        if let shape, case .statements(let statements) = reading, statements.count == 1, statements[0].hasShapeAlone {
            byShape[shape] = statements[0]
        } else if text.utf8.count <= Self.longestKept {
            byText[key] = reading
        }
        return reading
    }

    private func parse(_ text: String, _ settings: SQLSettings) -> QueryReading {
        guard text.utf8.count <= options.longestText else {
            return .opaque(reason: "it is longer than \(options.longestText) bytes")
        }
        guard !text.utf8.contains(0) else { return .opaque(reason: "it has a zero byte") }
        // With the setting off a backslash would escape a quote, and the parser takes it as itself.
        guard settings.standardConformingStrings || !text.utf8.contains(UInt8(ascii: "\\")) else {
            return .opaque(reason: "it has a backslash while standard_conforming_strings is off")
        }
        guard !NestingBound.isTooDeep(Array(text.utf8)) else {
            return .opaque(reason: "it may be nested too deeply to be read")
        }
        do {
            let statements = try SQLParser.parse(text)
            guard !statements.isEmpty else { return .empty }
            return .statements(
                statements.map {
                    StatementReader.read(
                        $0.node, range: $0.range, count: statements.count, settings: settings, functions: functions)
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

    fileprivate func at(_ range: Range<Int>) -> SQLStatement {
        self.range == range
            ? self
            : SQLStatement(range: range, kind: kind, effects: effects, facts: facts, lineage: lineage, stored: stored)
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
