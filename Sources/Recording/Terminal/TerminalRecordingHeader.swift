import Identifiers

/// What the first line of a terminal recording says.
public struct TerminalRecordingHeader: Sendable, Equatable {
    public var session: UUIDv7
    /// The command that ran on the terminal, as its audit entries name it.
    public var commandID: UUIDv7
    /// The caller's label, for people to read; who it was for certain stands in the audit log.
    public var caller: String
    public var target: String
    public var started: Timestamp
    public var size: TerminalSize
    /// What the caller's `TERM` says, e.g. `xterm-256color`.
    public var terminalType: String?
    public var title: String?
    /// The command's text; `nil` for a login shell.
    public var command: String?

    public init(
        session: UUIDv7, commandID: UUIDv7, caller: String, target: String, started: Timestamp,
        size: TerminalSize = .standard, terminalType: String? = nil, title: String? = nil, command: String? = nil
    ) {
        self.session = session
        self.commandID = commandID
        self.caller = caller
        self.target = target
        self.started = started
        self.size = size
        self.terminalType = terminalType
        self.title = title
        self.command = command
    }

    /// The recording's path below the recordings' directory.
    public var path: String { TerminalRecordings.path(of: commandID, in: session) }
}
