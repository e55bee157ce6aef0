import Approvals
import StrictJSON

// What the gateway and its console write: see ControlEntry's makers.

extension EntryKind {
    static let ofTheGateway = [start, stop, console, approval, originalsOpened]

    private static let start = EntryKind(
        "start", "A gateway began to run", "From here on, with this version and policy.",
        [
            .sometimes(
                "auditor_key", .shared(.keyID), "The key that masked values are sealed to, where they are kept."),
            .always("configuration", .shared(.sha256), "Of all settings, without what may be a secret."),
            .always("policy", .shared(.sha256), "Of the policies in force."),
            .always(
                "pseudonym_key", .shared(.pseudonymKeyID), "The key that pseudonyms and keyed digests are made with."),
            .sometimes(
                "recovery", .text, "What was repaired in the log, in words, where the last run did not end in order."),
            .always("version", .name, "The gateway's version."),
        ])

    private static let stop = EntryKind(
        "stop", "A gateway ended", "In order: a gateway that was killed does not write it.",
        [.always("reason", .text, "Why, in words.")])

    private static let console = EntryKind(
        "console", "Somebody used the console",
        "Something was read or changed, or asked for in vain; tickets, policies and holds have entries of their own besides.",
        [
            .always("action", .text(matching: "^console\\."), "What was asked for, as policies name it."),
            .always("allowed", .flag, "Whether it was allowed."),
            .always("caller", .shared(.person), "Who asked."),
            .always("resource", .text, "About what: a type, and where there are several a slash and a name."),
            .always("rule", .text, "What decided: the `@id` of a policy, or a rule of the gateway's own."),
        ])

    private static let approval = EntryKind(
        "approval", "A step of a ticket",
        "Somebody asked for approval, decided or used it, or its time passed. Written before the step takes effect.",
        [
            .sometimes("actor", .shared(.person), "Who took the step; not there where time did."),
            .sometimes("digest", .shared(.sha256), "Of the command that was asked for, or let through."),
            .sometimes("justification", .text, "What was said to it, by who asked or who decided."),
            .sometimes("needs", .list(of: .name, atLeast: 1), "Whose agreement is needed, e.g. `1 of approver`."),
            .always("requester", .shared(.person), "Who asked for the approval."),
            .always(
                "state", .one(of: TicketState.allCases.map(\.rawValue)),
                "What the ticket is once the step has taken effect."),
            .always(
                "step", .one(of: ApprovalEvent.Kind.allCases.map(\.rawValue)),
                "What happened; `undone`: the step before took no effect, as it could not be stored."),
            .sometimes("summary", .text, "The command as a person reads it, perhaps cut."),
            .always("target", .shared(.targetName), "Where the command is to run."),
            .always("ticket", .shared(.id), "The ticket."),
        ], [.onlyWhere("step", says: ApprovalEvent.Kind.opened.rawValue, "needs", "summary")])

    private static let originalsOpened = EntryKind(
        "originals-opened", "Somebody was given sealed originals",
        "They asked for those of one command and were given the file that holds them, to open with a key of their own: with the originals of every command of the session that are in it. Written before it was given.",
        [
            .always("caller", .shared(.person), "Who was given them."),
            .always("command", .shared(.id), "The id of the intent of the command that they asked for."),
            .sometimes(
                "file", .name,
                "The file that they were given, below `originals` in the state folder: whole, for all the commands in it."
            ),
            .always("reason", .text, "Why, in their words."),
            .always("session", .shared(.id), "The session of the command."),
        ])
}
