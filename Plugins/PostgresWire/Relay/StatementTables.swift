import Identifiers
import NIOCore

/// A statement under a name that the server knows: from Parse, or from SQL's PREPARE.
final class PreparedStatement {
    let name: String
    /// `nil` where the parser could not read the text.
    private(set) var statement: SQLStatement?
    let text: String
    let isEmpty: Bool
    /// `text` is the statement itself, and not an EXECUTE of what SQL has prepared.
    let hasOwnText: Bool
    /// By position; zero where neither side has said it yet.
    var parameterTypes: [UInt32]

    init(
        name: String, statement: SQLStatement?, text: String, isEmpty: Bool = false, hasOwnText: Bool = true,
        parameterTypes: [UInt32] = []
    ) {
        self.name = name
        self.statement = statement
        self.text = text
        self.isEmpty = isEmpty
        self.hasOwnText = hasOwnText
        self.parameterTypes = parameterTypes
    }

    /// The server reads it anew when names mean something else, and so has the gateway.
    func readAgain(as statement: SQLStatement?) { self.statement = statement }
}

/// A statement with its parameters: one command, whose permit it holds until it is complete or gone.
final class Portal {
    let name: String
    let statement: SQLStatement?
    /// `nil` for a portal that runs nothing: one of an empty statement.
    let command: RunningCommand?
    let resultFormats: [Int16]
    /// How many messages that ReadyForQuery ends had been sent when it was bound.
    let epoch: Int
    /// What becomes of its rows, once their description has been seen.
    var rows = RowTreatment.unknown
    /// Its statement was planned as it was bound.
    var isPlanned = false
    /// What had been sent when it was bound, and whether it has run since.
    var changes = 0
    var hasBegun = false
    /// Copied data is looked into, and by what it is masked.
    var copies = false
    var copy: CopyMasking?

    init(name: String, statement: SQLStatement?, command: RunningCommand?, resultFormats: [Int16], epoch: Int) {
        self.name = name
        self.statement = statement
        self.command = command
        self.resultFormats = resultFormats
        self.epoch = epoch
    }

    func close() {
        command?.end(.succeeded, status: "closed", reason: "the portal was closed before all its rows were fetched")
    }
}

/// A query that SQL's DECLARE has named.
struct Cursor {
    let statement: SQLStatement
    /// As it was declared: what is set or made later changes nothing.
    let lookup: NameLookup
}

/// What becomes of the rows of a result.
enum RowTreatment {
    /// Their description has not been seen.
    case unknown
    /// They are relayed as they are.
    case relayed
    /// They are recorded, masked where there is something to mask, or both.
    case inspected(RowMasking?)
}

/// The names that the server knows, as far as the messages sent to it tell.
///
/// A name is taken when its message is sent, since what follows in the pipeline may use it, and given back when the
/// server does not run that message.
struct StatementTables {
    /// More than this many names of one session are refused.
    static let limit = 20_000

    var statements = NameTable<PreparedStatement>()
    var portals = NameTable<Portal>()
    /// SQL cursors, which are portals of the server's.
    private var cursors: [ExactText: Cursor] = [:]

    var isFull: Bool { statements.count + portals.count + cursors.count >= Self.limit }

    func cursor(_ name: String) -> Cursor? { cursors[ExactText(name)] }

    mutating func declareCursor(_ name: String, _ cursor: Cursor) {
        closePortal(name)
        cursors[ExactText(name)] = cursor
    }

    /// The server has gone back to a savepoint, after which nobody knows which cursors there are.
    mutating func forgetCursors() { cursors.removeAll() }

    /// - Parameter name: `nil` for all of them.
    mutating func closeCursor(_ name: String?) {
        if let name {
            cursors[ExactText(name)] = nil
            closePortal(name)
        } else {
            cursors.removeAll()
            for portal in portals.remove(where: { _ in true }) { portal.close() }
        }
    }

    /// The server has bound a portal, so that no cursor has the name.
    mutating func bound(_ change: NameChange<Portal>) {
        portals.confirm(change)
        if !cursors.isEmpty { cursors[change.name] = nil }
    }

    /// The server has closed a portal, which may have been a cursor.
    mutating func closed(_ change: NameChange<Portal>) {
        change.replaced?.close()
        portals.confirm(change)
        cursors[change.name] = nil
    }

    private mutating func closePortal(_ name: String) {
        portals[name]?.close()
        portals.set(name, to: nil)
    }

    /// ReadyForQuery has come for the message of this number, counted from one, and no transaction is open any more:
    /// its portals are gone. Those of messages sent since then are not.
    mutating func endTransaction(upTo number: Int) {
        if !cursors.isEmpty { cursors.removeAll() }
        guard portals.count > 0 else { return }
        for portal in portals.remove(where: { $0.epoch < number }) { portal.close() }
    }

    mutating func removeAll() {
        for portal in portals.values { portal.close() }
        self = StatementTables()
    }
}
