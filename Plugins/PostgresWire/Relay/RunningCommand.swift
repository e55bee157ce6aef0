import GatewayCore
import Identifiers
import Masking
import Policy
import Recording

/// A command that has its permit, until its outcome is recorded.
final class RunningCommand {
    let commandID: UUIDv7
    let masking: MaskingPlan
    let maximumRows: Int?
    /// What the parser knows about it; `nil` where it could not read it.
    let statement: SQLStatement?
    /// What the caller wrote, which it may be told again.
    let text: String
    let lookup: NameLookup
    /// Before it was sent. Where what it depends on may have changed since, nobody knows what it was answered with.
    let moment: DefinitionChanges.Moment
    /// Told once it is over.
    var onEnd: (() -> Void)?
    private let recording: CommandRecording
    private let recordingLevel: RecordingLevel
    var requestBytes = 0
    var responseBytes = 0
    var rows = 0
    var masked: [MaskCount] = []
    /// The same, in errors and notices.
    var maskedInMessages: [MaskCount] = []
    /// What goes into the session's recording of its answer; `nil` where nothing does.
    let answer: AnswerRecording?
    private var permit: Permit?

    init(
        _ permit: consuming Permit, statement: SQLStatement?, text: String,
        lookup: NameLookup = NameLookup(path: nil), moment: DefinitionChanges.Moment = 0,
        recording: CommandRecording
    ) {
        commandID = permit.commandID
        masking = permit.masking
        maximumRows = permit.maximumRows
        self.statement = statement
        self.text = text
        self.lookup = lookup
        self.moment = moment
        self.recording = recording
        recordingLevel = permit.recording
        answer = permit.recording == .full ? AnswerRecording() : nil
        self.permit = consume permit
    }

    var isOver: Bool { permit == nil }
    /// Its rows do not pass as they are.
    var inspectsRows: Bool { !masking.isEmpty || answer != nil }

    /// - Throws: `RecordingError`; the command must not be sent then.
    func recordRequest(_ command: Command) throws(RecordingError) {
        try recording.record(command, of: commandID, level: recordingLevel, plan: masking)
    }

    /// Records the outcome; what comes after the first is ignored.
    func end(_ kind: Outcome.Kind, status: String, reason: String? = nil, rows changed: Int? = nil) {
        guard let permit = permit.take() else { return }
        let outcome = Outcome(
            kind, status: status, reason: reason, requestBytes: requestBytes, responseBytes: responseBytes,
            rows: changed ?? (rows > 0 ? rows : nil), masked: masked + maskedInMessages)
        recording.record(outcome, answer, of: commandID, level: recordingLevel)
        permit.end(outcome)
        onEnd?()
        onEnd = nil
    }
}
