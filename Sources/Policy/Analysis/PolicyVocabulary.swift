/// The names that configuration and adapters declare, for the check to hold policies against.
public struct PolicyVocabulary: Sendable {
    /// Ids of `Target` entities.
    public var targets: Set<String>
    /// Ids of `Action` entities, groups included.
    public var actions: Set<String>
    /// Types that a principal can have, or belong to.
    public var principalTypes: Set<String>
    /// Types that a resource can have, or belong to.
    public var resourceTypes: Set<String>
    public var maskingRuleSets: Set<String>
    public var approverGroups: Set<String>
    /// Names as they stand in `context`; a dot in a name is a record's member, so `sql.has_where` covers both
    /// `context["sql.has_where"]` and `context.sql.has_where`.
    public var contextAttributes: Set<String>

    public init(
        targets: Set<String>, actions: Set<String>, principalTypes: Set<String> = ["User", "Group"],
        resourceTypes: Set<String> = [], maskingRuleSets: Set<String> = [], approverGroups: Set<String> = [],
        contextAttributes: Set<String> = []
    ) {
        self.targets = targets
        self.actions = actions
        self.principalTypes = principalTypes
        self.resourceTypes = resourceTypes.union(["Target"])
        self.maskingRuleSets = maskingRuleSets
        self.approverGroups = approverGroups
        self.contextAttributes = contextAttributes
    }

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
