import Identifiers
import Masking
import Policy
import StrictJSON

extension ControlEntry {
    /// `kind: policy-load`: these policies are in force from here on.
    ///
    /// - `policy`, `previous`: digests of the whole set; `candidate` likewise of policies on trial.
    /// - `changes`: policy by policy `{change, id, file, set?, before?, after?}` with `change` one of `added`, `removed`,
    ///   `changed` and `in-force`. `before` and `after` are `{digest, redacted?, text}`, or `text_bytes` where the entry
    ///   has no room for the text.
    /// - `files`: the same of files, without texts: what is not a policy (comments, an order) shows there.
    /// - `changes_omitted`, `files_omitted`: how many more there are; absent for none.
    /// - `since`: `unknown` where what was in force before is not known.
    ///
    /// - Parameter by: Who asked: `start`, `SIGHUP`, or a person.
    public static func policyLoad(
        _ now: InForce, after history: InForceHistory, by: String, redactedBy redactor: SensitiveTextRedactor,
        at time: Timestamp
    ) -> Self {
        let told = PolicyChanges(now, after: history, redactor)
        // Files first, and with little: their list is short, and whatever is left is for texts.
        let files = BoundedItems(told.files, within: BoundedItems.mostBytes / 4)
        let changes = BoundedItems(
            told.policies, within: BoundedItems.mostBytes - (BoundedItems.mostBytes / 4 - files.remaining))
        var members = [
            JSONMember("by", .string(by)), JSONMember("changes", .array(changes.items)),
            JSONMember("files", .array(files.items)), JSONMember("policy", .string(now.policy.digest)),
        ]
        if let candidate = now.candidate { members.append(JSONMember("candidate", .string(candidate.digest))) }
        if let before = history.before { members.append(JSONMember("previous", .string(before.policy.digest))) }
        if changes.omitted > 0 { members.append(JSONMember("changes_omitted", .number(String(changes.omitted)))) }
        if files.omitted > 0 { members.append(JSONMember("files_omitted", .number(String(files.omitted)))) }
        if history.isUnknown { members.append(JSONMember("since", "unknown")) }
        return Self(kind: "policy-load", at: time, members)
    }

    /// `kind: policy-load` that did not take effect: `previous` stays, and `refused` says what is wrong.
    public static func refusedPolicyLoad(
        previous: String, because findings: String, by: String, redactedBy redactor: SensitiveTextRedactor,
        at time: Timestamp
    ) -> Self {
        return Self(
            kind: "policy-load", at: time,
            [
                JSONMember("by", .string(by)), JSONMember("previous", .string(previous)),
                JSONMember("refused", .string(AuditSchema.cut(redactor.redact(findings) ?? findings))),
            ])
    }
}

/// The changes of both sets, as an entry may say them.
private struct PolicyChanges {
    private(set) var policies: [BoundedItems.Item] = []
    private(set) var files: [BoundedItems.Item] = []

    init(_ now: InForce, after history: InForceHistory, _ redactor: SensitiveTextRedactor) {
        func difference(_ before: InForce.Policies?, _ after: [PolicySource]) -> PolicyDifference {
            history.isUnknown ? PolicyDifference(inForce: after) : PolicyDifference(from: before?.sources, to: after)
        }
        let before = history.before
        add(difference(before?.policy, now.policy.sources), set: nil, redactor)
        add(difference(before?.candidate, now.candidate?.sources ?? []), set: "candidate", redactor)
    }

    private mutating func add(_ difference: PolicyDifference, set: JSONValue?, _ redactor: SensitiveTextRedactor) {
        func redacted(_ text: String) -> JSONValue { .string(redactor.redact(text) ?? text) }
        func item(_ change: InForceChange, _ members: [JSONMember]) -> JSONValue {
            .object(
                [JSONMember("change", .string(change.rawValue))] + members + (set.map { [JSONMember("set", $0)] } ?? [])
            )
        }
        for policy in difference.policies {
            let named = [JSONMember("file", redacted(policy.file)), JSONMember("id", redacted(policy.name))]
            let sides = [("before", policy.before), ("after", policy.after)].compactMap { name, text in
                text.map { (name: name, text: RecordedText($0.text, redactor: redactor)) }
            }
            func form(withText: Bool) -> JSONValue {
                item(policy.change, named + sides.map { JSONMember($0.name, $0.text.json(withText: withText)) })
            }
            policies.append(.init(whole: form(withText: true), short: form(withText: false)))
        }
        for file in difference.files {
            let sides = [("before", file.before), ("after", file.after)].compactMap { name, text in
                text.map { JSONMember(name, RecordedText($0, redactor: redactor).digestJSON) }
            }
            let form = item(file.change, [JSONMember("file", redacted(file.name))] + sides)
            files.append(.init(whole: form, short: form))
        }
    }
}
