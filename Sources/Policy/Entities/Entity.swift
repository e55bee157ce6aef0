/// One entity with its data, as a request or the static graph gives it.
public struct Entity: Sendable {
    public var uid: EntityUID
    public var attributes: [String: Value]
    public var tags: [String: Value]
    /// The direct parents; what lies above them is known to the graph.
    public var parents: [EntityUID]
    /// Set when the caller's groups cannot be known (an overage, a list that was cut): the reason, in words for the
    /// caller. Membership in a group is then neither true nor false, but an evaluation error.
    public var groupsUnknown: String?

    public init(
        _ uid: EntityUID, attributes: [String: Value] = [:], tags: [String: Value] = [:], parents: [EntityUID] = [],
        groupsUnknown: String? = nil
    ) {
        self.uid = uid
        self.attributes = attributes
        self.tags = tags
        self.parents = parents
        self.groupsUnknown = groupsUnknown
    }
}
