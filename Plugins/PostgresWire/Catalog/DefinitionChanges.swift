import Identifiers

/// Which tables, views and functions may be others after a statement.
enum DefinitionScope: Hashable, Sendable {
    case nothing
    /// Temporary ones, which other sessions do not see.
    case session
    /// Those of these names, in whatever schema.
    case named(Set<String>)
    case anything

    var concernsOthers: Bool {
        switch self {
        case .nothing, .session: false
        case .named, .anything: true
        }
    }

    func union(_ other: DefinitionScope) -> DefinitionScope {
        switch (self, other) {
        case (.anything, _), (_, .anything): .anything
        case (.named(let names), .named(let others)): .named(names.union(others))
        case (.named, _): self
        case (_, .named): other
        case (.session, _), (_, .session): .session
        case (.nothing, .nothing): .nothing
        }
    }

    /// - Parameter names: Those that something in another session depends on, in whatever schema.
    func touches(_ names: Set<String>) -> Bool {
        switch self {
        case .nothing, .session: false
        case .named(let changed): !changed.isDisjoint(with: names)
        case .anything: !names.isEmpty
        }
    }
}

/// The changes of definitions that sessions of one database have under way, and those that ended lately.
///
/// Others see a change from a moment on that the gateway is told of later: what a statement was answered with may be of
/// before it or after it. So nothing is believed that is known of a relation while a change of it is under way, nor for
/// a statement that was sent before such a change had ended.
struct DefinitionChanges {
    /// A moment in the order in which changes end.
    typealias Moment = UInt64

    private struct Ended {
        let scope: DefinitionScope
        let at: Moment
    }

    /// By session.
    private var open: [UUIDv7: DefinitionScope] = [:]
    private var ended: [Ended] = []
    /// What ended by then is not kept.
    private var forgotten: Moment = 0
    private(set) var now: Moment = 0
    /// What statements that wait behind others were judged by, by command, with its session.
    private var kept: [UUIDv7: (session: UUIDv7, names: Set<String>)] = [:]

    /// More ended changes are not kept: for statements of before them, everything may have changed.
    private static let mostEnded = 1024

    /// - Parameter scope: Adds to what the session has under way.
    /// - Returns: Whether it may begin: not while another session's statement, judged by what these names stood for, has
    ///   yet to run.
    mutating func begin(_ session: UUIDv7, _ scope: DefinitionScope) -> Bool {
        guard scope.concernsOthers else { return true }
        guard !kept.values.contains(where: { $0.session != session && scope.touches($0.names) }) else { return false }
        open[session] = open[session]?.union(scope) ?? scope
        return true
    }

    /// Others have seen all that the session had under way, or none of it will be there.
    ///
    /// - Returns: What it had under way.
    @discardableResult
    mutating func end(_ session: UUIDv7) -> DefinitionScope {
        guard let scope = open.removeValue(forKey: session) else { return .nothing }
        now += 1
        if ended.count == Self.mostEnded {
            forgotten = ended[Self.mostEnded / 2 - 1].at
            ended.removeFirst(Self.mostEnded / 2)
        }
        ended.append(Ended(scope: scope, at: now))
        return scope
    }

    /// Whether what these names stand for may have been something else at some time since then.
    func haveTouched(_ names: Set<String>, since moment: Moment) -> Bool {
        guard !names.isEmpty else { return false }
        if moment < forgotten { return true }
        return open.values.contains { $0.touches(names) }
            || ended.reversed().prefix { $0.at > moment }.contains { $0.scope.touches(names) }
    }

    /// What these names stand for stays what it is until the command has run.
    mutating func keep(_ names: Set<String>, for command: UUIDv7, of session: UUIDv7) {
        kept[command] = (session, names)
    }

    mutating func release(_ command: UUIDv7) { kept[command] = nil }
}
