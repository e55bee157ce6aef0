import StrictJSON

/// How much an entry deserves to be looked at; formats and syslog have scales of their own for it.
public enum EntrySeverity: Sendable {
    case informational
    /// Something was refused, or did not work.
    case low
    /// Somebody could not prove who they are, or something was to change and was not let.
    case medium

    public init(of entry: ExportedEntry) {
        self =
            switch entry.kind {
            case "sign-in-failure": .medium
            case "refusal": .low
            case "policy-load": entry.value["refused"] == nil ? Self.ofChange(entry) : .medium
            case "configuration": Self.ofChange(entry)
            // Nothing that was recorded with the old key can be found by what is recorded with the new one.
            case "pseudonym-key": entry.value["previous"] == nil ? Self.ofChange(entry) : .medium
            case "console": entry.value["allowed"]?.bool == false ? .medium : .informational
            case "outcome": entry.outcome?["kind"]?.string == "succeeded" ? .informational : .low
            case "approval":
                ["rejected", "expired", "undone"].contains(entry.value["step"]?.string) ? .low : .informational
            default: .informational
            }
    }

    /// A gateway that does not know what was in force before has lost something.
    private static func ofChange(_ entry: ExportedEntry) -> EntrySeverity {
        entry.value["since"] == nil ? .informational : .low
    }

    /// 0 to 10.
    var cef: Int {
        switch self {
        case .informational: 2
        case .low: 4
        case .medium: 6
        }
    }

    /// RFC 5424 section 6.2.1: informational, notice, warning.
    public var syslog: Int {
        switch self {
        case .informational: 6
        case .low: 5
        case .medium: 4
        }
    }
}
