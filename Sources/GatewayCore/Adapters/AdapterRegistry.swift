/// The adapters of this gateway, by kind. Filled once at start, by the executable alone.
public struct AdapterRegistry: Sendable {
    private var adapters: [(declaration: AdapterDeclaration, type: any ProtocolAdapter.Type)] = []

    public init() {}

    /// Makes `adapter` known.
    ///
    /// - Throws: ``AdapterRegistryError`` when its kind, one of its actions or one of its facts is taken: a policy
    ///   could not tell the two apart.
    public mutating func register(_ adapter: any ProtocolAdapter.Type) throws(AdapterRegistryError) {
        let new = adapter.declaration
        for known in adapters.map(\.declaration) {
            if known.kind == new.kind { throw .kindTaken(new.kind) }
            let actions = Set(known.actions.map(\.name))
            if let taken = new.actions.first(where: { actions.contains($0.name) }) {
                throw .actionTaken(taken.name, by: known.kind, again: new.kind)
            }
            // `opaque` means the same in every protocol, so it alone is everyone's.
            let facts = Set(known.facts.map(\.name)).subtracting(["opaque"])
            if let taken = new.facts.first(where: { facts.contains($0.name) }) {
                throw .factTaken(taken.name, by: known.kind, again: new.kind)
            }
        }
        adapters.append((new, adapter))
    }

    public var declarations: [AdapterDeclaration] { adapters.map(\.declaration) }

    public func adapter(ofKind kind: String) -> (any ProtocolAdapter.Type)? {
        adapters.first { $0.declaration.kind == kind }?.type
    }
}

public enum AdapterRegistryError: Error, Hashable, CustomStringConvertible {
    case kindTaken(String)
    case actionTaken(String, by: String, again: String)
    case factTaken(String, by: String, again: String)

    public var description: String {
        switch self {
        case .kindTaken(let kind): "two adapters say that they are \"\(kind)\""
        case .actionTaken(let name, let first, let second):
            "the adapters \"\(first)\" and \"\(second)\" both declare the action \"\(name)\""
        case .factTaken(let name, let first, let second):
            "the adapters \"\(first)\" and \"\(second)\" both declare the fact \"\(name)\""
        }
    }
}
