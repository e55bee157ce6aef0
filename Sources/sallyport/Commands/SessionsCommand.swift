import ArgumentParser
import Foundation
import Recording
import StrictJSON

struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "See who used what, replay it, end it.",
        subcommands: [ListSessions.self, ShowSession.self, ReplaySession.self, TerminateSession.self])
}

struct ListSessions: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List sessions, newest first.")

    @Option(help: "Only those of this caller: subject or label.")
    var caller: String?

    @Option(help: "Only those on this target.")
    var target: String?

    @Option(help: "Only those that started at this time or later (RFC 3339).")
    var from: String?

    @Option(help: "Only those that started before this time.")
    var to: String?

    @Option(help: "How many at most.")
    var limit = 50

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let sessions = try await connection.client().all(
            "/api/v1/sessions", member: "sessions",
            query: [("caller", caller), ("target", target), ("from", from), ("to", to)], atMost: limit)
        format.print(.array(sessions)) {
            if sessions.isEmpty { return "no sessions" }
            var table = Table("ID", "STARTED", "CALLER", "TARGET", "COMMANDS", "REFUSED", "MASKED", "ENDED")
            for session in sessions {
                table.add(
                    session.text("id"), session.text("started"), session.party("caller"), session.text("target"),
                    session.text("commands"), session.text("refused"), session.text("masked"), session.text("ended"))
            }
            return table.rendered(for: .output)
        }
    }
}

struct ShowSession: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one session.")

    @Argument(help: "The session's id.")
    var id: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let session = try await connection.client().get("/api/v1/sessions/\(try PathPart(id))")
        format.print(session) {
            let lines: [(String, String)] = [
                ("session", session.text("id")), ("caller", session.party("caller")),
                ("target", "\(session.text("target")) (\(session.text("kind")))"), ("client", session.text("client")),
                ("started", session.text("started")), ("ended", session.text("ended")),
                ("because", session.text("end_reason")), ("commands", session.text("commands")),
                ("refused", session.text("refused")), ("failed", session.text("failed")),
                ("masked", session.text("masked")), ("recording", session.text("recording_sha256")),
            ]
            return lines.map { "\($0.0.padding(toLength: 10, withPad: " ", startingAt: 0)) \($0.1)" }
                .joined(separator: "\n")
        }
    }
}

struct ReplaySession: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Show a session as it was, masked as the caller saw it.")

    @Argument(help: "The session's id.")
    var id: String

    @Option(help: "How many times as fast.")
    var speed = 1.0

    @Flag(help: "All at once; so it is where standard output is no terminal.")
    var instant = false

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard speed.isFinite, speed > 0 else { throw ValidationError("--speed is more than 0") }
    }

    func perform() async throws {
        let client = try await connection.client()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("\(path) cannot be written; is the disk full?", status: .unavailable)
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        defer { unlink(path) }
        try await client.download("/api/v1/sessions/\(try PathPart(id))/recording", to: file)
        if format.output == .json {
            // The recording is JSON lines already.
            try file.seek(toOffset: 0)
            while let part = try file.read(upToCount: 1 << 16), !part.isEmpty {
                try FileHandle.standardOutput.write(contentsOf: part)
            }
            return
        }
        do throws(RecordingError) {
            try await play(path)
        } catch {
            throw CommandFailure("the recording cannot be replayed: \(error)", status: .negative)
        }
    }

    private func play(_ path: String) async throws(RecordingError) {
        var reader = try RecordingReader(path: path)
        var renderer = Replay.Renderer(options: .init(speed: speed))
        print(Replay.title(reader.header), terminator: "")
        let isPaced = Terminal.output.isInteractive && !instant
        while let event = try reader.next() {
            let step = renderer.step(event)
            if isPaced { try? await Task.sleep(for: step.delay) }
            print(step.text, terminator: "")
            fflush(nil)
        }
        if reader.endsTorn { print("… (the recording ends within a line: it is being written, or was cut short)") }
    }
}

struct TerminateSession: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "terminate", abstract: "End an open session.")

    @Argument(help: "The session's id.")
    var id: String

    @Option(name: [.long, .customLong("justify")], help: "Why; it stands in the audit log.")
    var justification: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let answer = try await connection.client().post(
            "/api/v1/sessions/\(try PathPart(id))/terminate", ["justification": .string(justification)])
        format.print(answer) { "ended \(answer.text("id"))" }
    }
}
