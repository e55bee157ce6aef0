import Yams

/// Walks a YAML tree beside its declared keys and turns it into typed values, collecting everything that is wrong.
struct ConfigValidator {
    let file: String
    private(set) var errors: [ConfigError] = []
    /// Aliases can make a small file stand for a tree without end; a real configuration is far below this.
    private var remainingNodes = 100_000

    init(file: String) { self.file = file }

    /// The value of `node`, or `nil` when it is wrong and that has been noted. `key` is for messages.
    mutating func validate(_ node: Node, as kind: ConfigValueKind, at key: String) -> ConfigValue? {
        remainingNodes -= 1
        guard remainingNodes > 0 else {
            if remainingNodes == 0 {
                fail(node, "the file expands to more than 100000 values; does an alias repeat itself?")
            }
            return nil
        }
        switch kind {
        case .mapping(let keys): return section(node, keys, at: key)
        case .variants(let discriminator, let variants, let common):
            return variant(node, discriminator, variants, common, at: key)
        case .list(let element): return list(node, element, at: key)
        case .dictionary(let element): return dictionary(node, element, at: key)
        default: return scalar(node, kind, at: key)
        }
    }

    // MARK: Mappings

    private mutating func section(_ node: Node, _ keys: [ConfigKey], at key: String) -> ConfigValue? {
        guard case .mapping(let mapping) = node else {
            fail(node, "\(Self.quoted(key)) takes a mapping of keys to values, as `\(keys.first?.name ?? "key"): …`")
            return nil
        }
        var values: [String: ConfigSection.Entry] = [:]
        for (name, value) in mapping {
            guard let text = name.string else {
                fail(name, "a key is a word")
                continue
            }
            guard let declared = keys.first(where: { $0.name == text }) else {
                let nearest = Self.nearest(to: text, among: keys.map(\.name))
                let hint =
                    nearest.map { "; did you mean \"\($0)\"?" }
                    ?? "; known are \(keys.map(\.name).joined(separator: ", "))"
                fail(name, "unknown key \"\(text)\"\(hint)")
                continue
            }
            if let read = validate(value, as: declared.kind, at: text) {
                values[text] = ConfigSection.Entry(value: read, position: position(of: value))
            }
        }
        for declared in keys where declared.isRequired {
            let isThere = mapping.contains { $0.key.string == declared.name }
            if !isThere { fail(node, "the key \"\(declared.name)\" is missing: \(declared.summary)") }
        }
        return .section(ConfigSection(keys: keys, entries: values, position: position(of: node)))
    }

    private mutating func variant(
        _ node: Node, _ discriminator: String, _ variants: [String: [ConfigKey]], _ common: [ConfigKey], at key: String
    ) -> ConfigValue? {
        guard case .mapping(let mapping) = node else {
            fail(node, "\(Self.quoted(key)) takes a mapping with the key \"\(discriminator)\"")
            return nil
        }
        let known = variants.keys.sorted()
        guard let chosen = mapping.first(where: { $0.key.string == discriminator })?.value else {
            fail(node, "the key \"\(discriminator)\" is missing; it is one of \(known.joined(separator: ", "))")
            return nil
        }
        guard let word = chosen.string, let keys = variants[word] else {
            let nearest = chosen.string.flatMap { Self.nearest(to: $0, among: known) }
            let hint = nearest.map { "; did you mean \"\($0)\"?" } ?? ""
            fail(chosen, "\"\(discriminator)\" is one of \(known.joined(separator: ", "))\(hint)")
            return nil
        }
        let own = ConfigKey(discriminator, .choice([word]), required: true, summary: "Which kind this is.")
        return section(node, [own] + common + keys, at: key)
    }

    private mutating func dictionary(_ node: Node, _ element: ConfigValueKind, at key: String) -> ConfigValue? {
        guard case .mapping(let mapping) = node else {
            fail(node, "\(Self.quoted(key)) takes a mapping of names to values")
            return nil
        }
        var values: [(String, ConfigValue)] = []
        for (name, value) in mapping {
            guard let text = name.string else {
                fail(name, "a name is a word")
                continue
            }
            if let read = validate(value, as: element, at: text) { values.append((text, read)) }
        }
        return .dictionary(values)
    }

    private mutating func list(_ node: Node, _ element: ConfigValueKind, at key: String) -> ConfigValue? {
        guard case .sequence(let sequence) = node else {
            fail(node, "\(Self.quoted(key)) takes a list, as `[a, b]` or one `- ` line for each")
            return nil
        }
        return .list(sequence.compactMap { validate($0, as: element, at: key) })
    }

    // MARK: Scalars

    private mutating func scalar(_ node: Node, _ kind: ConfigValueKind, at key: String) -> ConfigValue? {
        guard case .scalar(let scalar) = node else {
            fail(node, "\(Self.quoted(key)) takes \(kind.phrase), not a \(node.isMapping ? "mapping" : "list")")
            return nil
        }
        guard let value = kind.read(scalar.string) else {
            fail(node, "\(Self.quoted(key)) takes \(kind.phrase)\(kind.advice)")
            return nil
        }
        return value
    }

    // MARK: Messages

    private mutating func fail(_ node: Node, _ message: String) {
        errors.append(ConfigError(position: position(of: node), message: message))
    }

    private func position(of node: Node) -> ConfigPosition {
        ConfigPosition(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private static func quoted(_ key: String) -> String { key.isEmpty ? "the file" : "\"\(key)\"" }

    /// The known word nearest to `word`, when it is near enough to be meant.
    static func nearest(to word: String, among known: [String]) -> String? {
        let scored = known.map { ($0, distance(Array(word.lowercased()), Array($0.lowercased()))) }
        guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(1, word.count / 3) else { return nil }
        return best.0
    }

    /// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}

extension Node {
    fileprivate var isMapping: Bool { if case .mapping = self { true } else { false } }
}
