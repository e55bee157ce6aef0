/// What commands that come again and again have in common: what they do and what is known about them, whatever their
/// text and their parameters are.
///
/// An adapter that knows a command again, such as a prepared statement, gives it the same form each time; then the common
/// part is hashed, judged and encoded once, and not for each command.
public final class CommandForm: Sendable {
    public let effects: [Effect]
    public let facts: [Fact]
    /// The digest of effects and facts, which is part of the command's.
    let digest: FormDigest

    public init(effects: [Effect], facts: [Fact]) {
        precondition(!effects.isEmpty, "a command has at least one effect")
        self.effects = effects
        self.facts = facts
        digest = FormDigest(effects: effects, facts: facts)
    }
}
