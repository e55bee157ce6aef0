import ArgumentParser
import Foundation
import StrictJSON

struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "See who used what, replay it, watch it, end it.",
        subcommands: [
            ListSessions.self, ShowSession.self, ListRecordings.self, ReplaySession.self, WatchSession.self,
            ExportSession.self, TerminateSession.self,
        ])
}

struct ListSessions: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List sessions, newest first.",
        discussion: "A period takes those that started in it.")

    @Option(help: "Only those of this caller: subject or label.")
    var caller: String?

    @Option(help: "Only those on this target.")
    var target: String?

    @Option(help: "How many at most.")
    var limit = 50

    @OptionGroup var period: PeriodOptions
    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let sessions = try await connection.client().all(
            "/api/v1/sessions", member: "sessions",
            query: [
                ("caller", caller), ("target", target), ("from", period.start?.description),
                ("to", period.end?.description),
            ], atMost: limit)
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

    func validate() throws { try PathPart.checkID(id, of: "a session", shownBy: "sessions list") }

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

struct TerminateSession: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "terminate", abstract: "End an open session.")

    @Argument(help: "The session's id.")
    var id: String

    @Option(name: [.long, .customLong("justify")], help: "Why; it stands in the audit log.")
    var justification: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws { try PathPart.checkID(id, of: "a session", shownBy: "sessions list") }

    func perform() async throws {
        let answer = try await connection.client().post(
            "/api/v1/sessions/\(try PathPart(id))/terminate", ["justification": .string(justification)])
        format.print(answer) { "ended \(answer.text("id"))" }
    }
}
