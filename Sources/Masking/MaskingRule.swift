/// One masking rule: what it selects and what becomes of it.
public struct MaskingRule: Sendable, Hashable {
    /// The name that records and counts show; the selector's text when absent.
    public var name: String?
    public var selector: Selector
    public var transform: Transform

    public init(name: String? = nil, selector: Selector, transform: Transform) {
        self.name = name
        self.selector = selector
        self.transform = transform
    }

    public enum Selector: Sendable, Hashable {
        /// A place in a JSON document. On an array or object the rule masks all that lies under it.
        case path(JSONPath)
        /// A member name in any JSON object, or the name of a column: a glob with `*` and `?`, case-insensitive in
        /// ASCII.
        case field(String)
        /// A column of a database's relations, whatever a statement calls it. Selects nothing in documents.
        case column(ColumnPattern)
        /// Values that have the form of one kind of data, in any text and in JSON strings, numbers and names.
        case detector(Detector)
    }
}

extension MaskingRule.Selector: CustomStringConvertible {
    public var description: String {
        switch self {
        case .path(let path): "path \(path)"
        case .field(let pattern): "field \(pattern)"
        case .column(let pattern): "column \(pattern)"
        case .detector(let detector): "detector \(detector)"
        }
    }
}

/// Masking rules under the name by which policies refer to them.
public struct MaskingRuleSet: Sendable, Hashable {
    public var name: String
    public var rules: [MaskingRule]

    public init(name: String, rules: [MaskingRule]) {
        self.name = name
        self.rules = rules
    }
}

/// How often a rule masked something in one answer.
public struct MaskCount: Sendable, Hashable {
    /// `ruleset/rule`.
    public let rule: String
    /// What the rule selects, e.g. `field ssn`, `column customers.ssn`, `path $.a`, `detector PAN`.
    public let selector: String
    /// Values masked: JSON scalars (a masked array or object counts once with `null`), cells, or detector matches.
    public let count: Int

    public init(rule: String, selector: String, count: Int) {
        self.rule = rule
        self.selector = selector
        self.count = count
    }

    /// One for each rule and what it selects by, in the order of the first of each.
    public static func sum(_ counts: [MaskCount]) -> [MaskCount] {
        guard counts.count > 1 else { return counts }
        var sums: [MaskCount] = []
        for count in counts {
            if let index = sums.firstIndex(where: { $0.rule == count.rule && $0.selector == count.selector }) {
                sums[index] = MaskCount(
                    rule: count.rule, selector: count.selector, count: sums[index].count + count.count)
            } else {
                sums.append(count)
            }
        }
        return sums
    }
}
