import GatewayCore
import Identifiers
import Masking
import Policy
import Recording

/// What goes into the session's recording about one statement.
struct CommandRecording {
    let session: Session

    /// Before the statement is sent.
    ///
    /// - Throws: `RecordingError` when the disk refuses: a statement that must be recorded does not run.
    func record(_ command: Command, of commandID: UUIDv7, level: RecordingLevel, plan: MaskingPlan)
        throws(RecordingError)
    {
        guard level > .none else { return }
        try session.record(
            .request, of: commandID, head: [], body: session.redactedText(of: command, under: plan),
            mayWait: level < .full)
    }

    /// After its answer has gone to the caller, which cannot be held back any more.
    func record(_ outcome: Outcome, _ answer: AnswerRecording?, of commandID: UUIDv7, level: RecordingLevel) {
        guard level > .none else { return }
        var fields = [RecordingField("status", outcome.status), RecordingField("bytes", "\(outcome.responseBytes)")]
        if let rows = outcome.rows { fields.append(RecordingField("rows", "\(rows)")) }
        try? session.record(
            .response, of: commandID, head: fields, body: answer?.body ?? "", isTruncated: answer?.isTruncated ?? false,
            mayWait: level < .full)
    }
}
