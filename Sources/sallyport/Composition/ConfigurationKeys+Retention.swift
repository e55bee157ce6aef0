import ConfigFile

extension ConfigurationKeys {
    /// The keys of `retention`.
    static let retention = [
        ConfigKey("default", .mapping(durations), summary: "How long evidence is kept where a target says nothing."),
        ConfigKey(
            "targets", .dictionary(.mapping(durations)),
            summary: "The same for a target, by its name, kind by kind; also for what one has left that is gone."),
        ConfigKey(
            "grace", .duration, default: "24h",
            summary: "For how long the clock must have said, while the gateway ran, that something is due."),
        ConfigKey("interval", .duration, default: "1h", summary: "How often it is looked for what is due."),
    ]

    private static let durations = [
        ConfigKey("payloads", .duration, summary: "Commands that are too large for an entry of the log."),
        ConfigKey("originals", .duration, summary: "Masked values, sealed to the auditors."),
        ConfigKey("recordings", .duration, summary: "Recordings of sessions and terminals."),
    ]
}
