/// All paths of a plan, followed at once: the set of steps that wait for a child, one bit each.
struct PathAutomaton: Sendable {
    private struct Step: Sendable {
        enum Child: Sendable {
            case name(Int16)
            case index(Int)
            case any
        }

        var child: Child
        var isDescendant: Bool
        /// The rule that applies where this step matches; `noRule` if more steps follow.
        var rule: RuleIndex
    }

    private let steps: [Step]
    /// 64-bit words in one set.
    let words: Int
    /// The steps that wait at the root.
    let start: [UInt64]
    /// Of these, the steps that wait at any depth.
    let descendantStart: [UInt64]
    var hasDescendantStart: Bool { descendantStart.contains { $0 != 0 } }
    /// The rule for `$`, the whole document.
    let rootRule: RuleIndex
    /// Names that the paths have; a name's id is its place.
    let names: [String]

    init(_ paths: [(JSONPath, RuleIndex)]) {
        var steps: [Step] = []
        var names: [String] = []
        var first: [Int] = []
        var rootRule = noRule
        for (path, rule) in paths {
            if path.steps.isEmpty { rootRule = min(rootRule, rule) } else { first.append(steps.count) }
            for (index, step) in path.steps.enumerated() {
                let child: Step.Child =
                    switch step.child {
                    case .any: .any
                    case .index(let index): .index(index)
                    case .name(let name):
                        if let id = names.firstIndex(of: name) {
                            .name(Int16(id))
                        } else {
                            .name(
                                {
                                    names.append(name)
                                    return Int16(names.count - 1)
                                }())
                        }
                    }
                steps.append(
                    Step(
                        child: child, isDescendant: step.isDescendant,
                        rule: index == path.steps.count - 1 ? rule : noRule))
            }
        }
        self.steps = steps
        self.names = names
        self.rootRule = rootRule
        words = (steps.count + 63) / 64
        var start = [UInt64](repeating: 0, count: words)
        for index in first { start[index / 64] |= 1 << UInt64(index % 64) }
        self.start = start
        var descendantStart = [UInt64](repeating: 0, count: words)
        for index in first where steps[index].isDescendant { descendantStart[index / 64] |= 1 << UInt64(index % 64) }
        self.descendantStart = descendantStart
    }

    /// The child that is entered.
    enum Child {
        case member(nameID: Int16)
        case element(Int)
    }

    /// Appends the set for a child of the place whose set starts at `parent` in `sets`, and returns the strictest rule
    /// that applies to the child.
    func enter(_ child: Child, from parent: Int, in sets: inout [UInt64]) -> RuleIndex {
        let base = sets.count
        for _ in 0..<words { sets.append(0) }
        var rule = noRule
        for word in 0..<words {
            var bits = sets[parent + word]
            while bits != 0 {
                let index = word * 64 + bits.trailingZeroBitCount
                bits &= bits - 1
                let step = steps[index]
                if step.isDescendant { sets[base + word] |= 1 << UInt64(index % 64) }
                let matches =
                    switch (step.child, child) {
                    case (.any, _): true
                    case (.name(let wanted), .member(let nameID)): wanted == nameID
                    case (.index(let wanted), .element(let index)): wanted == index
                    default: false
                    }
                guard matches else { continue }
                if step.rule != noRule {
                    rule = min(rule, step.rule)
                } else {
                    sets[base + (index + 1) / 64] |= 1 << UInt64((index + 1) % 64)
                }
            }
        }
        return rule
    }
}
