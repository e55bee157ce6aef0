import StrictJSON

// What a gateway judges and runs by, and what changed of it: see `InForce`.

extension EntryKind {
    static let ofWhatIsInForce = [policyLoad, configuration, pseudonymKey]

    private static let policyLoad = EntryKind(
        "policy-load", "Policies were loaded, or refused", "What was refused changes nothing.",
        [
            .always(
                "by", .text, "Who asked: `start`, `SIGHUP`, or issuer and subject with a bar between."),
            .sometimes("candidate", .shared(.sha256), "Of the policies on trial."),
            .sometimes("changes", .list(of: policyChange), "What changed, policy by policy."),
            changesOmitted,
            .sometimes("files", .list(of: fileChange), "The same, file by file: comments and the order show here."),
            .sometimes("files_omitted", .positive, "How many more files changed, for which the entry has no room."),
            .sometimes("policy", .shared(.sha256), "Of the policies that are in force from here on."),
            .sometimes(
                "previous", .shared(.sha256),
                "Of the policies that were in force, and stay so where the new are refused."),
            .sometimes("refused", .text, "What is wrong with the policies, in words, perhaps cut."),
            since,
        ], [.one(of: "policy", "refused"), .together("policy", "changes", "files")])

    private static let configuration = EntryKind(
        "configuration", "The gateway started with another configuration", "Another than at its last start.",
        [
            .always("changes", .list(of: settingChange), "What changed, setting by setting."),
            changesOmitted,
            .always("digest", .shared(.sha256), "Of all settings, without what may be a secret."),
            .sometimes("previous", .shared(.sha256), "The same at the last start."),
            since,
        ])

    private static let pseudonymKey = EntryKind(
        "pseudonym-key", "Pseudonyms are made with another key",
        "No pseudonym and no keyed digest from here on equals an earlier one of the same value.",
        [
            .always(
                "change", .one(of: ["created", "added", "changed", "in-force"]),
                "Whether this start made the key, or found it where there was none or another one before."),
            .always("from", .text, "Where the key lies."),
            .always("key", .shared(.pseudonymKeyID), "The key."),
            .sometimes("previous", .shared(.pseudonymKeyID), "The key at the last start."),
            since,
        ])

    private static let changesOmitted = Member.sometimes(
        "changes_omitted", .positive, "How many more changes there are, for which the entry has no room.")

    private static let since = Member.sometimes(
        "since", .exactly("unknown"), "There where it is not known what was in force before: then all of it is told.")

    private static let change = Member.always(
        "change", .one(of: InForceChange.allCases.map(\.rawValue)),
        "What became of it; `in-force`: it is in force, and what was before is not known.")

    private static let set = Member.sometimes(
        "set", .exactly("candidate"), "There for policies on trial.")

    private static let policyChange = Shape.object([
        .sometimes("after", .shared(.recordedText), "The policy as it is in force from here on."),
        .sometimes("before", .shared(.recordedText), "The policy as it was."),
        change,
        .always("file", .text, "The file that it stands in, as the configuration names it."),
        .always("id", .text, "Its `@id`, or its file and line."),
        set,
    ])

    private static let fileChange = Shape.object([
        .sometimes("after", .shared(.textDigest), "What the file says from here on."),
        .sometimes("before", .shared(.textDigest), "What it said."),
        change,
        .always("file", .text, "Its name, as the configuration has it."),
        set,
    ])

    private static let settingChange = Shape.object(
        [
            .sometimes("after", setting, "Its value from here on."),
            .sometimes(
                "after_bytes", .count, "How long that is, in bytes of JSON, where the entry has no room for it."),
            .sometimes("before", setting, "Its value at the last start."),
            .sometimes("before_bytes", .count, "How long that is, likewise."),
            change,
            .sometimes("hidden", .exactly(true), "There where a value may be a secret, and is not told."),
            .always(
                "setting", .name,
                "Its path, e.g. `targets[ledger].connection.host`; with ` (contents)`, what lies where the value says."),
        ], [.some(of: "after", "after_bytes", "before", "before_bytes", "hidden")])

    /// A dictionary is told key by key; one without any stands for itself.
    private static let setting = Shape([("type", ["string", "integer", "boolean", "array", "object"])])
}
