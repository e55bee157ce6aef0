import NIOCore

/// A statement under a name that the server knows: from Parse, or from SQL's PREPARE.
final class PreparedStatement {
    let name: String
    /// `nil` where the parser could not read the text.
    let statement: SQLStatement?
    let text: String
    let isEmpty: Bool
    /// By position; zero where neither side has said it yet.
    var parameterTypes: [UInt32]

    init(name: String, statement: SQLStatement?, text: String, isEmpty: Bool = false, parameterTypes: [UInt32] = []) {
        self.name = name
        self.statement = statement
        self.text = text
        self.isEmpty = isEmpty
        self.parameterTypes = parameterTypes
    }
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

    private(set) var statements: [String: PreparedStatement] = [:]
    private(set) var portals: [String: Portal] = [:]
    /// SQL cursors by name.
    private(set) var cursors: [String: SQLStatement] = [:]

    var isFull: Bool { statements.count + portals.count + cursors.count >= Self.limit }

    func statement(_ name: String) -> PreparedStatement? { statements[name] }
    func portal(_ name: String) -> Portal? { portals[name] }

    /// - Returns: What had the name before.
    mutating func set(_ statement: PreparedStatement?, _ name: String) -> PreparedStatement? {
        let previous = statements[name]
        statements[name] = statement
        return previous
    }

    mutating func set(_ portal: Portal?, _ name: String) -> Portal? {
        let previous = portals[name]
        portals[name] = portal
        return previous
    }

    mutating func setCursor(_ statement: SQLStatement, _ name: String) { cursors[name] = statement }

    /// - Parameter name: `nil` for all of them.
    mutating func closeCursor(_ name: String?) {
        if let name { cursors[name] = nil } else { cursors.removeAll() }
    }

    /// ReadyForQuery has come for the message of this number, counted from one, and no transaction is open any more:
    /// its portals are gone. Those of messages sent since then are not.
    mutating func endTransaction(upTo number: Int) {
        if !cursors.isEmpty { cursors.removeAll() }
        guard !portals.isEmpty else { return }
        for (name, portal) in portals where portal.epoch < number {
            portal.close()
            portals[name] = nil
        }
    }

    mutating func removeAll() {
        for portal in portals.values { portal.close() }
        portals = [:]
        statements = [:]
        cursors = [:]
    }
}
