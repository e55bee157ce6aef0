/// One question: may this principal do this to this resource, under these circumstances?
public struct PolicyRequest: Sendable {
    /// Its attributes, and its groups as parents. Where the graph knows the entity too, the graph's parents count as
    /// well, and its attributes where the request gives none of that name.
    public var principal: Entity
    public var action: EntityUID
    /// As the principal.
    public var resource: Entity
    public var context: [String: Value]

    public init(principal: Entity, action: EntityUID, resource: Entity, context: [String: Value] = [:]) {
        self.principal = principal
        self.action = action
        self.resource = resource
        self.context = context
    }
}
