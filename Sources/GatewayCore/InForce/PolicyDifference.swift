import Identifiers
import Policy

/// What became of the policies of a set, one by one, and of the files that hold them.
///
/// A policy is known by its `@id`, one without by its text: a line above it makes no other policy of it. Order makes no
/// difference to decisions, and is no change; comments between policies change the file alone.
struct PolicyDifference: Sendable {
    struct Policy: Sendable {
        let change: InForceChange
        let before: PolicyText?
        let after: PolicyText?

        /// What the policy is called now, or was.
        var name: String { (after ?? before)?.name ?? "" }
        var file: String { (after ?? before)?.position.file ?? "" }
    }

    struct File: Sendable {
        let change: InForceChange
        let name: String
        let before: String?
        let after: String?
    }

    let policies: [Policy]
    let files: [File]

    /// - Parameter before: `nil` where there was no set.
    init(from before: [PolicySource]?, to after: [PolicySource]) {
        policies = Self.policies(from: before ?? [], to: after)
        files = Self.files(from: before ?? [], to: after)
    }

    /// Of a set that nothing is known to have been before.
    init(inForce sources: [PolicySource]) {
        policies = sources.flatMap(PolicyText.all).map { Policy(change: .inForce, before: nil, after: $0) }
        files = sources.map { File(change: .inForce, name: $0.name, before: nil, after: $0.text) }
    }

    private static func policies(from before: [PolicySource], to after: [PolicySource]) -> [Policy] {
        var old = before.flatMap(PolicyText.all)
        var new = after.flatMap(PolicyText.all)
        // As often as a text stands in both.
        var unchanged: [ExactText: Int] = [:]
        for policy in old { unchanged[ExactText(policy.text), default: 0] += 1 }
        var kept: [ExactText: Int] = [:]
        new.removeAll { policy in
            let text = ExactText(policy.text)
            guard let left = unchanged[text], left > 0 else { return false }
            unchanged[text] = left - 1
            kept[text, default: 0] += 1
            return true
        }
        old.removeAll { policy in
            let text = ExactText(policy.text)
            guard let left = kept[text], left > 0 else { return false }
            kept[text] = left - 1
            return true
        }

        var byName: [ExactText: [Int]] = [:]
        for (index, policy) in old.enumerated().reversed() { byName[ExactText(policy.name), default: []].append(index) }
        var gone = Set(old.indices)
        let found = new.map { after in
            let index = byName[ExactText(after.name)]?.popLast()
            if let index { gone.remove(index) }
            return Policy(change: index == nil ? .added : .changed, before: index.map { old[$0] }, after: after)
        }
        return found + gone.sorted().map { Policy(change: .removed, before: old[$0], after: nil) }
    }

    private static func files(from before: [PolicySource], to after: [PolicySource]) -> [File] {
        var old: [ExactText: String] = [:]
        for source in before { old[ExactText(source.name)] = source.text }
        var found = after.compactMap { source -> File? in
            let before = old.removeValue(forKey: ExactText(source.name))
            return InForceChange.between(before, source.text) { $0.isExactly($1) }
                .map { File(change: $0, name: source.name, before: before, after: source.text) }
        }
        found += before.compactMap { source in
            old.removeValue(forKey: ExactText(source.name))
                .map { File(change: .removed, name: source.name, before: $0, after: nil) }
        }
        return found
    }
}
