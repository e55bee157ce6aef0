import Identifiers
import Recording

extension Session {
    /// Begins the recording of the terminal that the command `commandID` has, beside the session's own recording.
    ///
    /// - Parameters:
    ///   - text: The command as a recording may hold it (`redactedText`); `nil` for a login shell.
    /// - Throws: `RecordingError` when the disk refuses; a command that must be recorded should then not run.
    public func recordTerminal(
        of commandID: UUIDv7, text: String?, size: TerminalSize, type: String?
    ) throws(RecordingError) -> TerminalRecorder {
        let parts = lane.manager.parts
        let recorder = try TerminalRecorder(
            directory: parts.recordingsDirectory,
            header: TerminalRecordingHeader(
                session: id, commandID: commandID, caller: caller.label ?? caller.subject, target: target.name,
                started: parts.clock(), size: size, terminalType: type, title: "\(target.name)", command: text))
        let item = evidence(.recordings, recorder.header.path)
        recorder.whenClosed = { parts.evidenceClosed(item) }
        return recorder
    }
}
