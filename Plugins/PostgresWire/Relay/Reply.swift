import NIOCore

/// What the server owes for a message that was sent to it, in the order in which it will answer.
enum Reply {
    /// Up to ReadyForQuery: the answers of one query string.
    case query(QueryRun)
    case parse(NameChange<PreparedStatement>, command: RunningCommand?)
    case bind(NameChange<Portal>)
    case describeStatement(PreparedStatement?)
    /// `isOwn`: the gateway asks, and the caller sees nothing of the answer.
    case describePortal(Portal?, isOwn: Bool)
    case execute(Portal)
    case closeStatement(NameChange<PreparedStatement>)
    case closePortal(NameChange<Portal>)
    case functionCall(RunningCommand)
    case sync
    /// The server is made to fail here, and its error is replaced.
    case refusal(ErrorFields, isQuery: Bool)
    /// A query of the gateway's own, of which the caller sees nothing.
    case own(OwnQuery)

    /// Whether it is a statement by which SQL may change what names stand for.
    var mayChangeNames: Bool {
        switch self {
        case .query(let run): run.commands.contains { $0.statement?.kind.mayChangeNames ?? true }
        case .execute(let portal): portal.command != nil && portal.statement?.kind.mayChangeNames ?? true
        default: false
        }
    }

    var isDescription: Bool {
        switch self {
        case .describeStatement, .describePortal: true
        default: false
        }
    }

    /// Whether ReadyForQuery ends it.
    var endsReady: Bool {
        switch self {
        case .query, .functionCall, .sync, .own: true
        case .refusal(_, let isQuery): isQuery
        default: false
        }
    }
}

/// The statements of one query string, answered one after the other.
final class QueryRun {
    let commands: [RunningCommand]
    /// What becomes of the rows of the statement whose answer is under way.
    var rows = RowTreatment.unknown
    /// Copied data is looked into, and by what it is masked.
    var copies = false
    var copy: CopyMasking?
    private var index = 0

    init(_ commands: [RunningCommand]) { self.commands = commands }

    var current: RunningCommand? { index < commands.count ? commands[index] : nil }

    /// Whether a statement after the current one takes rows.
    var copiesInLater: Bool {
        commands.dropFirst(index + 1).contains { if case .copyIn? = $0.statement?.kind { true } else { false } }
    }

    func advance() {
        index += 1
        rows = .unknown
        copies = false
        copy = nil
    }

    /// Everything that has not had its outcome ended without being run.
    func endRest(reason: String) {
        for command in commands[min(index, commands.count)...] {
            command.end(.interrupted, status: "not run", reason: reason)
        }
    }
}

/// A query that the gateway asks in the caller's session: its rows of text come back to it.
final class OwnQuery {
    let text: String
    private(set) var rows: [[String?]] = []
    private(set) var failure: ErrorFields?
    private let completion: (OwnQuery) -> Void

    init(_ text: String, completion: @escaping (OwnQuery) -> Void) {
        self.text = text
        self.completion = completion
    }

    func append(_ row: [String?]) { rows.append(row) }
    func fail(_ fields: ErrorFields) { failure = fields }
    func complete() { completion(self) }
}
