import NIOCore
import Synchronization

/// What the gateway knows of one database's relations, for all sessions. It is asked for on a connection of the
/// gateway's own, once for each relation, and again when it is old.
final class Catalog: Sendable {
    private struct State {
        var findings = CatalogFindings()
        var readAt: [Key: NIODeadline] = [:]
        /// Counts what made everything old.
        var generation = 0
    }

    private enum Key: Hashable {
        case relation(UInt32)
        case named(QualifiedName)
        case function(QualifiedName)
        case type(UInt32)
    }

    private let read: @Sendable (CatalogNeeds, any EventLoop) -> EventLoopFuture<CatalogFindings>
    private let state = Mutex(State())

    /// What is older is asked for again: others change the database too.
    private static let lifetime = TimeAmount.seconds(30)
    /// With more entries all are forgotten.
    private static let mostEntries = 50_000

    init(read: @escaping @Sendable (CatalogNeeds, any EventLoop) -> EventLoopFuture<CatalogFindings>) {
        self.read = read
    }

    /// What of `needs` is known; `nil` if some of it has to be read first.
    func known(_ needs: CatalogNeeds) -> CatalogFindings? {
        if needs.isEmpty { return CatalogFindings() }
        let now = NIODeadline.now()
        return state.withLock { state in
            let isKnown = Self.keys(needs).allSatisfy { key in
                state.readAt[key].map { now < $0 + Self.lifetime } ?? false
            }
            return isKnown ? state.findings : nil
        }
    }

    /// Reads what is needed. Whoever waits looks again at `known`, unless it fails.
    func load(_ needs: CatalogNeeds, on loop: any EventLoop) -> EventLoopFuture<CatalogFindings> {
        let generation = state.withLock { $0.generation }
        return read(needs, loop).map { findings in
            self.state.withLock { state in
                guard state.generation == generation else { return }
                if state.readAt.count > Self.mostEntries { state = State() }
                state.findings.merge(findings)
                let now = NIODeadline.now()
                for key in Self.keys(needs) { state.readAt[key] = now }
            }
            return findings
        }
    }

    /// The database's definitions have changed.
    func forget() {
        state.withLock { state in
            state = State(generation: state.generation + 1)
        }
    }

    private static func keys(_ needs: CatalogNeeds) -> [Key] {
        needs.relationOIDs.map(Key.relation) + needs.relations.map(Key.named) + needs.functions.map(Key.function)
            + needs.types.map(Key.type)
    }
}
