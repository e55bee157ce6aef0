import StrictJSON

/// A kind of entry: what the schema says of it.
struct EntryKind: Sendable {
    /// The member `kind`.
    let name: String
    /// A few words.
    let title: String
    /// When such an entry is written, and what follows from it.
    let meaning: String
    let members: [Member]
    let rules: [MemberRule]

    /// An entry that is of no session.
    init(_ name: String, _ title: String, _ meaning: String, _ members: [Member], _ rules: [MemberRule] = []) {
        self.name = name
        self.title = title
        self.meaning = meaning
        self.members = Self.common(name) + members
        self.rules = rules
    }

    /// An entry that is of one session, with the members that all of those have.
    init(
        ofSession name: String, _ title: String, _ meaning: String, _ members: [Member], _ rules: [MemberRule] = []
    ) {
        self.init(
            name, title, meaning,
            [
                .always("session", .shared(.id), "The session: the id of its entry `session-start`."),
                .always("target", .shared(.target), "Where the session goes."),
            ] + members, rules)
    }

    private static func common(_ name: String) -> [Member] {
        [
            .always(
                "id", .shared(.id), "The entry's own id, for once and all. Its order in the log is its index alone."),
            .always("kind", .exactly(.string(name)), "What the entry is about."),
            .always("time", .shared(.time), "When it happened, by a clock that may have been set: see `clock-step`."),
            .always(
                "v", .exactly(.number(String(AuditSchema.version))), "The version of the schema that the entry is of."),
        ]
    }

    var reference: String { "#/$defs/\(name)" }

    var definition: JSONValue { Shape.object(members, rules).described(as: meaning, title: title) }
}
