import Identity
import Policy

extension SessionManager {
    /// Judges what somebody wants to do through the console, by the policies in force.
    ///
    /// - Parameters:
    ///   - resourceName: `nil` for what there is one of.
    ///   - isOwner: Whether the resource is the caller's own; a policy reads it as `resource.is_own`.
    public func decideConsole(
        _ caller: Caller, action: String, resourceType: String, resourceName: String?, target: String?, isOwner: Bool
    ) -> PolicyDecision {
        var attributes: [String: Value] = [
            "is_own": .bool(isOwner), "name": .string(resourceName ?? resourceType),
        ]
        if let target { attributes["target"] = .entity(EntityUID(type: "Target", id: target)) }
        let uid = EntityUID(type: resourceType, id: resourceName ?? resourceType)
        let parents = target.map { [EntityUID(type: "Target", id: $0)] } ?? []
        let principal = Entity(caller)
        let decision = currentRules.policy.decide(
            PolicyRequest(
                principal: principal, action: EntityUID(type: "Action", id: action),
                resource: Entity(uid, attributes: attributes, parents: parents),
                // As for commands: a policy about what cannot be read need not say that it means commands alone.
                context: ["opaque": false]))
        let place = "\(resourceType)\(resourceName.map { " \($0)" } ?? "")"
        return decision.naming("\(action) on \(place)", groupsAdvice: principal.groupsUnknown)
    }
}

extension PolicyDecision {
    /// The same, a silent denial told as one of `what`, so that whoever is refused knows which policy to ask for.
    fileprivate func naming(_ what: String, groupsAdvice: String?) -> PolicyDecision {
        guard !allowed, determining.isEmpty else { return self }
        var decision = self
        let failed = errors.isEmpty || groupsAdvice != nil ? "" : "; \(errors.count) could not be evaluated"
        decision.reason = "No policy permits \(what)\(failed)."
        decision.advice = groupsAdvice
        return decision
    }
}

extension Entity {
    /// The caller as policies see them: `User::"issuer|subject"`, below its groups.
    init(_ caller: Caller) {
        var attributes: [String: Value] = ["issuer": .string(caller.issuer), "subject": .string(caller.subject)]
        if let label = caller.label { attributes["email"] = .string(label) }
        let uid = EntityUID(type: "User", id: "\(caller.issuer)|\(caller.subject)")
        switch caller.groups {
        case .known(let names):
            self.init(uid, attributes: attributes, parents: names.map { EntityUID(type: "Group", id: $0) })
        case .unknown(let reason):
            self.init(uid, attributes: attributes, groupsUnknown: "\(reason)")
        }
    }
}
