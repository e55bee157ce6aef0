import Identifiers
import Masking
import Policy

/// The right to run one command once.
///
/// Only the session manager makes one, after the command's intent stands in the audit log. What writes to an upstream
/// takes it by `consuming`, so the compiler refuses a second use; `end(_:)` consumes it and records the outcome. A
/// permit that goes out of scope without an outcome, because a connection died or an error was thrown, records
/// `abandoned`.
///
/// A permit belongs to the event loop of its session.
public struct Permit: ~Copyable {
    /// The id of the command: the audit entry of its intent has the same.
    public let commandID: UUIDv7
    /// What must be masked in the answer.
    public let masking: MaskingPlan
    public let recording: RecordingLevel
    /// The most rows that may be returned; `nil` without a limit.
    public let maximumRows: Int?
    private let intent: RecordedIntent

    init(intent: RecordedIntent, masking: MaskingPlan, recording: RecordingLevel, maximumRows: Int?) {
        self.commandID = intent.commandID
        self.masking = masking
        self.recording = recording
        self.maximumRows = maximumRows
        self.intent = intent
    }

    /// Records how the command ended.
    public consuming func end(_ outcome: Outcome) {
        intent.end(outcome)
    }

    deinit {
        intent.abandonUnlessEnded()
    }
}

/// The open end of an intent: takes exactly one outcome.
final class RecordedIntent {
    let commandID: UUIDv7
    private let startedAt: MonotonicTime
    /// What masking takes from the answer, where that is kept.
    private let originals: CommandOriginals?
    /// Holds the session until the outcome stands, also when its connection is gone.
    private var session: Session?

    init(commandID: UUIDv7, session: Session, originals: CommandOriginals?) {
        self.commandID = commandID
        self.originals = originals
        self.startedAt = .now
        self.session = session
    }

    func end(_ outcome: Outcome) {
        guard let session else { return }
        self.session = nil
        session.record(outcome, of: commandID, originals: originals, after: startedAt.elapsedMicroseconds)
    }

    func abandonUnlessEnded() {
        end(Outcome(.abandoned, status: "abandoned", reason: "the command was given up before it had an outcome"))
    }
}
