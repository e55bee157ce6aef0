import Crypto
import Identifiers
import NIOCore

/// The masking rules that apply to one command's answer, compiled.
public struct MaskingPlan: Sendable {
    /// Nothing is masked.
    public static let none = MaskingPlan(compiled: nil)

    let compiled: CompiledPlan?
    /// Where the originals of what is masked go; `nil` where nobody keeps them.
    let tap: NIOLoopBound<OriginalsTap>?

    /// Rules select columns or fields by their name, so that it matters where a value comes from.
    public var selectsByName: Bool { compiled.map { !$0.columns.isEmpty || !$0.fields.isEmpty } ?? false }
    /// Rules select members or places of JSON documents, so that they cannot be applied to what is no JSON.
    public var selectsInJSON: Bool { compiled.map { !$0.fields.isEmpty || $0.paths != nil } ?? false }
    /// Rules select values by their form, in any text.
    public var selectsInText: Bool { compiled?.hasDetectors ?? false }
    /// A rule selects columns of this name, in some relation.
    public func selectsColumn(named name: String) -> Bool {
        guard let compiled, !compiled.columns.isEmpty else { return false }
        return compiled.columns.contains {
            $0.pattern.matches(ColumnOrigin(schema: nil, table: nil, column: name))
        }
    }
    /// No rule applies.
    public var isEmpty: Bool { compiled == nil }
    /// `ruleset/rule` for each rule.
    public var ruleNames: [String] { compiled?.rules.map(\.name) ?? [] }
    /// SHA-256 in hex over the rules, as they are written; of nothing for an empty plan.
    public var digest: String { compiled?.digest ?? Self.emptyDigest }

    private static let emptyDigest = SHA256.hash(data: [UInt8]()).hexadecimal

    init(compiled: CompiledPlan?, tap: NIOLoopBound<OriginalsTap>? = nil) {
        self.compiled = compiled.flatMap { $0.rules.isEmpty ? nil : $0 }
        self.tap = tap
    }
}

/// Rules in the form that maskers use. Immutable and shared.
final class CompiledPlan: Sendable {
    struct Rule: Sendable {
        var name: String
        var selector: String
        var transform: Transform
    }

    /// The strictest rule for a value is the one with the smallest index.
    let rules: [Rule]
    let fields: [(pattern: FieldPattern, rule: RuleIndex)]
    let columns: [(pattern: CompiledColumnPattern, rule: RuleIndex)]
    let paths: PathAutomaton?
    let detectors: DetectorSet
    /// The rule for each detector, by `Detector.index`.
    let detectorRules: [RuleIndex]
    let pseudonyms: Pseudonymizer
    let digest: String

    init(ruleSets: [MaskingRuleSet], pseudonymKey: SymmetricKey) throws(MaskingError) {
        let all = ruleSets.flatMap { ruleSet in ruleSet.rules.map { (ruleSet.name, $0) } }
        // A stable order: equally strict rules stay as the configuration has them.
        let ordered = all.enumerated().sorted {
            let (left, right) = ($0.element.1.transform.leniency, $1.element.1.transform.leniency)
            return (left, $0.offset) < (right, $1.offset)
        }.map(\.element)
        guard ordered.count <= Int(RuleIndex.max) else {
            throw .notInspectable(reason: "more than \(RuleIndex.max) masking rules apply to one answer")
        }
        var fields: [(FieldPattern, RuleIndex)] = []
        var columns: [(CompiledColumnPattern, RuleIndex)] = []
        var paths: [(JSONPath, RuleIndex)] = []
        var detectorRules = [RuleIndex](repeating: noRule, count: Detector.allCases.count)
        var detectors: DetectorSet = []
        for (index, (ruleSet, rule)) in ordered.enumerated() {
            switch rule.selector {
            case .field(let pattern):
                guard let compiled = FieldPattern(pattern) else {
                    throw .invalidRule(
                        ruleSet: ruleSet, rule: rule.name ?? "\(rule.selector)", message: "a field pattern is empty")
                }
                fields.append((compiled, RuleIndex(index)))
            case .column(let pattern): columns.append((pattern.compiled, RuleIndex(index)))
            case .path(let path): paths.append((path, RuleIndex(index)))
            case .detector(let detector):
                detectors.insert(DetectorSet(detector))
                if detectorRules[detector.index] == noRule { detectorRules[detector.index] = RuleIndex(index) }
            }
        }
        rules = ordered.map { ruleSet, rule in
            Rule(
                name: "\(ruleSet)/\(rule.name ?? "\(rule.selector)")", selector: "\(rule.selector)",
                transform: rule.transform)
        }
        self.fields = fields
        self.columns = columns
        self.paths = paths.isEmpty ? nil : PathAutomaton(paths)
        self.detectors = detectors
        self.detectorRules = detectorRules
        pseudonyms = Pseudonymizer(key: pseudonymKey)
        var hash = SHA256()
        for rule in rules {
            for part in [rule.name, rule.selector, "\(rule.transform)"] {
                hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
            }
        }
        digest = hash.finalize().hexadecimal
    }

    /// Rules by the field's name or place exist, so that text without fields needs detectors to be inspected at all.
    var hasDetectors: Bool { !detectors.isEmpty }
    /// Something can be selected in a document; a plan of rules for columns only leaves them all as they are.
    var selectsInDocuments: Bool { hasDetectors || !fields.isEmpty || paths != nil }

    /// - Parameter counts: by rule index.
    func counts(_ counts: [Int]) -> [MaskCount] {
        zip(rules, counts).compactMap { rule, count in
            count == 0 ? nil : MaskCount(rule: rule.name, selector: rule.selector, count: count)
        }
    }
}

/// A rule's place in `CompiledPlan.rules`.
typealias RuleIndex = Int16
/// Greater than any rule's index, so that the strictest of several is their minimum.
let noRule = RuleIndex.max
