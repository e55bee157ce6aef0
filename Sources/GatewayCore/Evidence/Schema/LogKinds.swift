import StrictJSON
import Vault

// What the log writes about itself, and retention about what is kept beside it.

extension EntryKind {
    static let ofTheLog = [keyCreation, keyRotation, keyRetirement, clockStep]
    static let ofEvidence = [retentionDelete, retentionHold]

    private static let keyCreation = EntryKind(
        "key-creation", "The log's first key", "The log begins with it.",
        [.always("key", .shared(.verifierKey), "Whoever knows it can verify the log.")])

    private static let keyRotation = EntryKind(
        "key-rotation", "The log goes on under a new key",
        "Both keys sign the statement, so that verifiers can follow.",
        [
            .always("new", .shared(.verifierKey), "The key that signs from here on."),
            .always("old", .shared(.verifierKey), "The key that signed before."),
            .always("overlap_until", .shared(.time), "Until when checkpoints carry the old key's signature too."),
            .sometimes("reason", .text, "Why, in words."),
            .always(
                "statement", .text(matching: "^sallyport key rotation v1\\n"),
                "A C2SP signed note: origin, both keys, the size of the tree and its root before this entry; signed by both keys."
            ),
        ])

    private static let keyRetirement = EntryKind(
        "key-retirement", "A rotated key is gone", "It signs no more, and its private half was deleted.",
        [.always("key", .shared(.verifierKey), "The key.")])

    private static let clockStep = EntryKind(
        "clock-step", "The wall clock was set",
        "Times in the log are not in the order of its entries around here.",
        [
            .always("expected", .shared(.time), "What the clock would have said."),
            .always(
                "milliseconds", .integer, "By how much it went forward, in milliseconds; negative where it went back."),
            .always("while", .one(of: ["running", "stopped"]), "Whether a gateway ran when it happened."),
        ])

    private static let retentionDelete = EntryKind(
        "retention-delete", "Evidence beside the log was deleted",
        "By a rule of retention: all of one target, kind and period, sealed under one key, which was destroyed. Copies that sinks put into buckets are not covered.",
        [
            .always("due", .shared(.time), "When it was due."),
            .always("evidence", .one(of: EvidenceKind.allCases.map(\.rawValue)), "What kind of evidence it was."),
            .always("held", .count, "Files of the same period that are held and were kept."),
            .always("items", .count, "How many files are deleted."),
            .always("key", .shared(.id), "The id of the key that was destroyed."),
            .always(
                "names_sha256", .shared(.sha256),
                "Of the files' names, sorted, a newline after each: `retention/deletions/<key>.names` in the state folder."
            ),
            .always(
                "period",
                .object([
                    .always("from", .shared(.time), "Its begin."),
                    .always("until", .shared(.time), "Its end, which is not in it."),
                ]), "When what is deleted was closed."),
            .always(
                "rule", .text,
                "The rule as the configuration has it, e.g. `retention.default.recordings: 400d`; of a target that it has not any more perhaps as it was when the evidence was sealed."
            ),
            .always(
                "step", .one(of: ["intent", "done"]),
                "`intent` before the key is destroyed, `done` when the files are gone."),
            .always("target", .shared(.targetName), "Whose sessions it was about."),
            .always(
                "trusted_time", .shared(.time),
                "The time that deletion goes by: the latest that had passed for certain, whatever the clock was set to."
            ),
        ])

    private static let retentionHold = EntryKind(
        "retention-hold", "Evidence is held, or not any longer", "What is held is kept, whatever the rules say.",
        [
            .always("by", .shared(.person), "Who put the hold, or released it."),
            .sometimes("held_caller", .shared(.person), "The evidence of all this caller's sessions is held."),
            .sometimes("held_session", .shared(.id), "The evidence of this session is held."),
            .always("hold", .shared(.id), "The hold."),
            .always("reason", .text, "Why it was put, or released, in words."),
            .always("step", .one(of: ["add", "release"]), "Whether it is in force from here on, or not any longer."),
        ], [.one(of: "held_caller", "held_session")])
}
