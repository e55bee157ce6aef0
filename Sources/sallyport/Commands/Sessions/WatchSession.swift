import ArgumentParser
import Foundation
import Recording

struct WatchSession: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Watch the terminals of an open session, masked as the caller sees them.",
        discussion: """
            What was on a terminal before is shown at once. Of its control sequences only those are shown that draw. \
            Terminals that are closed already are for `sessions replay`.
            """)

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "Only the terminal of this command; `sessions recordings` lists them.")
    var command: String?

    @OptionGroup var connection: ConsoleConnection

    /// How often it is looked for another terminal. Each look is an entry in the audit log.
    private static let interval = Duration.seconds(5)

    func validate() throws { try PathPart.checkID(id, of: "a session", shownBy: "sessions list") }

    func perform() async throws {
        let client = try await connection.client()
        let session = try PathPart(id)
        var seen: Set<String> = []
        while true {
            let terminals = try await RecordedTerminal.all(of: session, command: command, client: client)
            let new = terminals.filter { !seen.contains($0.command.description) }
            for terminal in new where terminal.isOpen { try await watch(terminal, client) }
            seen.formUnion(new.map(\.command.description))
            if command != nil {
                if !new.contains(where: \.isOpen) {
                    Terminal.note("this terminal is closed; `sallyport sessions replay` shows it")
                }
                return
            }
            guard try await client.get("/api/v1/sessions/\(session)")["ended"]?.isNull ?? false else {
                Terminal.note("the session has ended; `sallyport sessions replay` shows what was recorded")
                return
            }
            if !new.contains(where: \.isOpen) { try await Task.sleep(for: Self.interval) }
        }
    }

    private func watch(_ terminal: RecordedTerminal, _ client: ConsoleClient) async throws {
        let playback = RecordingPlayback(options: .init(), isPaced: false)
        var parser = AsciicastParser(name: terminal.command.description)
        var replay = TerminalReplay()
        var hasTitle = false
        defer { if hasTitle { playback.finish(replay) } }
        do {
            try await client.follow(terminal) { bytes in
                parser.append(bytes)
                while let event = try parser.next() {
                    if let header = parser.header, !hasTitle {
                        hasTitle = true
                        playback.show(TerminalReplay.title(header))
                    }
                    if let step = replay.step(event) { try await playback.play(step) }
                }
            }
        } catch let error as RecordingError {
            throw CommandFailure("the recording cannot be shown: \(error)", status: .negative)
        }
    }
}
