import Identifiers

/// All that there is of a session, in the order in which it happened: what the audit log tells, what was recorded, and
/// where terminals began. A line of each in memory at a time.
public final class SessionTimeline {
    public enum Event: Sendable {
        case logged(LoggedEvent)
        case recorded(RecordingEvent)
        /// The place in the list of terminals.
        case terminal(Int)
    }

    public struct Moment: Sendable {
        /// Since the session began.
        public let time: Duration
        public let event: Event
    }

    /// What was kept of the session beside the log's entries.
    public enum Level: Sendable, Equatable {
        /// Nothing, as no command ran.
        case nothingRan
        /// Nothing: `@record("none")`.
        case none
        /// Commands and sizes: `@record("metadata")`.
        case metadata
        /// Answers too: `@record("full")`.
        case full
    }

    public let started: Timestamp
    public let level: Level
    /// The entry that says whose session it is and where it went; `nil` where the log has none.
    public let start: LoggedEvent?
    private let log: LoggedEventReader
    private let recording: RecordedEvents?
    private let terminals: [Timestamp]
    private let command: UUIDv7?
    /// Commands whose text the recording shows.
    private let recorded: Set<UUIDv7>
    private var nextLogged: LoggedEvent?
    private var nextRecorded: RecordingEvent?
    private var nextTerminal = 0

    /// - Parameters:
    ///   - log: The path of the session's entries, one a line.
    ///   - recording: The path of the session's own recording, where it has one.
    ///   - terminals: When each of its terminals began, in order.
    ///   - command: Only what is about this command.
    public init(
        session: UUIDv7, log: String, recording: String?, terminals: [Timestamp], of command: UUIDv7? = nil
    ) throws(RecordingError) {
        var commands: Set<UUIDv7> = []
        var hasBodies = false
        if let recording {
            var reader = try RecordingReader(path: recording)
            while let event = try reader.next() {
                if event.kind == .request, let command = event.commandID { commands.insert(command) }
                if event.kind == .response, !event.body.isEmpty || event.isTruncated { hasBodies = true }
            }
        }
        var start: LoggedEvent?
        var hasRun = false
        let entries = try LoggedEventReader(path: log)
        while start == nil || !hasRun, let event = try entries.next() {
            if event.kind == "session-start" { start = event }
            if event.kind == "intent" { hasRun = true }
        }
        self.start = start
        started = Timestamp(milliseconds: session.milliseconds)
        level =
            hasBodies || !terminals.isEmpty ? .full : recording != nil ? .metadata : hasRun ? .none : .nothingRan
        recorded = commands
        self.terminals = terminals
        self.command = command
        self.log = try LoggedEventReader(path: log)
        if let recording { self.recording = try RecordedEvents(path: recording) } else { self.recording = nil }
        try advanceLog()
        try advanceRecording()
    }

    /// Whether the recording shows the text of the command itself.
    public func shows(_ command: UUIDv7?) -> Bool { command.map(recorded.contains) ?? false }

    public func next() throws(RecordingError) -> Moment? {
        // Of one millisecond first what was decided, then what was recorded of it, then how it ended.
        var best: (time: UInt64, rank: Int, source: Int)?
        func offer(_ time: UInt64, rank: Int, source: Int) {
            if best.map({ (time, rank) < ($0.time, $0.rank) }) ?? true { best = (time, rank, source) }
        }
        if let event = nextLogged {
            offer(
                offset(of: event.time), rank: ["session-start", "intent"].contains(event.kind) ? 0 : 3, source: 0)
        }
        if let event = nextRecorded { offer(event.offset, rank: event.kind == .request ? 1 : 3, source: 1) }
        if nextTerminal < terminals.count { offer(offset(of: terminals[nextTerminal]), rank: 2, source: 2) }
        guard let best else { return nil }
        let time = Duration.milliseconds(Int64(clamping: best.time))
        switch best.source {
        case 0:
            guard let event = nextLogged else { return nil }
            try advanceLog()
            return Moment(time: time, event: .logged(event))
        case 1:
            guard let event = nextRecorded else { return nil }
            try advanceRecording()
            return Moment(time: time, event: .recorded(event))
        default:
            defer { nextTerminal += 1 }
            return Moment(time: time, event: .terminal(nextTerminal))
        }
    }

    private func offset(of time: Timestamp) -> UInt64 {
        time.milliseconds - min(started.milliseconds, time.milliseconds)
    }

    private func advanceLog() throws(RecordingError) {
        repeat { nextLogged = try log.next() } while isOfAnother(nextLogged?.commandID, nextLogged != nil)
    }

    private func advanceRecording() throws(RecordingError) {
        repeat {
            nextRecorded = try recording?.next() ?? nil
        } while isOfAnother(nextRecorded?.commandID, nextRecorded != nil)
    }

    private func isOfAnother(_ id: UUIDv7?, _ isEvent: Bool) -> Bool {
        guard let command else { return false }
        return isEvent && id != command
    }
}

/// A recording's reader, held.
private final class RecordedEvents {
    private var reader: RecordingReader

    init(path: String) throws(RecordingError) { reader = try RecordingReader(path: path) }

    func next() throws(RecordingError) -> RecordingEvent? { try reader.next() }
}

extension SessionTimeline.Moment {
    /// What a person reads of it, but for a terminal.
    ///
    /// - Parameter isRecorded: Whether the recording shows the command's text itself.
    public func text(isRecorded: Bool) -> String? {
        switch event {
        case .logged(let event):
            let clock = Replay.Renderer.clock(time.elapsedMicroseconds / 1000)
            return "[\(clock)] \(event.text(isRecorded: isRecorded))"
        case .recorded(let event): return Replay.Renderer.text(of: event)
        case .terminal: return nil
        }
    }
}
