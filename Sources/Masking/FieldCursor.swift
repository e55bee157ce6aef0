/// Follows a plan's rules for fields and places through values that are in memory.
///
/// For records: what would be masked by its name or place in an answer must not stand in clear in the record of the
/// question. Detectors are not its business; see `SensitiveTextRedactor`.
public struct FieldCursor: Sendable {
    /// A rule selects the value here, or one that it stands under.
    public let isSelected: Bool
    /// `nil` where no rule can select anything.
    private let plan: CompiledPlan?
    /// The path steps that wait for a child here.
    private let waiting: [UInt64]

    fileprivate init(plan: CompiledPlan?, isSelected: Bool, waiting: [UInt64]) {
        self.plan = plan
        self.isSelected = isSelected
        self.waiting = waiting
    }

    /// No rule selects anything here or below.
    public var selectsNothing: Bool { plan == nil }

    /// The value of the member `name` of the object here.
    public func member(_ name: String) -> FieldCursor {
        guard let plan else { return self }
        var text = name
        let isField = text.withUTF8 { bytes in
            plan.fields.contains { $0.pattern.matches(UnsafeRawBufferPointer(bytes)) }
        }
        let id = plan.paths?.names.firstIndex(of: name).map { Int16($0) } ?? -1
        return entering(.member(nameID: id), plan, isField: isField)
    }

    /// The element at `index` of the array here.
    public func element(_ index: Int) -> FieldCursor {
        guard let plan else { return self }
        return entering(.element(index), plan, isField: false)
    }

    /// The root of a JSON document that is the content of the string here: it has no place in the outer document, so
    /// only `$..` and field names reach into it.
    public var nestedDocument: FieldCursor {
        guard let plan else { return self }
        return FieldCursor(plan: plan, isSelected: isSelected, waiting: plan.paths?.descendantStart ?? [])
    }

    private func entering(_ child: PathAutomaton.Child, _ plan: CompiledPlan, isField: Bool) -> FieldCursor {
        guard let paths = plan.paths else {
            return FieldCursor(plan: plan, isSelected: isSelected || isField, waiting: [])
        }
        var sets = waiting
        let rule = paths.enter(child, from: 0, in: &sets)
        return FieldCursor(
            plan: plan, isSelected: isSelected || isField || rule != noRule, waiting: Array(sets[waiting.count...]))
    }
}

extension MaskingPlan {
    /// At the root of a document.
    public var fields: FieldCursor {
        guard let compiled, !compiled.fields.isEmpty || compiled.paths != nil else {
            return FieldCursor(plan: nil, isSelected: false, waiting: [])
        }
        return FieldCursor(
            plan: compiled, isSelected: compiled.paths.map { $0.rootRule != noRule } ?? false,
            waiting: compiled.paths?.start ?? [])
    }
}
