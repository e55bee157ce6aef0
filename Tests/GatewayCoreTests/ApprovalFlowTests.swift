import AdapterTestKit
import Approvals
import Foundation
import GatewayCore
import Identifiers
import StrictJSON
import Testing

@Suite("Approval of commands")
struct ApprovalFlowTests {
    private let refund = Wanted.call("refund", Wanted.json("amount", 125))

    private func decide(
        _ session: TrySession, _ ticket: UUIDv7, by person: KitPerson = .approver, _ verdict: TicketVerdict = .approve
    ) async throws {
        _ = try await session.gateway.approvals.decide(
            ticket, by: session.gateway.caller(person), verdict: verdict, justification: "looked at it")
    }

    /// What the session is told when it asks for `command`; the ticket where there is one.
    private func ask(
        _ session: TrySession, _ command: Command, because words: String? = "change 4711"
    ) async throws -> (answer: ApprovalAnswer, ticket: UUIDv7?) {
        let needed = try #require(try await session.decide(command).needed)
        let answer = try await session.ask(needed, because: words)
        if case .pending(let ticket) = answer { return (answer, ticket.id) }
        return (answer, nil)
    }

    /// Asks for `command` and has it approved.
    private func approved(_ session: TrySession, _ command: Command) async throws -> Redemption? {
        if let ticket = try await ask(session, command).ticket { try await decide(session, ticket) }
        if case .approved(let redemption) = try await ask(session, command).answer { return redemption }
        return nil
    }

    @Test("a command that needs approval opens a ticket, and asking again finds it")
    func opens() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let ticket = try #require(try await ask(session, refund).ticket)
        #expect(try await ask(session, refund).ticket == ticket)
        #expect(try await session.ticket(ticket)?.summary == "POST /refund\namount (json): 125")
        #expect(try session.last("intent") == nil)
    }

    @Test("without a justification nobody is asked")
    func justification() async throws {
        let session = try await TrySession(try Wanted.gateway())
        guard case .refused(let refusal) = try await ask(session, refund, because: nil).answer else {
            Issue.record("it was not refused")
            return
        }
        #expect(refusal.kind == .justificationMissing && refusal.rule == "refunds")
        #expect(refusal.reason.contains("1 of kit-approvers"))
        try isOnRecord(refusal, session)
    }

    /// What was refused stands in the log with the command, and why it was not policy that said no.
    private func isOnRecord(_ refusal: Refusal, _ session: TrySession, times: Int = 1) throws {
        let entry = try #require(try session.last("refusal")).json
        #expect(entry["id"]?.string == refusal.commandID?.description)
        #expect(entry["code"]?.string == (refusal.kind == .denied ? nil : refusal.kind.rawValue))
        #expect(entry["decision"]?["answer"] == "deny" && entry["decision"]?["rule"]?.string == refusal.rule)
        #expect(entry["command"]?["text"] == "POST /refund" && entry["caller"]?["subject"] == "casey")
        #expect(try session.entries().count { $0.kind == "refusal" } == times)
    }

    @Test("an approved command runs once, and its intent names who approved")
    func singleUse() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let redemption = try #require(try await approved(session, refund))
        let said = try await session.permit(redemption)
        try await session.end(said.commandID)
        let approval = try #require(try session.last("intent")).json["approval"]
        #expect(approval?["approvers"]?[0]?["subject"] == "alex" && approval?["justification"] == "change 4711")

        #expect(try await session.permit(redemption).word == "approval-used")
        #expect(try session.last("refusal")?.json["decision"]?["rule"] == "approval-used")
        let next = try await ask(session, refund)
        #expect(next.ticket != nil && next.ticket?.description != approval?["ticket"]?.string)
        #expect(try session.entries().filter { $0.kind == "intent" }.count == 1)
    }

    @Test("a command that differs in one byte needs a ticket of its own")
    func oneByte() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let ticket = try #require(try await ask(session, refund).ticket)
        try await decide(session, ticket)
        let other = Wanted.call("refund", Wanted.json("amount", 126))
        let asked = try await ask(session, other)
        #expect(asked.ticket != nil && asked.ticket != ticket)
        guard case .approved = try await ask(session, refund).answer else {
            Issue.record("the approved command lost its approval")
            return
        }
    }

    @Test("the requester cannot approve, also not as a member of the approvers")
    func ownRequest() async throws {
        let both = KitPerson("casey", groups: ["kit-callers", "kit-approvers"])
        let session = try await TrySession(try Wanted.gateway(), as: both)
        let ticket = try #require(try await ask(session, refund).ticket)
        await #expect(throws: ApprovalError.self) { try await decide(session, ticket, by: both) }
        #expect(try await ask(session, refund).ticket == ticket)
    }

    @Test("who is no approver cannot approve")
    func notAnApprover() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let ticket = try #require(try await ask(session, refund).ticket)
        await #expect(throws: ApprovalError.self) { try await decide(session, ticket, by: .outsider) }
    }

    @Test("a rejection is the answer, with the approver's words")
    func rejected() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let ticket = try #require(try await ask(session, refund).ticket)
        try await decide(session, ticket, .reject)
        guard case .refused(let refusal) = try await ask(session, refund).answer else {
            Issue.record("it was not refused")
            return
        }
        #expect(refusal.kind == .approvalRejected && refusal.reason.contains("alex@kit.example"))
        #expect(refusal.reason.contains("looked at it"))
        try isOnRecord(refusal, session)
        guard case .refused(let again) = try await ask(session, refund).answer else {
            Issue.record("it was not refused")
            return
        }
        try isOnRecord(again, session, times: 2)
        #expect(try session.last("intent") == nil)
    }

    @Test("a ticket whose time has passed serves nobody")
    func expired() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let ticket = try #require(try await ask(session, refund).ticket)
        try await decide(session, ticket)
        session.gateway.clock.advance(by: .seconds(601))
        let next = try await ask(session, refund).ticket
        #expect(next != nil && next != ticket)
    }

    private static let window = """
        @id("window") @approve("1 of kit-approvers within 10m for 1h")
        permit (principal in Group::"kit-callers", action, resource);
        """

    @Test("a window lets several commands run until its end, which no use moves")
    func window() async throws {
        let session = try await TrySession(try Wanted.gateway(Self.window))
        for name in ["a", "b"] {
            let redemption = try #require(try await approved(session, Wanted.call(name)))
            let said = try await session.permit(redemption)
            #expect(said.word == "permitted")
            try await session.end(said.commandID)
            session.gateway.clock.advance(by: .seconds(1700))
        }
        #expect(try await session.gateway.approvals.list().count == 1)
        session.gateway.clock.advance(by: .seconds(300))
        // The token has ended meanwhile, too.
        let later = try await TrySession(session.gateway)
        #expect(try await ask(later, Wanted.call("c")).ticket != nil)
    }

    @Test("what was approved is judged again: a policy that forbids it by then wins")
    func forbiddenMeanwhile() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let redemption = try #require(try await approved(session, refund))
        try session.gateway.replaceRules(
            policy: Wanted.policy + #"@id("closed") forbid (principal, action, resource);"#, masking: Wanted.masking)
        #expect(try await session.permit(redemption).word == "closed")
        #expect(try session.last("intent") == nil)
    }

    @Test("what was approved for less is not enough where policies ask for more by then")
    func moreNeeded() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let redemption = try #require(try await approved(session, refund))
        try session.gateway.replaceRules(
            policy: Wanted.policy.replacingOccurrences(of: "1 of kit-approvers", with: "2 of kit-approvers"),
            masking: Wanted.masking)
        #expect(try await session.permit(redemption).word == "needs approval")
    }

    @Test("another caller does not see the ticket")
    func foreign() async throws {
        let gateway = try Wanted.gateway()
        let ticket = try #require(try await ask(try await TrySession(gateway), refund).ticket)
        let other = try await TrySession(gateway, as: KitPerson("dana", groups: ["kit-callers"]))
        #expect(try await other.ticket(ticket) == nil)
        #expect(try await ask(other, refund).ticket != ticket)
    }

    @Test("where the log is full no ticket is opened")
    func fullDisk() async throws {
        let session = try await TrySession(try Wanted.gateway())
        session.gateway.disk.isFull = true
        guard case .refused = try await ask(session, refund).answer else {
            Issue.record("a ticket was opened that stands in no log")
            return
        }
        session.gateway.disk.isFull = false
        #expect(try await session.gateway.approvals.list().isEmpty)
    }

    @Test("approvers see the whole command; the log sees it without what masking rules select")
    func summaries() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let command = Wanted.call("refund", Wanted.json("secret_word", "xyzzy"), text: "POST /refund?ssn=in-clear")
        let ticket = try #require(try await ask(session, command).ticket)
        #expect(try await session.ticket(ticket)?.summary.contains("\"xyzzy\"") == true)
        let opened = try #require(try session.gateway.entries().first { $0.kind == "approval" })
        #expect(opened.text.contains("secret_word (json)"))
        #expect(!opened.text.contains("xyzzy") && !opened.text.contains("in-clear"))
    }
}
