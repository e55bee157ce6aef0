import ArgumentParser
import StrictJSON

struct ApprovalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals", abstract: "See and decide what waits for an approval.",
        subcommands: [ListApprovals.self, ShowApproval.self, ApproveApproval.self, RejectApproval.self])
}

struct ListApprovals: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tickets, newest first.")

    enum State: String, ExpressibleByArgument, CaseIterable { case pending, approved, rejected, expired, redeemed }

    @Option(help: "Only those in this state.")
    var state: State?

    @Flag(help: "Only your own.")
    var mine = false

    @Option(help: "Only those for this target.")
    var target: String?

    @Option(help: "How many at most.")
    var limit = 50

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let tickets = try await connection.client().all(
            "/api/v1/approvals", member: "approvals",
            query: [("state", state?.rawValue), ("requester", mine ? "me" : nil), ("target", target)], atMost: limit)
        format.print(.array(tickets)) {
            if tickets.isEmpty { return "no tickets" }
            var table = Table("ID", "STATE", "REQUESTER", "APPROVALS", "EXPIRES", "COMMAND")
            for ticket in tickets {
                table.add(
                    ticket.text("id"), ticket.text("state"), ticket.party("requester"),
                    "\(ticket.text("approvals_given")) of \(ticket.text("approvals_needed"))",
                    ticket.text("expires_at"), ticket.text("summary"))
            }
            return table.rendered(for: .output)
        }
    }
}

struct ShowApproval: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one ticket.")

    @Argument(help: "The ticket's id.")
    var id: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws { try PathPart.checkID(id, of: "a ticket", shownBy: "approvals list") }

    func perform() async throws {
        let ticket = try await connection.client().get("/api/v1/approvals/\(try PathPart(id))")
        format.print(ticket) { TicketText.shown(ticket) }
    }
}

struct ApproveApproval: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let the command of a ticket run.",
        discussion: "Nobody approves what they asked for themselves, and each approver counts once.")

    @OptionGroup var decision: DecisionOptions

    func perform() async throws { try await decision.decide("approve") }
}

struct RejectApproval: ReportingCommand {
    static let configuration = CommandConfiguration(commandName: "reject", abstract: "Refuse the command of a ticket.")

    @OptionGroup var decision: DecisionOptions

    func perform() async throws { try await decision.decide("reject") }
}

struct DecisionOptions: ParsableArguments {
    @Argument(help: "The ticket's id.")
    var id: String

    @Option(name: [.long, .customLong("justify")], help: "Why; it stands in the audit log.")
    var justification: String

    @OptionGroup var connection: ConsoleConnection
    @OptionGroup var format: OutputOptions

    func validate() throws { try PathPart.checkID(id, of: "a ticket", shownBy: "approvals list") }

    func decide(_ verb: String) async throws {
        let ticket = try await connection.client().post(
            "/api/v1/approvals/\(try PathPart(id))/\(verb)", ["justification": .string(justification)])
        format.print(ticket) { TicketText.shown(ticket) }
    }
}

private enum TicketText {
    static func shown(_ ticket: JSONValue) -> String {
        var lines = [
            "ticket     \(ticket.text("id"))", "state      \(ticket.text("state"))",
            "requester  \(ticket.party("requester"))", "target     \(ticket.text("target"))",
            "command    \(ticket.text("summary"))\(ticket["summary_cut"]?.bool == true ? " … (cut)" : "")",
            "digest     \(ticket.text("digest"))", "why        \(ticket.text("justification"))",
            "approvals  \(ticket.text("approvals_given")) of \(ticket.text("approvals_needed"))",
        ]
        for requirement in ticket["requirements"]?.array ?? [] {
            let groups = requirement["groups"]?.array?.compactMap(\.string).joined(separator: ", ") ?? ""
            lines.append("needs      \(requirement.text("approvers")) of \(Terminal.plain(groups))")
        }
        lines += ["created    \(ticket.text("created_at"))", "expires    \(ticket.text("expires_at"))"]
        for decision in ticket["decisions"]?.array ?? [] {
            lines.append(
                "decision   \(decision.text("verdict")) by \(decision.party("approver")) at \(decision.text("time")): "
                    + decision.text("justification"))
        }
        return lines.joined(separator: "\n")
    }
}
