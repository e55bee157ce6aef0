import ArgumentParser
import Identifiers
import StrictJSON

struct HoldCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Legal holds: evidence that is kept whatever the rules say.",
        subcommands: [AddHold.self, ListHolds.self, ReleaseHold.self])
}

struct AddHold: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Hold the evidence of a session, or of all sessions of a caller.",
        discussion: "What was deleted before is gone. The hold and its reason stand in the audit log.")

    @Option(help: "The session's id.")
    var session: String?

    @Option(help: ArgumentHelp("The caller, as the log names them.", valueName: "issuer#subject"))
    var caller: String?

    @Option(help: "Why; it stands in the audit log.")
    var reason: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws {
        guard (session == nil) != (caller == nil) else { throw ValidationError("give either --session or --caller") }
        if let session, UUIDv7(session) == nil { throw ValidationError("--session takes the id of a session") }
        if caller != nil, party == nil { throw ValidationError("--caller takes ISSUER#SUBJECT") }
    }

    /// An issuer's URL has no fragment (OpenID Connect Discovery, section 2), a subject may have anything in it.
    private var party: (issuer: String, subject: String)? {
        guard let caller, let hash = caller.firstIndex(of: "#") else { return nil }
        let subject = caller[caller.index(after: hash)...]
        return hash == caller.startIndex || subject.isEmpty ? nil : (String(caller[..<hash]), String(subject))
    }

    func perform() async throws {
        var members = [JSONMember("reason", .string(reason))]
        if let session { members.append(JSONMember("session", .string(session))) }
        if let party {
            members.append(JSONMember("issuer", .string(party.issuer)))
            members.append(JSONMember("subject", .string(party.subject)))
        }
        let hold = try await connection.client().post("/api/v1/retention/holds", .object(members))
        format.print(hold) { "hold \(hold.text("hold")) is in force" }
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

    func perform() async throws {
        let answer = try await connection.client().post(
            "/api/v1/retention/holds/\(try PathPart(id))/release", ["reason": .string(reason)])
        format.print(answer) { "hold \(answer.text("hold")) is released" }
    }
}
