import StrictJSON

/// Values that stand in entries of several kinds. The raw value is the name under `$defs`; kinds stand there too, in
/// lower case.
enum SharedShape: String, CaseIterable, Sendable {
    case id = "ID"
    case time = "Time"
    case sha256 = "SHA256"
    case keyID = "KeyID"
    case verifierKey = "VerifierKey"
    case pseudonymKeyID = "PseudonymKeyID"
    case recordedText = "RecordedText"
    case textDigest = "TextDigest"
    case json = "JSON"
    case person = "Person"
    case caller = "Caller"
    case target = "Target"
    case targetName = "TargetName"
    case command = "Command"
    case commandBeside = "CommandBeside"
    case commandWhole = "CommandWhole"
    case effect = "Effect"
    case parameter = "Parameter"
    case fact = "Fact"
    case grantedApproval = "GrantedApproval"
    case result = "Result"
    case maskCount = "MaskCount"
    case sealedChunk = "SealedChunk"

    var reference: String { "#/$defs/\(rawValue)" }

    var definition: JSONValue { shape.described(as: meaning) }

    private var meaning: String {
        switch self {
        case .id: "A UUID of version 7 (RFC 9562): its first 48 bits are the time in milliseconds since 1970, UTC."
        case .time: "A moment in UTC by the gateway's wall clock, RFC 3339 with milliseconds."
        case .sha256: "A SHA-256 digest, 64 hexadecimal digits."
        case .keyID: "Which key of the auditors: the first 16 hexadecimal digits of the SHA-256 of the public key."
        case .verifierKey:
            "A public Ed25519 key as C2SP signed-note has it: <origin>+<key id, 8 hexadecimal digits>+<base64>."
        case .json:
            "Any value as the caller sent it, without what masking rules select. Numbers that are no 64-bit integers stand as strings."
        case .pseudonymKeyID: "A key of pseudonyms: 32 hexadecimal digits that are derived from it and reveal nothing."
        case .recordedText: "A text as it stood in a file, or how long it is where the entry has no room for it."
        case .textDigest: "The digest of a text."
        case .person: "Somebody who signed in. Issuer and subject together are the identity."
        case .caller: "Who the session is of, as they signed in. Issuer and subject together are the identity."
        case .target: "The upstream that the session goes to."
        case .targetName: "The upstream, by the name that it has in the configuration."
        case .command:
            "What was asked for: whole, or where it is too large for an entry, the digests of what stands beside the log."
        case .commandBeside: "A command that is too large for an entry: it stands in a file beside the log."
        case .commandWhole:
            "A command in the words that all protocols share. What masking rules select stands as keyed digests, «VALUE:…»."
        case .effect: "One action on one resource; policy has to allow each."
        case .parameter: "One thing that the command is called with."
        case .fact:
            "Something that the adapter knows of the command, for policies; `sallyport adapters` lists all facts."
        case .grantedApproval: "The people's agreement that the command ran on."
        case .result: "How the command ended."
        case .maskCount: "How often one rule masked something in the answer."
        case .sealedChunk: "One piece of the file of sealed originals."
        }
    }

    private var shape: Shape {
        switch self {
        case .id:
            .text(
                matching: "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", ("format", "uuid"),
                ("maxLength", 36))
        case .time:
            .text(
                matching: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$",
                ("format", "date-time"), ("maxLength", 24))
        case .sha256: .text(matching: "^[0-9a-f]{64}$", ("maxLength", 64))
        case .keyID: .text(matching: "^[0-9a-f]{16}$", ("maxLength", 16))
        case .verifierKey: .text(matching: "^[^\\s+]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{44}$")
        case .json:
            Shape([
                ("type", ["null", "boolean", "integer", "string", "array", "object"]),
                ("items", Shape.shared(.json).json), ("additionalProperties", Shape.shared(.json).json),
            ])
        case .pseudonymKeyID: .text(matching: "^[0-9a-f]{32}$", ("maxLength", 32))
        case .recordedText:
            .object(
                Self.textDigestMembers + [
                    .sometimes("text", .text, "The text."),
                    .sometimes("text_bytes", .count, "Its length in bytes of UTF-8."),
                ], [.one(of: "text", "text_bytes")])
        case .textDigest: .object(Self.textDigestMembers)
        case .person: .object(Self.identity + [Self.label])
        case .caller: .object(Self.callerMembers)
        case .target:
            .object([
                .always("kind", .name, "The protocol: `http`, `postgres`, `ssh`, or what another adapter is called."),
                .always("name", .name, "The target's name in the configuration."),
            ])
        case .targetName: .object([.always("name", .name, "The target's name in the configuration.")])
        case .command: .object(with: "beside", is: .shared(.commandBeside), otherwise: .shared(.commandWhole))
        case .commandBeside: .object(Self.besideMembers)
        case .commandWhole: .object(Self.commandMembers)
        case .effect: .object(Self.effectMembers)
        case .parameter: .object(Self.parameterMembers)
        case .fact: Shape([("type", ["boolean", "integer", "string", "array"]), ("items", Shape.text.json)])
        case .grantedApproval: .object(Self.grantedApprovalMembers)
        case .result: .object(Self.resultMembers)
        case .maskCount: .object(Self.maskCountMembers)
        case .sealedChunk:
            .object([
                .always("sequence", .count, "The piece's place in its file, counted from 0."),
                .always("sha256", .shared(.sha256), "Of the piece as it stands in the file."),
            ])
        }
    }
}

// MARK: Who

extension SharedShape {
    private static let textDigestMembers: [Member] = [
        .always("digest", .shared(.sha256), "Of the exact text; where it is redacted, of the redacted text."),
        .sometimes("redacted", .exactly(true), "There where detectors took something out of it."),
    ]

    private static let identity: [Member] = [
        .always(
            "issuer", .name, "Who vouches: the `iss` of the token, or the configured name of a certificate authority."),
        .always("subject", .name, "Who it is at that issuer: the `sub` of the token, or what the certificate names."),
    ]

    private static let label = Member.sometimes(
        "label", .text, "An email address or user name, for people to read and to search by; it decides nothing.")

    private static let callerMembers: [Member] =
        identity + [
            label,
            .always(
                "groups",
                .either(
                    .list(of: .text),
                    .object([.always("unknown", .text, "Why the groups are unknown, in a sentence.")])),
                "The groups that the caller is in, sorted; or why nobody can say."),
            .sometimes(
                "certificate",
                .object([
                    .always("authority", .name, "The fingerprint of the key that signed it."),
                    .always("key_id", .text, "The key id that the authority wrote into it."),
                    .always(
                        "serial", .text(matching: "^[0-9]{1,20}$"),
                        "The serial number in decimal; a string, as it may have 64 bits."),
                ]), "The SSH certificate that the caller signed in with, where it was one."),
        ]
}

// MARK: What was asked for

extension SharedShape {
    private static let besideMembers: [Member] = [
        .always(
            "beside",
            .object([
                .always("bytes", .positive, "The size of what stands beside the log, in bytes."),
                .always(
                    "sha256", .shared(.sha256), "Of these bytes: the command as it would stand here, canonical JSON."),
            ]), "The file `payloads/<id of this entry>.json` below the state folder."),
        .always("digest", .shared(.sha256), "Of the command itself; what an approval is bound to."),
    ]

    private static let commandMembers: [Member] = [
        .always("digest", .shared(.sha256), "Of the whole command and its target; what an approval is bound to."),
        .always("effects", .list(of: .shared(.effect), atLeast: 1), "All that the command does."),
        .sometimes("facts", .dictionary(of: .shared(.fact)), "What the adapter knows of it, by the fact's name."),
        .sometimes(
            "parameters", .list(of: .shared(.parameter), atLeast: 1),
            "What it is called with, in the order in which the protocol carries it."),
        .sometimes(
            "phase", .exactly(.string(Intent.Phase.prepare.rawValue)),
            "There where the upstream only parses and plans the command, which does not run."),
        .always("text", .text, "The command as a person would write it, e.g. `DELETE FROM customers`."),
    ]

    private static let effectMembers: [Member] = [
        .always("action", .name, "A dotted verb, e.g. `http.post` or `sql.delete`; `sallyport adapters` lists all."),
        .always("resource", .text, "What is touched, by its name within the target, e.g. `public.customers`."),
        .always("type", .name, "What the resource is, e.g. `Function` or `Table`."),
    ]

    private static let parameterMembers: [Member] = [
        .always("encoding", .name, "Where the value stood, e.g. `json`, `query`, `header`, `argv`, `bind`."),
        .always("name", .text, "The parameter's name."),
        .always("value", .shared(.json), "The parameter's value."),
    ]

    private static let grantedApprovalMembers: [Member] = [
        .always(
            "approvers",
            .list(
                of: .object(
                    identity + [
                        .always("groups", .list(of: .text), "The approver's groups that the ticket asked for."),
                        .always("justification", .text, "What the approver said to it."),
                        .always("time", .shared(.time), "When the approver decided."),
                    ]), atLeast: 1), "Who decided, in the order in which they did."),
        .always("justification", .text, "Why the caller asked."),
        .always("ticket", .shared(.id), "The ticket, which entries of kind `approval` are about."),
    ]
}

// MARK: What came of it

extension SharedShape {
    private static let resultMembers: [Member] = [
        .sometimes(
            "details", .dictionary(of: .shared(.json)),
            "What the protocol knows beyond the rest, by name, e.g. `recording_sha256` or `read_sha256` of a file."),
        .always("duration_us", .count, "From the intent to the end, in microseconds, by a clock that nobody sets."),
        .always(
            "kind", .one(of: Outcome.Kind.allCases.map(\.rawValue)),
            "`failed`: the upstream said so; `interrupted`: the upstream was not reached, or its answer not passed on; `abandoned`: nobody can say how it ended."
        ),
        .sometimes("masked", .list(of: .shared(.maskCount), atLeast: 1), "What was masked in the answer, by rule."),
        .sometimes("reason", .text, "What went wrong, in words."),
        .always("request_bytes", .count, "Payload that went to the upstream, in bytes."),
        .always("response_bytes", .count, "Payload that came from the upstream, in bytes."),
        .sometimes("rows", .count, "Rows that were returned or changed, where the protocol counts them."),
        .always("status", .text, "The protocol's own word for it, e.g. `200`, `SELECT 3`, `exit 1`."),
    ]

    private static let maskCountMembers: [Member] = [
        .always("count", .count, "Values that were masked: scalars of JSON, cells of a table, matches in a text."),
        .always("rule", .name, "The rule set and the rule in it."),
        .always("selector", .name, "What the rule selects by, e.g. `column customers.ssn` or `detector PAN`."),
    ]

    /// The member `originals`.
    static func sealedOriginals(_ more: [Member] = []) -> Shape {
        .object(
            [
                .always("chunks", .list(of: .shared(.sealedChunk)), "The pieces that no entry before this one names."),
                .always("file", .name, "The file of the session's originals, below `originals` in the state folder."),
                .always("head", .shared(.sha256), "Of the file's first frame, which names log, session and key."),
                .always("key", .shared(.keyID), "The key of the auditors that it is sealed to."),
                .always("rules", .shared(.sha256), "Of the masking rules that applied."),
            ] + more)
    }
}
