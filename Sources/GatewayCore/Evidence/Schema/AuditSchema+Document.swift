import StrictJSON

extension AuditSchema {
    /// All kinds of entries that there are. Whoever writes another adds it here: a test reads the sources for kinds.
    static let kinds: [EntryKind] =
        EntryKind.ofCommands + EntryKind.ofTheGateway + EntryKind.ofWhatIsInForce + EntryKind.ofTheLog
        + EntryKind.ofEvidence

    /// The names of all kinds, as the member `kind` has them.
    public static var kindNames: [String] { kinds.map(\.name) }

    /// What each entry of the log is, as a JSON Schema (draft 2020-12).
    ///
    /// Each kind allows the members that it names and no other, so that entries and schema cannot part unnoticed.
    public static var document: JSONValue {
        [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": .string("urn:sallyport:audit-entry:v\(version)"),
            "title": .string("An entry of Sallyport's audit log, version \(version)"),
            "description": """
            Each entry is one line of canonical JSON (RFC 8785) of at most 65535 bytes, and one leaf of the log's Merkle \
            tree. Within a version no member changes its name, its type or its meaning, and none that is always there \
            goes; kinds and members may come. So read a log with the schema of the release that wrote it, or of a later \
            one of the same version.
            """,
            "type": "object",
            "required": ["kind"],
            "properties": ["kind": ["enum": .array(kindNames.map { .string($0) })]],
            // One condition a kind rather than one choice among all: what is wrong with an entry is then said of its kind.
            "allOf": .array(
                kinds.map { kind in
                    [
                        "if": ["properties": ["kind": ["const": .string(kind.name)]], "required": ["kind"]],
                        "then": ["$ref": .string(kind.reference)],
                    ]
                }),
            "$defs": .object(
                kinds.map { JSONMember($0.name, $0.definition) }
                    + SharedShape.allCases.map { JSONMember($0.rawValue, $0.definition) }),
        ]
    }
}
