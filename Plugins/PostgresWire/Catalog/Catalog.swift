import Identifiers
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
        var changes = DefinitionChanges()

        mutating func forget() {
            findings = CatalogFindings()
            readAt = [:]
            generation += 1
        }
    }

    private enum Key: Hashable {
        case relation(UInt32)
        case named(QualifiedName)
        case function(QualifiedName)
        case type(UInt32)
    }

    private let read: @Sendable (CatalogNeeds, any EventLoop) -> EventLoopFuture<CatalogFindings>
    private let state = Mutex(State())
    private let schemaChanges = Atomic<Int>(0)

    /// What is older is asked for again: others change the database too.
    static let lifetime = TimeAmount.seconds(30)
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
                if state.readAt.count > Self.mostEntries { state.forget() }
                state.findings.merge(findings)
                let now = NIODeadline.now()
                for key in Self.keys(needs) { state.readAt[key] = now }
            }
            return findings
        }
    }

    // MARK: Changes

    /// A session is about to change definitions; others see it at a time that is not known.
    ///
    /// - Returns: Whether it may: not while another session's statement, judged by what is there now, has yet to run.
    func changesBegin(_ session: UUIDv7, _ scope: DefinitionScope) -> Bool {
        guard scope.concernsOthers else { return true }
        if scope == .anything { schemaChanges.add(1, ordering: .sequentiallyConsistent) }
        return state.withLock { $0.changes.begin(session, scope) }
    }

    /// What the session has changed others have seen since, or it never happened.
    func changesEnd(_ session: UUIDv7) {
        let scope = state.withLock { state in
            state.forget()
            return state.changes.end(session)
        }
        if scope == .anything { schemaChanges.add(1, ordering: .sequentiallyConsistent) }
    }

    /// Counts what may have made schemas, or taken them away: where names are looked for may be another place then.
    var schemaChangeCount: Int { schemaChanges.load(ordering: .sequentiallyConsistent) }

    /// What is sent from now on finds nothing of what changed before.
    var moment: DefinitionChanges.Moment { state.withLock { $0.changes.now } }

    /// Has what these names stand for stay what it is until the command has run.
    ///
    /// - Returns: Whether it is certain by now what that is.
    func keep(
        _ names: Set<String>, for command: UUIDv7, of session: UUIDv7, since moment: DefinitionChanges.Moment
    ) -> Bool {
        state.withLock { state in
            guard !state.changes.haveTouched(names, since: moment) else { return false }
            state.changes.keep(names, for: command, of: session)
            return true
        }
    }

    func release(_ command: UUIDv7) { state.withLock { $0.changes.release(command) } }

    /// Whether what these names stand for may have been something else at some time since then.
    func hasTouched(_ names: Set<String>, since moment: DefinitionChanges.Moment) -> Bool {
        state.withLock { $0.changes.haveTouched(names, since: moment) }
    }

    private static func keys(_ needs: CatalogNeeds) -> [Key] {
        needs.relationOIDs.map(Key.relation) + needs.relations.map(Key.named) + needs.functions.map(Key.function)
            + needs.types.map(Key.type)
    }
}
