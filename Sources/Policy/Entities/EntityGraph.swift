/// The entities that do not change from request to request: targets with their labels, action groups, nested groups.
///
/// A snapshot: made when configuration is loaded, with every entity's ancestors computed then.
public struct EntityGraph: Sendable {
    let hierarchy: EntityHierarchy

    public init() { self.init([]) }

    /// - Parameter entities: of two with one uid the later counts. A cycle of parents is taken as it is: all of its
    ///   members are ancestors of each other.
    public init(_ entities: [Entity]) { hierarchy = EntityHierarchy(entities, naming: []) }

    /// The entities, in no particular order.
    public var all: [Entity] { Array(hierarchy.entities.values) }

    /// Whether `uid` is `ancestor` or lies below it, by this graph alone.
    public func isMember(_ uid: EntityUID, of ancestor: EntityUID) -> Bool {
        if uid == ancestor { return true }
        guard let symbol = hierarchy.symbols.find(uid), let other = hierarchy.symbols.find(ancestor) else {
            return false
        }
        return hierarchy.lineages[Int(symbol)].contains(other)
    }
}

/// The graph with a number for every name in it and in the policies, shared by all decisions.
final class EntityHierarchy: Sendable {
    let symbols: SymbolTable
    let entities: [Symbol: Entity]
    /// By symbol: the entity itself and then all its ancestors, each once.
    let lineages: [[Symbol]]
    /// By symbol: whether the entity is a group or a group lies below it, so that unknown groups leave membership in it
    /// open.
    let holdsGroups: [Bool]

    /// - Parameter names: further names that get a symbol, as policies use them.
    init(_ entities: some Sequence<Entity>, naming names: [EntityUID]) {
        var symbols = SymbolTable()
        var bySymbol: [Symbol: Entity] = [:]
        for entity in entities {
            for parent in entity.parents { _ = symbols.intern(parent) }
            bySymbol[symbols.intern(entity.uid)] = entity
        }
        for name in names { _ = symbols.intern(name) }
        let lineages = (0..<symbols.count).map { index in
            var lineage = [Symbol(index)]
            var seen: Set<Symbol> = [Symbol(index)]
            var next = 0
            while next < lineage.count {
                for parent in bySymbol[lineage[next]]?.parents ?? [] {
                    if let symbol = symbols.find(parent), seen.insert(symbol).inserted { lineage.append(symbol) }
                }
                next += 1
            }
            return lineage
        }
        var holdsGroups = Array(repeating: false, count: symbols.count)
        for (index, lineage) in lineages.enumerated() where symbols.names[index].isGroup {
            for ancestor in lineage { holdsGroups[Int(ancestor)] = true }
        }
        self.symbols = symbols
        self.entities = bySymbol
        self.lineages = lineages
        self.holdsGroups = holdsGroups
    }

    func entity(_ uid: EntityUID) -> Entity? {
        guard let symbol = symbols.find(uid) else { return nil }
        return entities[symbol]
    }
}

extension EntityUID {
    /// A group of callers, whatever its namespace.
    var isGroup: Bool { basename == "Group" }

    /// The type without its namespaces.
    var basename: Substring {
        guard let colon = type.lastIndex(of: ":") else { return type[...] }
        return type[type.index(after: colon)...]
    }
}
