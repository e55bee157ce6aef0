import Masking
import Policy

/// What commands are judged by, swapped whole on reload.
public struct RuleSnapshot: Sendable {
    public enum Mode: String, Sendable {
        /// What policy does not allow is refused.
        case enforce
        /// Nothing is refused; what would have been stands in the log as `would_deny`. For the first weeks of a roll-out.
        case shadow
    }

    public let policy: PolicySet
    public let mode: Mode
    /// Policies on trial: judged beside those in force, recorded where they differ, never acted on.
    public let candidate: PolicySet?
    public let masking: MaskingCatalog
    /// The least that is recorded of a session; a policy can ask for more.
    public let recording: RecordingLevel
    /// Whether all commands of one form in one session are judged alike.
    let judgesForms: Bool

    public init(
        policy: PolicySet, mode: Mode = .enforce, candidate: PolicySet? = nil, masking: MaskingCatalog,
        recording: RecordingLevel
    ) {
        self.policy = policy
        self.mode = mode
        self.candidate = candidate
        self.masking = masking
        self.recording = recording
        judgesForms = CommandContext.judgesForms(policy) && candidate.map(CommandContext.judgesForms) ?? true
    }
}
