import GatewayCore
import Identifiers
import NIOCore
import Policy
import Recording
import StrictJSON

/// What goes into the recordings about one program: everything that its caller saw, with its time; of a file transfer,
/// which is no text, the beginning.
final class ChannelRecording {
    private let session: Session
    private let commandID: UUIDv7
    private let level: RecordingLevel
    private let recordsInput: Bool
    private var hasTerminal = false
    private var terminal: TerminalRecorder?
    private var typed = EchoedInput()
    private var capture = OutputCapture()

    /// - Parameter recordsInput: Whether what was typed is recorded too: on a terminal as far as that showed it,
    ///   otherwise all.
    init(_ session: Session, _ command: RunningCommand, recordsInput: Bool) {
        self.session = session
        commandID = command.commandID
        level = command.recording
        self.recordsInput = recordsInput
    }

    /// Before the program is started.
    ///
    /// - Parameters:
    ///   - text: The command, redacted.
    ///   - pty: The terminal that it has.
    ///   - isTransfer: It speaks a protocol for files.
    /// - Throws: `RecordingError` when the disk refuses: what must be recorded does not run.
    func begin(_ text: String, pty: TerminalRequest?, isTransfer: Bool) throws(RecordingError) {
        guard level > .none else { return }
        try session.record(.request, of: commandID, head: [], body: text, mayWait: level < .full)
        guard level == .full, !isTransfer else { return }
        hasTerminal = pty != nil
        let size = pty.map { TerminalSize(columns: $0.columns, rows: $0.rows) } ?? .standard
        terminal = try session.recordTerminal(of: commandID, text: text, size: size, type: pty?.type)
    }

    /// - Throws: `RecordingError` when the disk refuses: what must be recorded does not go on.
    func output(_ bytes: ByteBuffer, on stream: ChannelStream) throws(RecordingError) {
        guard level == .full else { return }
        guard let terminal else { return capture.add(bytes) }
        if recordsInput, hasTerminal {
            let echoed = typed.shown(bytes.readableBytesView)
            if !echoed.isEmpty { try terminal.record(echoed, on: .standardInput, mayWait: true) }
        }
        try terminal.record(bytes.readableBytesView, on: stream == .standard ? .standardOutput : .standardError)
    }

    /// - Throws: `RecordingError` when the disk refuses: what must be recorded is not sent.
    func input(_ bytes: ByteBuffer) throws(RecordingError) {
        guard recordsInput, let terminal else { return }
        guard !hasTerminal else { return typed.typed(bytes.readableBytesView) }
        try terminal.record(bytes.readableBytesView, on: .standardInput)
    }

    func resized(_ request: ChannelRequest) throws(RecordingError) {
        var details = request.details
        guard let terminal, hasTerminal, request.type == "window-change",
            let columns = details.readInteger(as: UInt32.self),
            let rows = details.readInteger(as: UInt32.self)
        else { return }
        try terminal.record(resize: TerminalSize(columns: columns, rows: rows))
    }

    /// - Parameter exitStatus: The program's own; `nil` where it had none.
    /// - Returns: What the outcome says about the recording.
    func finish(status: String, exitStatus: UInt32?, bytes: Int) -> [OutcomeDetail] {
        guard level > .none else { return [] }
        try? session.record(
            .response, of: commandID, head: [RecordingField("status", status), RecordingField("bytes", "\(bytes)")],
            body: capture.text, isTruncated: capture.isTruncated, mayWait: level < .full)
        guard
            let summary = try? terminal?.close(
                exitStatus: exitStatus.map { Int32(truncatingIfNeeded: $0) },
                synchronizing: session.synchronizesRecordings)
        else { return [] }
        return [
            OutcomeDetail("recording_bytes", .number("\(summary.bytes)")),
            OutcomeDetail("recording_events", .number("\(summary.events)")),
            OutcomeDetail("recording_sha256", .string(summary.digest)),
        ]
    }
}
