import StrictJSON

// What sessions and their commands write: see Session's writers and Lane.

extension EntryKind {
    static let ofCommands = [
        sessionStart, intent, refusal, outcome, originals, sessionEnd, signInFailure, entryOmitted,
    ]

    private static let sessionStart = EntryKind(
        ofSession: "session-start", "A session began",
        "Somebody who had signed in connected to a target. Its id is the session's.",
        [
            .always("caller", .shared(.caller), "Whose session it is."),
            .always("client", .text, "Where the caller connected from: address and port, or `unknown`."),
        ])

    private static let intent = EntryKind(
        ofSession: "intent", "A command is about to run",
        "Written before the command is forwarded: without it nothing reaches the target. How it ended stands in the entry `outcome` that names its id.",
        [
            .always("caller", .shared(.caller), "Who asked for it."),
            .always("command", .shared(.command), "What was asked for."),
            .always("decision", decision(ofIntent: true), "What policy said to it."),
            .sometimes("approval", .shared(.grantedApproval), "There where people had to agree, and did."),
            .sometimes(
                "traceparent", .text,
                "The W3C trace that the caller's request belongs to, as it came. Without one, a function is given one whose trace has this entry's id, without the dashes."
            ),
        ])

    private static let refusal = EntryKind(
        ofSession: "refusal", "A command was refused", "The command was not allowed; nothing was forwarded.",
        [
            .always("caller", .shared(.caller), "Who asked for it."),
            .sometimes(
                "code", .one(of: Refusal.Kind.allCases.filter { $0 != .denied }.map(\.rawValue)),
                "There where people said no, nobody said why they ask, or the gateway could not let it run; the rule is then the policy that asked for approval, or one of the gateway's own. Without it the rule says what denied: a policy, or one of the gateway's own such as `approval-used`."
            ),
            .always("command", .shared(.command), "What was asked for."),
            .always("decision", decision(ofIntent: false), "Why it was refused."),
            .sometimes(
                "traceparent", .text, "The W3C trace that the caller's request belongs to, as it came."),
        ])

    private static func decision(ofIntent isIntent: Bool) -> Shape {
        let answers: Shape = isIntent ? .one(of: ["allow", "approval", "deny"]) : .exactly("deny")
        let meaning =
            isIntent
            ? "`approval`: people had to agree. `deny` stands here only in shadow mode, where nothing is refused."
            : "An intent has other answers too."
        let members: [Member] = [
            .always("answer", answers, meaning),
            .sometimes(
                "candidate",
                .object([
                    .always("answer", .one(of: ["allow", "approval", "deny"]), "What they would have said."),
                    .always("policy", .shared(.sha256), "Of the policies on trial."),
                    .always("rule", .text, "Which of them decided."),
                ]), "What policies on trial would have said, where it differs."),
            .sometimes("masks", .list(of: .name, atLeast: 1), "The masking rule sets that apply to the answer."),
            .always("policy", .shared(.sha256), "Of the policies in force."),
            .always(
                "rule", .text,
                "What decided: the `@id` of a policy, several with commas between, or a rule of the gateway's own such as `default-deny`."
            ),
        ]
        guard isIntent else { return .object(members) }
        return .object(
            members + [
                .sometimes("would_deny", .exactly(true), "There in shadow mode, where the command would be refused.")
            ], [.onlyWhere("answer", says: "deny", "would_deny")])
    }

    private static let outcome = EntryKind(
        ofSession: "outcome", "A command ended", "How a command ended whose intent stands before.",
        [
            .always("command", .shared(.id), "The id of the intent."),
            .always("outcome", .shared(.result), "How it ended."),
            .sometimes(
                "originals",
                SharedShape.sealedOriginals([
                    .always("total", .positive, "How many pieces there are of this command in all."),
                    .always("values", .count, "How many masked values they hold."),
                ]), "Where the masked values were sealed, for auditors; there where some were."),
        ])

    private static let originals = EntryKind(
        ofSession: "originals", "Masked values were sealed",
        "Of a command that still runs, when there are many; the rest stands in its outcome.",
        [
            .always("command", .shared(.id), "The id of the intent."),
            .always("originals", SharedShape.sealedOriginals(), "What was sealed since the last entry about it."),
        ])

    private static let sessionEnd = EntryKind(
        ofSession: "session-end", "A session ended", "Nothing runs in the session after it.",
        [
            .always("commands", .count, "Commands that were decided in the session, refused ones with the others."),
            .always("reason", .text, "Why it ended, in words."),
            .sometimes(
                "recording",
                .object([
                    .always("bytes", .count, "Its size before it was sealed, in bytes."),
                    .always("sha256", .shared(.sha256), "Of these bytes."),
                ]), "The recording of the session, where policy asked for one."),
        ])

    private static let signInFailure = EntryKind(
        "sign-in-failure", "Somebody could not sign in", "Of the token or password itself nothing is written.",
        [
            .sometimes("at", .exactly("console"), "There where it was at the console."),
            .always(
                "client", .text,
                "Where from: address and port, or `unknown`; of a proxy where one stands before the console."),
            .always("code", .text(matching: "^[a-z0-9-]+$"), "Why, for programs: e.g. `token-expired`."),
            .always("reason", .text, "Why, in a sentence."),
            .sometimes(
                "suppressed", .positive,
                "Failures before this one that were not written: at most 50 a second are, of each event loop and of the console."
            ),
        ])

    private static let entryOmitted = EntryKind(
        "entry-omitted", "An entry was too large",
        "Something happened whose entry was larger than an entry can be; this stands for it.",
        [
            .always("bytes", .positive, "How large it was, in bytes."),
            .sometimes("entry", .shared(.id), "Its id."),
            .always("of", .text, "Its kind."),
            .sometimes("session", .shared(.id), "Its session."),
            .always("sha256", .shared(.sha256), "Of its bytes."),
        ])
}
