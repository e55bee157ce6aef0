import GatewayCore
import Identifiers
import Masking
import Policy

/// A command that has its permit, until its outcome is recorded.
final class RunningCommand {
    let commandID: UUIDv7
    let masking: MaskingPlan
    let recording: RecordingLevel
    var requestBytes = 0
    var responseBytes = 0
    /// What masking did so far.
    var masked: [MaskCount] = []
    private var permit: Permit?

    init(_ permit: consuming Permit) {
        commandID = permit.commandID
        masking = permit.masking
        recording = permit.recording
        self.permit = consume permit
    }

    var isOver: Bool { permit == nil }

    /// Records the outcome; what comes after the first is ignored.
    func end(
        _ kind: Outcome.Kind, status: String, reason: String? = nil, details: [OutcomeDetail] = []
    ) {
        guard let permit = permit.take() else { return }
        permit.end(
            Outcome(
                kind, status: status, reason: reason, requestBytes: requestBytes, responseBytes: responseBytes,
                masked: masked, details: details))
    }
}
