/// What a condition can see: the request, the hierarchy, and which known entities the request's own belong to.
///
/// One object for each decision, so that every closure gets it as one pointer.
final class Environment {
    let request: PolicyRequest
    let hierarchy: EntityHierarchy
    let principalSymbol: Symbol?
    let actionSymbol: Symbol?
    let resourceSymbol: Symbol?
    /// The entity itself and all its ancestors, as far as graph or policies name them.
    let principalLineage: [Symbol]
    let actionLineage: [Symbol]
    let resourceLineage: [Symbol]
    /// Whether the one lies below the other.
    private let principalReachesResource: Bool
    private let resourceReachesPrincipal: Bool

    init(_ request: PolicyRequest, _ hierarchy: EntityHierarchy) {
        self.request = request
        self.hierarchy = hierarchy
        principalSymbol = hierarchy.symbols.find(request.principal.uid)
        actionSymbol = hierarchy.symbols.find(request.action)
        resourceSymbol = hierarchy.symbols.find(request.resource.uid)
        var principalLineage = Self.lineage(of: request.principal, principalSymbol, hierarchy)
        var resourceLineage = Self.lineage(of: request.resource, resourceSymbol, hierarchy)
        actionLineage = actionSymbol.map { hierarchy.lineages[Int($0)] } ?? []
        principalReachesResource = Self.reaches(
            request.principal, principalLineage, request.resource.uid, resourceSymbol)
        resourceReachesPrincipal = Self.reaches(
            request.resource, resourceLineage, request.principal.uid, principalSymbol)
        if principalReachesResource { principalLineage = Self.union(principalLineage, resourceLineage) }
        if resourceReachesPrincipal { resourceLineage = Self.union(resourceLineage, principalLineage) }
        self.principalLineage = principalLineage
        self.resourceLineage = resourceLineage
    }

    /// In the usual case, one parent or none, this is an array that the hierarchy holds already.
    private static func lineage(of entity: Entity, _ symbol: Symbol?, _ hierarchy: EntityHierarchy) -> [Symbol] {
        var lineage = symbol.map { hierarchy.lineages[Int($0)] } ?? []
        for parent in entity.parents {
            // Part of a list that is not whole proves nothing: no group counts.
            if entity.groupsUnknown != nil, parent.isGroup { continue }
            guard let parentSymbol = hierarchy.symbols.find(parent) else { continue }
            lineage = union(lineage, hierarchy.lineages[Int(parentSymbol)])
        }
        return lineage
    }

    private static func union(_ left: [Symbol], _ right: [Symbol]) -> [Symbol] {
        if left.isEmpty { return right }
        var union = left
        for symbol in right where !left.contains(symbol) { union.append(symbol) }
        return union
    }

    private static func reaches(_ entity: Entity, _ lineage: [Symbol], _ other: EntityUID, _ symbol: Symbol?) -> Bool {
        if let symbol { return lineage.contains(symbol) }
        return entity.parents.contains(other)
    }
}

// MARK: Entity data

extension Environment {
    /// The attribute `name` of the entity; the request's own data come before the graph's.
    func attribute(_ name: String, of uid: EntityUID) -> Value? { find(uid) { $0.attributes[exactly: name] } }

    func tag(_ name: String, of uid: EntityUID) -> Value? { find(uid) { $0.tags[exactly: name] } }

    @inline(__always)
    private func find(_ uid: EntityUID, _ read: (borrowing Entity) -> Value?) -> Value? {
        if uid == request.principal.uid, let value = read(request.principal) { return value }
        if uid == request.resource.uid, let value = read(request.resource) { return value }
        return hierarchy.entity(uid).flatMap { read($0) }
    }

    func principalAttribute(_ name: String) -> Value? {
        request.principal.attributes[exactly: name] ?? attribute(name, of: request.principal.uid)
    }

    func resourceAttribute(_ name: String) -> Value? {
        request.resource.attributes[exactly: name] ?? attribute(name, of: request.resource.uid)
    }
}

// MARK: Membership

extension Environment {
    /// Whether the principal is, or lies below, the entity that a policy names.
    @inline(__always)
    func isPrincipal(in ancestor: Symbol) throws(EvaluationError) -> Bool {
        if request.principal.groupsUnknown != nil { try refuseUnknownMembership(in: ancestor) }
        return principalLineage.contains(ancestor)
    }

    /// Groups that cannot be known make membership in a group an error: a permit that asks for it does not match, a
    /// forbid that asks for it denies.
    private func refuseUnknownMembership(in ancestor: Symbol) throws(EvaluationError) {
        guard let reason = request.principal.groupsUnknown, hierarchy.holdsGroups[Int(ancestor)] else { return }
        let isKnownAnyway = !hierarchy.symbols[ancestor].isGroup && principalLineage.contains(ancestor)
        if !isKnownAnyway { throw .groupsUnknown(reason) }
    }

    func isAction(in ancestor: Symbol) -> Bool { actionLineage.contains(ancestor) }

    func isResource(in ancestor: Symbol) throws(EvaluationError) -> Bool {
        if resourceReachesPrincipal, request.principal.groupsUnknown != nil {
            try refuseUnknownMembership(in: ancestor)
        }
        return resourceLineage.contains(ancestor)
    }

    /// Membership of any entity in any other (`in` is reflexive).
    func isMember(_ uid: EntityUID, of ancestor: EntityUID) throws(EvaluationError) -> Bool {
        if uid == ancestor { return true }
        let isPrincipal = uid == request.principal.uid
        let isResource = uid == request.resource.uid
        let symbol = hierarchy.symbols.find(uid)
        let lineage =
            isPrincipal
            ? principalLineage : isResource ? resourceLineage : symbol.map { hierarchy.lineages[Int($0)] } ?? []
        let reachesPrincipal =
            isPrincipal || (isResource && resourceReachesPrincipal) || principalSymbol.map(lineage.contains) ?? false
        let reachesResource =
            isResource || (isPrincipal && principalReachesResource) || resourceSymbol.map(lineage.contains) ?? false
        if let target = hierarchy.symbols.find(ancestor) {
            if reachesPrincipal, request.principal.groupsUnknown != nil { try refuseUnknownMembership(in: target) }
            return lineage.contains(target)
                || (reachesPrincipal && principalLineage.contains(target))
                || (reachesResource && resourceLineage.contains(target))
        }
        // What neither graph nor policy names can stand above the request's own entities only.
        if reachesPrincipal, ancestor.isGroup, let reason = request.principal.groupsUnknown {
            throw .groupsUnknown(reason)
        }
        return (reachesPrincipal && request.principal.parents.contains(ancestor))
            || (reachesResource && request.resource.parents.contains(ancestor))
    }

    /// `uid in [a, b]`: every element must be an entity, even where an earlier one decides.
    func isMember(_ uid: EntityUID, ofAny ancestors: Set<Value>) throws(EvaluationError) -> Bool {
        var entities: [EntityUID] = []
        entities.reserveCapacity(ancestors.count)
        for ancestor in ancestors { entities.append(try ancestor.requireEntity()) }
        var unknown: EvaluationError?
        for entity in entities {
            do throws(EvaluationError) {
                if try isMember(uid, of: entity) { return true }
            } catch {
                unknown = error
            }
        }
        if let unknown { throw unknown }
        return false
    }
}
