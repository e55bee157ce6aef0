/// A rule's part in the configuration that does not parse.
public struct MaskingSyntaxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The text as the configuration has it.
    public let text: String
    /// What is wrong with it, and what would be right.
    public let message: String

    public var description: String { "\"\(text)\": \(message)" }
}

/// Why nothing can be masked, so that nothing may pass.
public enum MaskingError: Error, Sendable, Hashable {
    /// A policy names a rule set that the configuration does not have.
    case unknownRuleSet(String, known: [String])
    case duplicateRuleSet(String)
    /// A selector of the rule set cannot match anything.
    case invalidRule(ruleSet: String, rule: String, message: String)
    /// The pseudonym key is shorter than 128 bits.
    case weakPseudonymKey(bits: Int)
    /// The answer cannot be inspected under the rules that apply to it. The reason holds nothing of the answer.
    case notInspectable(reason: String)
    /// What masking takes away is to be sealed for auditors, and cannot be.
    case originalsNotKept(reason: String)
}

extension MaskingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownRuleSet(let name, let known):
            known.isEmpty
                ? "no masking rule set \"\(name)\": none is configured"
                : "no masking rule set \"\(name)\"; there are \(known.joined(separator: ", "))"
        case .duplicateRuleSet(let name): "two masking rule sets are named \"\(name)\""
        case .invalidRule(let ruleSet, let rule, let message): "masking rule \(rule) of \"\(ruleSet)\": \(message)"
        case .weakPseudonymKey(let bits): "the pseudonym key has \(bits) bits; it needs at least 128"
        case .notInspectable(let reason): "cannot be inspected for masking: \(reason)"
        case .originalsNotKept(let reason):
            "cannot be masked, because what masking takes away cannot be sealed for the auditors: \(reason)"
        }
    }
}
