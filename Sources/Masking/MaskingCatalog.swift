import Crypto
import Synchronization

/// All rule sets of a configuration, and the key of its pseudonyms: an immutable snapshot that a reload replaces.
public final class MaskingCatalog: Sendable {
    private let ruleSets: [String: MaskingRuleSet]
    private let pseudonymKey: SymmetricKey
    private let plans = Mutex<[[String]: MaskingPlan]>([:])
    /// Combinations that are kept. Policies name few; a flood of new ones only costs compiling.
    private static let mostPlansKept = 1024

    /// - Parameter pseudonymKey: at least 128 bits. The same key gives the same pseudonyms: keep it per deployment.
    public init(ruleSets: [MaskingRuleSet], pseudonymKey: SymmetricKey) throws(MaskingError) {
        guard pseudonymKey.bitCount >= 128 else { throw .weakPseudonymKey(bits: pseudonymKey.bitCount) }
        var byName: [String: MaskingRuleSet] = [:]
        for ruleSet in ruleSets {
            guard byName.updateValue(ruleSet, forKey: ruleSet.name) == nil else {
                throw .duplicateRuleSet(ruleSet.name)
            }
            _ = try CompiledPlan(ruleSets: [ruleSet], pseudonymKey: pseudonymKey)
        }
        self.ruleSets = byName
        self.pseudonymKey = pseudonymKey
    }

    /// Sorted.
    public var ruleSetNames: [String] { ruleSets.keys.sorted() }

    /// The plan in which all of the named rule sets apply; `.none` for no name. Their order makes no difference.
    ///
    /// Plans are kept, so that this costs a look-up; a lane can keep the plan itself as long as it keeps the snapshot.
    public func plan(_ names: [String]) throws(MaskingError) -> MaskingPlan {
        if names.isEmpty { return .none }
        if let plan = plans.withLock({ $0[names] }) { return plan }
        var chosen: [MaskingRuleSet] = []
        for name in Set(names).sorted() {
            guard let ruleSet = ruleSets[name] else { throw .unknownRuleSet(name, known: ruleSetNames) }
            chosen.append(ruleSet)
        }
        let plan = MaskingPlan(compiled: try CompiledPlan(ruleSets: chosen, pseudonymKey: pseudonymKey))
        plans.withLock { if $0.count < Self.mostPlansKept { $0[names] = plan } }
        return plan
    }
}
