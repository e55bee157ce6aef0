import ArgumentParser
import Foundation
import Recording

struct ReplaySession: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Show a session as it was, masked as the caller saw it.",
        discussion: """
            First what was recorded of the session, then its terminals, one after the other. Of a terminal's control \
            sequences only those are shown that draw: none can make your terminal answer.
            """)

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "Only the terminal of this command; `sessions recordings` lists them.")
    var command: String?

    @Option(help: "How many times as fast.")
    var speed = 1.0

    @Option(help: ArgumentHelp("Longer silences are shortened to this.", valueName: "seconds"))
    var idleLimit = 3.0

    @Flag(
        name: [.long, .customLong("no-wait")], help: "All at once; so it is where standard output is no terminal.")
    var instant = false

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard speed.isFinite, speed > 0 else { throw ValidationError("--speed is more than 0") }
        guard (0...1e6).contains(idleLimit) else { throw ValidationError("--idle-limit is a number of seconds") }
    }

    func perform() async throws {
        let client = try await connection.client()
        let session = try PathPart(id)
        let terminals = try await RecordedTerminal.all(of: session, command: command, client: client)
        var own: DownloadedRecording?
        if command == nil {
            do {
                own = try await DownloadedRecording("/api/v1/sessions/\(session)/recording", client: client)
            } catch let failure as CommandFailure where failure.status == .negative && !terminals.isEmpty {
                // A session may have recordings of terminals alone.
            }
        }
        if format.output == .json {
            // Recordings are JSON lines already.
            try own?.copy(to: .standardOutput)
            for terminal in terminals {
                try await DownloadedRecording(terminal.path, client: client).copy(to: .standardOutput)
            }
            return
        }
        let playback = RecordingPlayback(
            options: .init(speed: speed, longestDelay: .seconds(idleLimit)),
            isPaced: Terminal.output.isInteractive && !instant)
        do {
            try await own?.withPath { try await playback.play(session: $0) }
            for terminal in terminals {
                let recording = try await DownloadedRecording(terminal.path, client: client)
                try await recording.withPath { try await playback.play(terminal: $0) }
            }
        } catch let error as RecordingError {
            throw CommandFailure("the recording cannot be replayed: \(error)", status: .negative)
        }
    }
}
