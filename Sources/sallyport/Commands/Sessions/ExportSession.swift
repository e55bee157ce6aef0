import ArgumentParser
import Foundation
import Recording

struct ExportSession: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a terminal recording to a file for players such as asciinema.",
        discussion: """
            The file holds what the command wrote, with all its control sequences: play what you do not trust with \
            `sessions replay`, which shows only those that draw.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case asciicast2 = "asciicast-v2"
        case asciicast3 = "asciicast-v3"
    }

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "The command whose terminal it is; not needed where the session has one recording.")
    var command: String?

    @Option(help: "asciicast-v2 for asciinema 2, asciicast-v3 for newer players: the recording as it is.")
    var format = Format.asciicast2

    @Option(name: .shortAndLong, help: "The file; standard output without it.")
    var output: String?

    @OptionGroup var connection: ConsoleConnection

    func validate() throws { try PathPart.checkID(id, of: "a session", shownBy: "sessions list") }

    func perform() async throws {
        guard output != nil || !Terminal.output.isInteractive else {
            throw CommandFailure("a recording can steer a terminal; name a file with --output", status: .usage)
        }
        let client = try await connection.client()
        let session = try PathPart(id)
        let terminals = try await RecordedTerminal.all(of: session, command: command, client: client)
        guard let terminal = terminals.first else {
            throw CommandFailure(
                "session \(session) has no terminal recording; policies decide what is recorded, with @record",
                status: .negative)
        }
        guard terminals.count == 1 else {
            let choices = terminals.prefix(20).map { "  --command \($0.command)  \($0.text)" }
            throw CommandFailure(
                "session \(session) has \(terminals.count) terminal recordings; choose one:\n"
                    + choices.joined(separator: "\n"), status: .usage)
        }
        let recording = try await DownloadedRecording(terminal.path, client: client)
        do {
            let file = try outputFile()
            switch format {
            case .asciicast3: try recording.copy(to: file)
            case .asciicast2:
                try await recording.withPath { path in
                    var reader = try TerminalRecordingReader(path: path)
                    try AsciicastExport.version2(&reader) { try file.write(contentsOf: Data($0)) }
                }
            }
        } catch let error as RecordingError {
            throw CommandFailure("the recording cannot be exported: \(error)", status: .negative)
        } catch let error as CocoaError {
            throw CommandFailure(
                "\(output ?? "standard output") cannot be written: \(error.localizedDescription)", status: .unavailable)
        }
    }

    /// What a recording shows is its owner's to pass on: a new file is for nobody else to read.
    private func outputFile() throws -> FileHandle {
        guard let output else { return .standardOutput }
        let descriptor = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure(
                "\(output) cannot be written: \(String(cString: strerror(errno)))", status: .unavailable)
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
