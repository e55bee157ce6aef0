import ArgumentParser
import GatewayCore

struct ShowAuditSchema: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print what entries of the log say: one JSON Schema for all kinds.",
        discussion: """
            Draft 2020-12, with a definition for each kind of entry and a description of each member. It needs no \
            configuration and no log. Any validator holds what `sallyport audit export` prints against it, line by line.
            """)

    @Option(name: .shortAndLong, help: "Where the schema goes; by default the standard output.")
    var file: String?

    func perform() async throws {
        try ProofFile.write(Array("\(JSONText.indented(AuditSchema.document))\n".utf8), to: file)
    }
}
