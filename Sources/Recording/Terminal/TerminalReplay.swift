import Identifiers

/// How a terminal recording is played: what to write to a terminal, and when.
public struct TerminalReplay: Sendable {
    private var pace: Replay.Pace
    private var filter = TerminalSequenceFilter()

    public init(options: Replay.Options = Replay.Options()) { pace = Replay.Pace(options) }

    /// What stands above a replay.
    public static func title(_ header: TerminalRecordingHeader) -> String {
        func plain(_ text: String) -> String { String(text.prefix(200)).printable(onOneLine: true) }
        let command = header.command ?? header.title ?? "shell"
        return """
            command \(header.commandID)  \(plain(header.caller)) → \(plain(header.target))  started \(header.started)  \
            \(header.size)  \(plain(command))

            """
    }

    /// The step of an event; `nil` for one that writes nothing. A replay does not change the size of its terminal.
    public mutating func step(_ event: TerminalEvent) -> Replay.Step? {
        guard case .output(let output) = event.action else { return nil }
        let text = filter.filter(output)
        return Replay.Step(delay: pace.delay(until: event.time), text: text)
    }

    /// What gives the terminal back as it was: written after the last step, also where that is not the recording's last.
    public var end: String { filter.end }
}
