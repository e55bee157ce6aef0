import GRDB
import Identifiers
import Identity
import Testing

@testable import Approvals

@Suite("Decisions on tickets")
struct DecisionTests {
    private let setup: Desk
    private var desk: ApprovalDesk { setup.desk }

    init() throws { setup = try Desk() }

    @Test("nobody decides on a ticket of their own, in whatever group, neither way", arguments: TicketVerdict.allCases)
    func ownTicket(verdict: TicketVerdict) async throws {
        let ticket = try await desk.ask(by: Callers.bob)
        let promoted = Callers.person("bob", in: "approver", "sre", "admins")
        await #expect(throws: ApprovalError.ownTicket) {
            try await desk.decide(ticket.id, by: promoted, verdict: verdict, justification: "mine")
        }
        #expect(try await desk.show(ticket.id) == ticket)
    }

    @Test("the same subject of another issuer is another person")
    func otherIssuer() async throws {
        let ticket = try await desk.ask(by: Callers.bob)
        let other = Callers.person("bob", in: "approver", issuer: "https://other.example")
        #expect(try await desk.approve(ticket, by: other).state == .approved)
    }

    @Test("whoever is in none of the groups does not decide", arguments: TicketVerdict.allCases)
    func notAnApprover(verdict: TicketVerdict) async throws {
        let ticket = try await desk.ask(Ask.two)
        for caller in [
            Callers.carol, Callers.person("mallory"), Callers.person("eve", in: "approvers", "APPROVER", ""),
        ] {
            await #expect(throws: ApprovalError.notAnApprover(groups: ["approver", "sre"])) {
                try await desk.decide(ticket.id, by: caller, verdict: verdict, justification: "x")
            }
        }
        #expect(try await desk.show(ticket.id) == ticket)
    }

    @Test("whose groups are unknown does not decide, and hears why")
    func unknownGroups() async throws {
        let ticket = try await desk.ask()
        await #expect(throws: ApprovalError.groupsUnknown(.entraOverage)) {
            try await desk.approve(ticket, by: Callers.personWithUnknownGroups("dave"))
        }
        #expect(try await desk.show(ticket.id) == ticket)
    }

    @Test("a decision needs a justification", arguments: TicketVerdict.allCases)
    func justification(verdict: TicketVerdict) async throws {
        let ticket = try await desk.ask()
        for text in [nil, "", "  \u{200b}"] as [String?] {
            await #expect(throws: ApprovalError.justificationMissing) {
                try await desk.decide(ticket.id, by: Callers.bob, verdict: verdict, justification: text)
            }
        }
        #expect(try await desk.show(ticket.id).state == .pending)
    }

    @Test("two of two groups are two people, not one who is in both")
    func twoGroupsOnePerson() async throws {
        let ticket = try await desk.ask(Ask.two)
        let both = Callers.person("bob", in: "approver", "sre")
        #expect(try await desk.approve(ticket, by: both).state == .pending)
        await #expect(throws: ApprovalError.alreadyDecided) { try await desk.approve(ticket, by: both) }
        await #expect(throws: ApprovalError.alreadyDecided) {
            try await desk.approve(ticket, by: Callers.person("bob", in: "sre"))
        }
        await #expect(throws: ApprovalError.wrongState(.pending)) { try await desk.use(ticket, Ask.two) }
        let approved = try await desk.approve(ticket, by: Callers.dave)
        #expect(approved.state == .approved)
        #expect(approved.approvalsGiven == 2 && approved.approvalsNeeded == 2)
    }

    @Test("several requirements add up, and one person meets one of them")
    func requirementsAddUp() async throws {
        let sre = NeededApproval(approvers: 1, groups: ["sre"], within: .seconds(300))
        let ticket = try await desk.ask(Ask.one, sre)
        #expect(ticket.expiresAt == setup.clock.now.adding(.seconds(300)), "the shortest time counts")
        let both = Callers.person("bob", in: "approver", "sre")
        #expect(try await desk.approve(ticket, by: both).state == .pending)
        #expect(try await desk.approve(ticket, by: Callers.person("erin", in: "sre")).state == .approved)
    }

    @Test("an approval beyond the seats of its group does not stand for another group")
    func surplus() async throws {
        let sre = NeededApproval(approvers: 1, groups: ["sre"], within: .seconds(900))
        let ticket = try await desk.ask(Ask.one, sre)
        #expect(try await desk.approve(ticket, by: Callers.bob).state == .pending)
        #expect(try await desk.approve(ticket, by: Callers.dave).state == .pending)
        #expect(try await desk.approve(ticket, by: Callers.person("erin", in: "sre")).state == .approved)
    }

    @Test("one rejection ends the ticket, also after approvals")
    func rejection() async throws {
        let ticket = try await desk.ask(Ask.two)
        _ = try await desk.approve(ticket)
        #expect(try await desk.reject(ticket, by: Callers.dave).state == .rejected)
        await #expect(throws: ApprovalError.wrongState(.rejected)) {
            try await desk.approve(ticket, by: Callers.person("erin", in: "sre"))
        }
        await #expect(throws: ApprovalError.wrongState(.rejected)) { try await desk.use(ticket, Ask.two) }
    }

    @Test("a ticket that is approved or used is not decided again")
    func decidedAlready() async throws {
        let ticket = try await desk.ask()
        _ = try await desk.approve(ticket)
        await #expect(throws: ApprovalError.wrongState(.approved)) { try await desk.reject(ticket, by: Callers.dave) }
        _ = try await desk.use(ticket)
        await #expect(throws: ApprovalError.wrongState(.redeemed)) { try await desk.reject(ticket, by: Callers.dave) }
    }

    @Test("of many who approve at once each counts once, and the last needed one decides")
    func concurrentDecisions() async throws {
        let five = NeededApproval(approvers: 5, groups: ["approver"], within: .seconds(900))
        let ticket = try await desk.ask(five)
        let desk = desk
        let counted = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<40 {
                let person = Callers.person("p\(index % 8)", in: "approver")
                group.addTask { (try? await desk.approve(ticket, by: person)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        let after = try await desk.show(ticket.id)
        #expect(counted == 5)
        #expect(after.state == .approved)
        #expect(Set(after.decisions.map(\.approver.subject)).count == 5)
    }

    @Test("the database itself refuses a second decision of a person, and one by the requester")
    func databaseRules() async throws {
        let ticket = try await desk.ask(Ask.two)
        _ = try await desk.approve(ticket)
        for (subject, message) in [("bob", "UNIQUE"), ("alice", "their own ticket")] {
            await #expect {
                try await setup.store.write { database in
                    try database.execute(
                        sql: "INSERT INTO ticket_decision VALUES (?, 9, ?, ?, NULL, '[]', 'approve', 'x', 1)",
                        arguments: [ticket.id.description, Callers.issuer, subject])
                }
            } throws: { error in
                "\(error)".contains(message)
            }
        }
    }
}
