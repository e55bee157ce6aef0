import Identifiers
import StrictJSON

/// What became of the settings, one by one.
struct ConfigurationDifference: Sendable {
    struct Change: Sendable {
        let path: String
        let change: InForceChange
        let before: RecordedConfiguration.Setting.Value?
        let after: RecordedConfiguration.Setting.Value?
    }

    let changes: [Change]

    init(_ now: InForce, after history: InForceHistory) {
        let settings = now.configuration.settings
        guard !history.isUnknown else {
            changes = settings.map { Change(path: $0.path, change: .inForce, before: nil, after: $0.value) }
            return
        }
        let before = history.before
        // Digests of hidden values are comparable under one key only.
        let isComparable = before == nil || before?.pseudonymKey == now.pseudonymKey
        var old: [ExactText: RecordedConfiguration.Setting] = [:]
        for setting in before?.configuration.settings ?? [] { old[ExactText(setting.path)] = setting }
        var found = settings.compactMap { setting -> Change? in
            let before = old.removeValue(forKey: ExactText(setting.path))
            var change = InForceChange.between(before, setting) { $0.isSame(as: $1) }
            if change == .changed, !isComparable, before?.isHidden == true, setting.isHidden { change = .inForce }
            return change.map { Change(path: setting.path, change: $0, before: before?.value, after: setting.value) }
        }
        found += (before?.configuration.settings ?? []).compactMap { setting in
            old.removeValue(forKey: ExactText(setting.path))
                .map { Change(path: setting.path, change: .removed, before: $0.value, after: nil) }
        }
        changes = found
    }
}

extension RecordedConfiguration.Setting {
    fileprivate var isHidden: Bool { if case .hidden = value { true } else { false } }
}

extension ConfigurationDifference.Change {
    /// As the entry has it: never with a hidden value, nor with its digest.
    var item: BoundedItems.Item {
        func form(withValues: Bool) -> JSONValue {
            var members = [JSONMember("change", .string(change.rawValue)), JSONMember("setting", .string(path))]
            var isHidden = false
            for (name, value) in [("before", before), ("after", after)] {
                switch value {
                case .shown(let value)?:
                    members.append(
                        withValues
                            ? JSONMember(name, value)
                            : JSONMember("\(name)_bytes", .number(String(value.canonicalBytes.count))))
                case .hidden?: isHidden = true
                case nil: break
                }
            }
            if isHidden { members.append(JSONMember("hidden", true)) }
            return .object(members)
        }
        return BoundedItems.Item(whole: form(withValues: true), short: form(withValues: false))
    }
}
