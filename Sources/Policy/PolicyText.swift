/// One policy as its source has it, so that two versions of a set can be told apart.
public struct PolicyText: Sendable, Hashable {
    /// Its `@id`; `nil` where it has none.
    public let id: String?
    /// Of the word `permit` or `forbid`.
    public let position: SourcePosition
    /// From the first annotation to the semicolon, exactly as written.
    public let text: String

    /// How records call the policy: its `@id`, or its file and line.
    public var name: String { id ?? "\(position.file):\(position.line)" }

    /// The policies of a source, in its order; what does not follow the grammar is left out.
    public static func all(in source: PolicySource) -> [PolicyText] {
        var parser = PolicyParser(source: source)
        return parser.parsePolicies().policies.map { policy in
            PolicyText(
                id: ObligationAnnotations(policy.annotations).id,
                position: parser.lines.position(of: policy.effectRange.start),
                text: String(decoding: parser.bytes[policy.range.start..<policy.range.end], as: UTF8.self))
        }
    }
}
