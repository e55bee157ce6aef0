import ConfigFile

/// What an adapter says about itself: the configuration schema, `sallyport policy check`, `sallyport adapters` and
/// the documentation all come from this one value.
public struct AdapterDeclaration: Sendable {
    /// The word in `adapter:` of a listener and `kind:` of a target, e.g. `http`.
    public let kind: String
    /// One sentence.
    public let summary: String
    public let listenerKeys: [ConfigKey]
    public let targetKeys: [ConfigKey]
    public let actions: [ActionDeclaration]
    public let resourceTypes: [ResourceTypeDeclaration]
    public let facts: [FactDeclaration]

    public init(
        kind: String, summary: String, listenerKeys: [ConfigKey], targetKeys: [ConfigKey],
        actions: [ActionDeclaration], resourceTypes: [ResourceTypeDeclaration], facts: [FactDeclaration]
    ) {
        self.kind = kind
        self.summary = summary
        self.listenerKeys = listenerKeys
        self.targetKeys = targetKeys
        self.actions = actions
        self.resourceTypes = resourceTypes
        self.facts = facts
    }
}

/// An action that the adapter's commands have, and the action groups that a policy can name instead of it.
public struct ActionDeclaration: Sendable, Hashable {
    public let name: String
    public let groups: [String]
    public let summary: String

    public init(_ name: String, groups: [String] = [], summary: String) {
        self.name = name
        self.groups = groups
        self.summary = summary
    }
}

/// An entity type that the adapter's resources have.
public struct ResourceTypeDeclaration: Sendable, Hashable {
    public let name: String
    public let summary: String

    public init(_ name: String, summary: String) {
        self.name = name
        self.summary = summary
    }
}

/// A fact that the adapter may state about a command.
public struct FactDeclaration: Sendable, Hashable {
    public enum Kind: String, Sendable { case bool, integer, string, strings }

    public let name: String
    public let kind: Kind
    /// What the fact is of a command about which there is nothing to say, where every command has it: what is assumed
    /// when a person tries a policy and does not give the fact.
    public let usual: FactValue?
    public let summary: String

    public init(_ name: String, _ kind: Kind, usual: FactValue? = nil, summary: String) {
        self.name = name
        self.kind = kind
        self.usual = usual
        self.summary = summary
    }
}
