import StrictJSON

/// The names that configuration and adapters declare, for the check to hold policies against.
public struct PolicyVocabulary: Sendable {
    /// Ids of `Target` entities.
    public var targets: Set<String>
    /// Ids of the actions that requests have.
    public var actions: Set<String>
    /// Ids of `Action` entities that only stand above actions: no request has one.
    public var actionGroups: Set<String>
    /// Types that a principal can have, or belong to.
    public var principalTypes: Set<String>
    /// Types that a resource can have, or belong to.
    public var resourceTypes: Set<String>
    public var maskingRuleSets: Set<String>
    public var approverGroups: Set<String>
    /// Names as they stand in `context`; a dot in a name is a record's member, so `sql.has_where` covers both
    /// `context["sql.has_where"]` and `context.sql.has_where`.
    public var contextAttributes: Set<String>
    /// What requests with an action may have in `context`, by the action's id.
    public var facts: [String: [PolicyFact]]

    public init(
        targets: Set<String>, actions: Set<String>, actionGroups: Set<String> = [],
        principalTypes: Set<String> = ["User", "Group"], resourceTypes: Set<String> = [],
        maskingRuleSets: Set<String> = [], approverGroups: Set<String> = [], contextAttributes: Set<String> = [],
        facts: [String: [PolicyFact]] = [:]
    ) {
        self.targets = targets
        self.actions = actions
        self.actionGroups = actionGroups.subtracting(actions)
        self.principalTypes = principalTypes
        self.resourceTypes = resourceTypes.union(["Target"])
        self.maskingRuleSets = maskingRuleSets
        self.approverGroups = approverGroups
        self.contextAttributes = contextAttributes
        self.facts = facts
    }

    func isActionGroup(_ uid: EntityUID) -> Bool { uid.type == "Action" && actionGroups.contains(uid.id) }

    var types: Set<String> { principalTypes.union(resourceTypes).union(["Action"]) }

    func knows(contextPath path: [String]) -> Bool {
        var name = ""
        for part in path {
            name += name.isEmpty ? part : "." + part
            if contextAttributes.contains(name) { return true }
        }
        // A prefix alone, as in `context has sql`.
        return contextAttributes.contains { $0.hasPrefix(name + ".") }
    }
}

/// A fact that requests with an action may have in `context`.
public struct PolicyFact: Sendable, Hashable {
    /// As in ``PolicyVocabulary/contextAttributes``: `shell.opaque` is `context.shell.opaque`.
    public let name: String
    /// What it is of a command about which there is nothing to say; `nil` where there is no such value, or not every
    /// command has the fact.
    public let usual: Value?
    /// A value, to show how JSON writes it.
    public let example: JSONValue

    public init(_ name: String, usual: Value?, example: JSONValue) {
        self.name = name
        self.usual = usual
        self.example = example
    }

    /// `shell` and `opaque` of `shell.opaque`; no namespace where the name has no dot.
    var parts: (namespace: String?, member: String) {
        guard let dot = name.firstIndex(of: ".") else { return (nil, name) }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }
}
