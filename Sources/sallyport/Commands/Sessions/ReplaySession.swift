import ArgumentParser
import Foundation
import Identifiers
import Recording

struct ReplaySession: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Show a session as it was, masked as the caller saw it.",
        discussion: """
            Every session can be shown: what was decided and how it ended stands in the audit log, and the answers and \
            terminals besides where policies ask for it with @record. Of a terminal's control sequences only those are \
            shown that draw: none can make your terminal answer.
            """)

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "Only this command, and its terminal.")
    var command: String?

    @Option(help: "How many times as fast.")
    var speed = 1.0

    @Option(help: ArgumentHelp("Longer silences are shortened to this.", valueName: "seconds"))
    var idleLimit = 3.0

    @Option(
        help: ArgumentHelp(
            "Begin here: a time of day in UTC (12:30), a moment (2026-11-23T12:30:00Z), or so long after the start (+90s).",
            valueName: "time"))
    var at: String?

    @Flag(
        name: [.long, .customLong("no-wait")], help: "All at once; so it is where standard output is no terminal.")
    var instant = false

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard speed.isFinite, speed > 0 else { throw ValidationError("--speed is more than 0") }
        guard (0...1e6).contains(idleLimit) else { throw ValidationError("--idle-limit is a number of seconds") }
        if let at, ReplayMoment(at) == nil {
            throw ValidationError("--at is a time such as 12:30, 2026-11-23T12:30:00Z, or +1m30s")
        }
        try PathPart.checkID(id, of: "a session", shownBy: "sessions list")
        if let command, UUIDv7(command) == nil { throw ValidationError("--command is the id of a command, a UUID") }
    }

    func perform() async throws {
        let client = try await connection.client()
        let session = try PathPart(id)
        let wanted = command.flatMap { UUIDv7($0) }
        let all = try await RecordedTerminal.all(of: session, client: client)
        let terminals = all.filter { wanted == nil || UUIDv7($0.command.description) == wanted }
        guard let id = UUIDv7(id) else { throw CommandFailure("the id of a session is a UUID", status: .usage) }
        let moment = at.flatMap { ReplayMoment($0) }
        do {
            let (own, wasDeleted) = try await ownRecording(of: session, client)
            let replayed = SessionPlayback(
                session: id, log: try await DownloadedRecording("/api/v1/sessions/\(session)/entries", client: client),
                own: own, ownWasDeleted: wasDeleted, terminals: terminals, command: wanted, client: client)
            if format.output == .json {
                try await replayed.printLines(from: moment)
            } else {
                let playback = RecordingPlayback(
                    options: .init(speed: speed, longestDelay: .seconds(idleLimit)),
                    isPaced: Terminal.output.isInteractive && !instant)
                try await replayed.play(playback, from: moment)
            }
        } catch let error as RecordingError {
            throw CommandFailure("the recording cannot be replayed: \(error)", status: .negative)
        }
    }

    /// `nil` where policy asked for none, and where it was deleted, which is told.
    private func ownRecording(
        of session: PathPart, _ client: ConsoleClient
    ) async throws -> (recording: DownloadedRecording?, wasDeleted: Bool) {
        do {
            return (try await DownloadedRecording("/api/v1/sessions/\(session)/recording", client: client), false)
        } catch let failure as CommandFailure where failure.rule == "evidence-deleted" {
            Terminal.note("\(failure.description) What follows is told from the log alone.")
            return (nil, true)
        } catch let failure as CommandFailure where failure.rule == "not-found" {
            return (nil, false)
        }
    }
}
