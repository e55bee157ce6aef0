/// How much of a command and its answer is kept beside its audit entries.
public enum RecordingLevel: String, Sendable, Hashable, Comparable, CaseIterable {
    /// The audit entries alone.
    case none
    /// Heads and sizes. What a policy asks for that says nothing.
    case metadata
    /// Bodies too, masked.
    case full

    public static func < (left: RecordingLevel, right: RecordingLevel) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .none: 0
        case .metadata: 1
        case .full: 2
        }
    }
}

/// What an allowed command carries along.
public struct Obligations: Sendable, Hashable {
    /// Names of masking rule sets, each once, in the order in which policies name them.
    public var masks: [String]
    /// All of these must be met.
    public var approvals: [ApprovalRequirement]
    public var recording: RecordingLevel
    /// `nil`: no limit.
    public var maximumRows: Int?

    /// What a permit without annotations asks for.
    public static let none = Obligations()

    public init(
        masks: [String] = [], approvals: [ApprovalRequirement] = [], recording: RecordingLevel = .metadata,
        maximumRows: Int? = nil
    ) {
        self.masks = masks
        self.approvals = approvals
        self.recording = recording
        self.maximumRows = maximumRows
    }

    /// Both together: every mask, every approval, the fuller recording, the lower limit.
    public static func + (left: Obligations, right: Obligations) -> Obligations {
        var sum = left
        sum += right
        return sum
    }

    public static func += (left: inout Obligations, right: Obligations) {
        for mask in right.masks where !left.masks.contains(mask) { left.masks.append(mask) }
        for approval in right.approvals where !left.approvals.contains(approval) { left.approvals.append(approval) }
        left.recording = max(left.recording, right.recording)
        if let rows = right.maximumRows { left.maximumRows = min(left.maximumRows ?? rows, rows) }
    }
}
