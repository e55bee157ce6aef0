import Identifiers
import StrictJSON

extension ControlEntry {
    /// `kind: configuration`: the gateway starts with another configuration than the last time.
    ///
    /// - `digest`, `previous`: of all settings.
    /// - `changes`: `{setting, change, before?, after?}`; a long value gives way to `before_bytes` or `after_bytes`, and
    ///   one that may be a secret to `hidden: true`.
    /// - `changes_omitted`, `since`: as in `policy-load`.
    public static func configuration(_ now: InForce, after history: InForceHistory, at time: Timestamp) -> Self {
        let changes = BoundedItems(
            ConfigurationDifference(now, after: history).changes.map(\.item), within: BoundedItems.mostBytes)
        var members = [
            JSONMember("changes", .array(changes.items)), JSONMember("digest", .string(now.configuration.digest)),
        ]
        if let before = history.before { members.append(JSONMember("previous", .string(before.configuration.digest))) }
        if changes.omitted > 0 { members.append(JSONMember("changes_omitted", .number(String(changes.omitted)))) }
        if history.isUnknown { members.append(JSONMember("since", "unknown")) }
        return Self(kind: "configuration", at: time, members)
    }

    /// `kind: pseudonym-key`: pseudonyms and keyed digests are made with another key than the last time, so that none
    /// equals an earlier one. `key` is its public id, `from` where it lies.
    ///
    /// - Parameter isNew: Whether this start made it.
    public static func pseudonymKey(
        _ now: InForce, after history: InForceHistory, isNew: Bool, from origin: String, at time: Timestamp
    ) -> Self {
        let change: InForceChange = history.isUnknown ? .inForce : history.before == nil ? .added : .changed
        var members = [
            JSONMember("change", .string(isNew ? "created" : change.rawValue)), JSONMember("from", .string(origin)),
            JSONMember("key", .string(now.pseudonymKey)),
        ]
        if let before = history.before { members.append(JSONMember("previous", .string(before.pseudonymKey))) }
        if history.isUnknown { members.append(JSONMember("since", "unknown")) }
        return Self(kind: "pseudonym-key", at: time, members)
    }
}
