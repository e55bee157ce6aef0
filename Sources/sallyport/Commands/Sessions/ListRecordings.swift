import ArgumentParser
import StrictJSON

struct ListRecordings: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "recordings", abstract: "List a session's terminal recordings, oldest first.")

    @Argument(help: "The session's id.")
    var id: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws { try PathPart.checkID(id, of: "a session", shownBy: "sessions list") }

    func perform() async throws {
        let recordings = try await RecordedTerminal.all(of: PathPart(id), client: connection.client())
        format.print(.array(recordings.map(\.json))) {
            if recordings.isEmpty { return "no terminal recordings" }
            var table = Table("COMMAND", "STARTED", "SIZE", "BYTES", "OPEN", "TEXT")
            for recording in recordings {
                table.add(
                    recording.command.description, recording.json.text("started"),
                    "\(recording.json.text("columns"))x\(recording.json.text("rows"))", recording.json.text("bytes"),
                    recording.isOpen ? "yes" : "no", recording.text)
            }
            return table.rendered(for: .output)
        }
    }
}
