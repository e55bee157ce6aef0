import ArgumentParser
import StrictJSON

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "When evidence is deleted, and what is held.",
        subcommands: [PlanRetention.self, HoldCommand.self])
}

struct PlanRetention: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show which evidence is deleted when, and under which rule.",
        discussion: """
            All files of a period have one key and go together, when the last of them is due by the trusted time: the \
            clock's, once it has stood for the grace while the gateway ran.
            """)

    @Flag(help: "Only what would be deleted at the next look.")
    var due = false

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let answer = try await connection.client().get("/api/v1/retention")
        let all = answer["plan"]?.array ?? []
        let shown = due ? all.filter { $0["is_due"]?.bool ?? false } : all
        format.print(["plan": .array(shown), "trusted_time": answer["trusted_time"] ?? .null]) {
            var lines: [String] = []
            if shown.isEmpty {
                lines.append(due ? "nothing is due" : "nothing is sealed yet")
            } else {
                var table = Table("DUE", "TARGET", "KIND", "PERIOD", "FILES", "HELD", "RULE")
                for key in shown {
                    table.add(
                        key["is_due"]?.bool ?? false ? "now" : key.text("due"), key.text("target"), key.text("kind"),
                        key.text("period"), key.text("files"), key.text("held"), key.text("rule"))
                }
                lines.append(table.rendered(for: .output))
            }
            let trusted = answer["trusted_time"]?.string
            lines.append(
                trusted.map { "trusted time \(Terminal.plain($0))" }
                    ?? "nothing is deleted yet: the clock has not stood for the grace")
            return lines.joined(separator: "\n")
        }
    }
}
