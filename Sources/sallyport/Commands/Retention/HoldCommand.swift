import ArgumentParser
import StrictJSON

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Legal holds: evidence that is kept whatever the rules say.",
        subcommands: [AddHold.self, ListHolds.self, ReleaseHold.self])
}

struct AddHold: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Hold the evidence of a session, or of all sessions of a caller.",
        discussion: """
            What was deleted before is gone. The hold and its reason stand in the audit log. A caller may be held before \
            they come; how much is held now is said.
            """)

    @Option(help: "The session's id.")
    var session: String?

    @Option(
        help: ArgumentHelp("The caller, by the two members that name them in the log.", valueName: "issuer|subject"))
    var caller: String?

    @Option(help: "Why; it stands in the audit log.")
    var reason: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard (session == nil) != (caller == nil) else { throw ValidationError("give either --session or --caller") }
        if let session { try PathPart.checkID(session, of: "a session", shownBy: "sessions list") }
        if let caller, HeldCaller(caller) == nil {
            throw ValidationError(
                "--caller takes ISSUER|SUBJECT; `sallyport sessions list --output json` names both for each session")
        }
    }

    func perform() async throws {
        var members = [JSONMember("reason", .string(reason))]
        if let session { members.append(JSONMember("session", .string(session))) }
        if let held = caller.flatMap({ HeldCaller($0) }) {
            members.append(JSONMember("issuer", .string(held.issuer)))
            members.append(JSONMember("subject", .string(held.subject)))
        }
        let hold = try await connection.client().post("/api/v1/retention/holds", .object(members))
        format.print(hold) { "hold \(hold.text("hold")) is in force\(Self.extent(of: hold))" }
        if let warning = Self.warning(of: hold) { Terminal.note(warning) }
    }

    /// What it covers so far.
    static func extent(of hold: JSONValue) -> String {
        guard let sessions = hold["sessions"]?.integer else { return "" }
        let files = hold["files"]?.integer.map { ", with \($0) sealed file\($0 == 1 ? "" : "s")" } ?? ""
        return ": it covers \(sessions) session\(sessions == 1 ? "" : "s") now\(files)"
    }

    /// What is said of a hold that keeps nothing yet: it may be meant so, or for somebody else.
    static func warning(of hold: JSONValue) -> String? {
        guard hold["sessions"]?.integer == 0 else { return nil }
        return """
            WARNING: the log knows no session of \(hold.party("held_caller")), so that this hold keeps nothing yet, only \
            what they do from now on. If somebody else is meant, release it; `sallyport sessions list --output json` \
            names issuer and subject
            """
    }
}

struct ListHolds: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the holds in force.")

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let holds = try await connection.client().get("/api/v1/retention/holds")["holds"]?.array ?? []
        format.print(.array(holds)) {
            if holds.isEmpty { return "no holds" }
            var table = Table("HOLD", "SINCE", "BY", "HELD", "REASON")
            for hold in holds {
                let held =
                    hold["held_session"]?.string.map { "session \($0)" } ?? "caller \(hold.party("held_caller"))"
                table.add(hold.text("hold"), hold.text("since"), hold.party("by"), held, hold.text("reason"))
            }
            return table.rendered(for: .output)
        }
    }
}

struct ReleaseHold: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "End a hold: what it kept is deleted when it is due.")

    @Argument(help: "The hold's id.")
    var id: String

    @Option(help: "Why; it stands in the audit log.")
    var reason: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws { try PathPart.checkID(id, of: "a hold", shownBy: "retention hold list") }

    func perform() async throws {
        let answer = try await connection.client().post(
            "/api/v1/retention/holds/\(try PathPart(id))/release", ["reason": .string(reason)])
        format.print(answer) { "hold \(answer.text("hold")) is released" }
    }
}
