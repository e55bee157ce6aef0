import ArgumentParser
import Audit
import GatewayCore
import Identifiers
import Policy
import StrictJSON

struct ReplayPolicy: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Show how other policies would have decided what was recorded.",
        discussion: """
            Judges the commands in the audit log by the policies of the configuration and by those of --to, and prints \
            what would have changed. Values that the log holds redacted, and attributes of resources other than their \
            name, are judged as the log has them.
            """)

    @Option(name: .customLong("to"), parsing: .upToNextOption, help: "The Cedar files to compare with.")
    var files: [String]

    // `--to` names the policies here, so that the period has options of its own.
    @Option(help: "Only commands from this time on (RFC 3339 in UTC, or a date).")
    var from: String?

    @Option(help: "Only commands before this time.")
    var until: String?

    @Flag(help: "Exit with status 1 when anything would have changed.")
    var check = false

    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var format: OutputOptions

    func validate() throws { try Timestamp.check(from: from, until: until) }

    func perform() async throws {
        let registry = try AdapterRegistry.all()
        let configuration = try options.load(registry)
        let old = try LoadedPolicies(configuration, registry: registry)
        let new = try LoadedPolicies(configuration, registry: registry, files: files)
        var replay = PolicyReplay(from: old.set, to: new.set)
        var skipped = 0
        do throws(AuditError) {
            let reader = AuditReader(directory: configuration.auditDirectory)
            let filter = AuditFilter(
                kinds: ["intent", "refusal"], from: from.flatMap { Timestamp(moment: $0) },
                until: until.flatMap { Timestamp(moment: $0) })
            let total = try reader.checkpoint().treeSize
            var progress = ProgressLine("replaying")
            var entries = try reader.entries(matching: filter)
            while let entry = try entries.next() {
                if let value = try? JSONValue(parsing: entry.bytes, within: .ownRecord),
                    let recorded = RecordedRequest(entry: value)
                {
                    replay.replay(recorded.command)
                } else {
                    skipped += 1
                }
                progress.update(entries.passed, of: total)
            }
            progress.finish()
        } catch {
            throw CommandFailure("\(error)", status: .unavailable)
        }
        let finished = replay
        let left = skipped
        format.print(Self.json(finished, skipped: left)) {
            finished.description
                + (left > 0 ? "\n\(left) were too large to stand in the log, and were not replayed" : "")
        }
        if check, !finished.changes.isEmpty { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    private static func json(_ replay: PolicyReplay, skipped: Int) -> JSONValue {
        [
            "replayed": .number(String(replay.count)), "skipped": .number(String(skipped)),
            "changes": .array(
                replay.changes.map {
                    [
                        "command": .string($0.command.id), "kind": .string($0.kind.rawValue),
                        "before": .string($0.before.summary), "after": .string($0.after.summary),
                        "asked": .array(
                            $0.command.requests.map {
                                .string("\($0.principal.uid) \($0.action) \($0.resource.uid)")
                            }),
                    ]
                }),
        ]
    }
}
