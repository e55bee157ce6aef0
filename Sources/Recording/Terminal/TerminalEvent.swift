import Identifiers

/// One thing that happened on a recorded terminal.
public struct TerminalEvent: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// What was written to the terminal, as text.
        case output(String)
        /// What was typed.
        case input(String)
        case resize(TerminalSize)
        case marker(String)
        /// The recorded program's exit status; nothing comes after it.
        case exit(Int32)
    }

    /// Since the recording began, exact to the microsecond.
    public var time: Duration
    public var action: Action

    public init(time: Duration, action: Action) {
        self.time = time
        self.action = action
    }
}

/// How many characters a terminal shows.
public struct TerminalSize: Sendable, Equatable {
    public let columns: UInt16
    public let rows: UInt16

    /// Where a size is not known, and where there is no terminal.
    public static let standard = TerminalSize(columns: 80, rows: 24)

    /// Takes whatever a client says: 0 means that it does not know (RFC 4254 section 6.2), which becomes 80 by 24, and
    /// players take no more than 16 bits.
    public init(columns: some BinaryInteger, rows: some BinaryInteger) {
        self.columns = columns <= 0 ? 80 : UInt16(clamping: columns)
        self.rows = rows <= 0 ? 24 : UInt16(clamping: rows)
    }
}

extension TerminalSize: CustomStringConvertible {
    /// E.g. `80x24`.
    public var description: String { "\(columns)x\(rows)" }

    /// Reads what `description` writes.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "x"), omittingEmptySubsequences: false)
        guard parts.count == 2, let columns = UInt16(Substring(parts[0])), let rows = UInt16(Substring(parts[1])),
            columns > 0, rows > 0
        else { return nil }
        self.init(columns: columns, rows: rows)
    }
}

extension Duration {
    /// Whole microseconds since a beginning; 0 for what is negative.
    var elapsedMicroseconds: UInt64 { UInt64(clamping: wholeMicroseconds) }
}
