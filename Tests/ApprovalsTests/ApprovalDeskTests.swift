import GRDB
import Identifiers
import Identity
import Store
import Testing

@testable import Approvals

@Suite("ApprovalDesk")
struct ApprovalDeskTests {
    private let setup: Desk
    private var desk: ApprovalDesk { setup.desk }

    init() throws { setup = try Desk() }

    @Test("asked, approved, used: the ticket holds who did what and why")
    func wholeWay() async throws {
        let asked = try await desk.ask()
        #expect(asked.state == .pending)
        #expect(asked.requester == TicketParty(issuer: Callers.issuer, subject: "alice", label: "alice@example.com"))
        #expect(asked.expiresAt == setup.clock.now.adding(.seconds(900)))
        setup.clock.advance(by: .seconds(60))
        let approved = try await desk.approve(asked)
        #expect(approved.state == .approved)
        #expect(approved.expiresAt == asked.expiresAt)
        #expect(
            approved.decisions == [
                TicketDecision(
                    approver: TicketParty(Callers.bob), groups: ["approver"], verdict: .approve,
                    justification: "looked at it", time: setup.clock.now)
            ])
        let used = try await desk.use(asked)
        #expect(used.ticket.state == .redeemed)
        #expect(used.digest == Ask.digest)
        #expect(used.redeemedAt == setup.clock.now)
        #expect(try await desk.show(asked.id) == used.ticket)
        #expect(setup.audit.kinds == [.opened, .approved, .redeemed])
        #expect(setup.audit.events == setup.told.events)
        #expect(setup.audit.events.map(\.actor?.subject) == ["alice", "bob", "alice"])
        #expect(setup.audit.events.map(\.justification) == ["change 4711", "looked at it", nil])
    }

    @Test("a ticket is good for one command")
    func singleUse() async throws {
        let ticket = try await desk.approve(desk.ask())
        _ = try await desk.use(ticket)
        await #expect(throws: ApprovalError.alreadyRedeemed) { try await desk.use(ticket) }
        #expect(setup.audit.kinds == [.opened, .approved, .redeemed])
    }

    @Test("of fifty who use a ticket at once, one gets it")
    func concurrentUse() async throws {
        let ticket = try await desk.approve(desk.ask())
        let desk = desk
        let won = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { (try? await desk.use(ticket)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(won == 1)
        #expect(setup.audit.kinds.count { $0 == .redeemed } == 1)
    }

    @Test("of two gateways on one store, one gets the ticket")
    func twoProcesses() async throws {
        let ticket = try await desk.approve(desk.ask())
        let other = try Store(path: setup.store.path, schemas: [ApprovalDesk.schema])
        let second = ApprovalDesk(store: other, clock: setup.clock.clock, journal: { _ in })
        let desk = desk
        let won = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<20 {
                group.addTask { (try? await (index.isMultiple(of: 2) ? desk : second).use(ticket)) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(won == 1)
    }

    @Test("a ticket serves nobody else, no other target, no other command and no stricter rule")
    func binding() async throws {
        let ticket = try await desk.approve(desk.ask())
        let twin = Callers.person("alice", in: "payments", issuer: "https://other.example")
        await #expect(throws: ApprovalError.doesNotCover(.requester)) { try await desk.use(ticket, by: Callers.carol) }
        await #expect(throws: ApprovalError.doesNotCover(.requester)) { try await desk.use(ticket, by: twin) }
        await #expect(throws: ApprovalError.doesNotCover(.target)) { try await desk.use(ticket, target: "hr") }
        await #expect(throws: ApprovalError.doesNotCover(.command)) {
            try await desk.use(ticket, digest: Ask.otherDigest)
        }
        await #expect(throws: ApprovalError.doesNotCover(.requirements)) { try await desk.use(ticket, Ask.two) }
        await #expect(throws: ApprovalError.doesNotCover(.requirements)) {
            try await desk.use(ticket, Ask.one, Ask.two)
        }
        #expect(try await desk.use(ticket).ticket.state == .redeemed)
    }

    @Test("texts that Unicode calls equivalent are other people and other targets")
    func lookalikes() async throws {
        let composed = Callers.person("ren\u{e9}", in: "payments")
        let decomposed = Callers.person("rene\u{301}", in: "payments")
        #expect(composed.subject == decomposed.subject && composed != decomposed)
        let ticket = try await desk.approve(desk.ask(by: composed, target: "caf\u{e9}"))
        await #expect(throws: ApprovalError.doesNotCover(.requester)) {
            try await desk.use(ticket, by: decomposed, target: "caf\u{e9}")
        }
        await #expect(throws: ApprovalError.doesNotCover(.target)) {
            try await desk.use(ticket, by: composed, target: "cafe\u{301}")
        }
        #expect(try await desk.use(ticket, by: composed, target: "caf\u{e9}").ticket.state == .redeemed)
    }

    @Test("an approval under several requirements serves when the rules now ask for fewer of them")
    func fewerRequirements() async throws {
        let other = NeededApproval(approvers: 1, groups: ["sre"], within: .seconds(900))
        let ticket = try await desk.ask(Ask.one, other)
        _ = try await desk.approve(ticket)
        _ = try await desk.approve(ticket, by: Callers.person("erin", in: "sre"))
        #expect(try await desk.use(ticket, Ask.one).ticket.state == .redeemed)
    }

    @Test("an undecided, a rejected and an unknown ticket are not used")
    func notApproved() async throws {
        let ticket = try await desk.ask()
        await #expect(throws: ApprovalError.wrongState(.pending)) { try await desk.use(ticket) }
        _ = try await desk.reject(ticket)
        await #expect(throws: ApprovalError.wrongState(.rejected)) { try await desk.use(ticket) }
        let unknown = UUIDv7(milliseconds: 1)
        await #expect(throws: ApprovalError.notFound(unknown)) {
            try await desk.redeem(
                unknown, requester: Callers.alice, target: "ledger", digest: Ask.digest, requirements: [Ask.one])
        }
        await #expect(throws: ApprovalError.notFound(unknown)) {
            try await desk.decide(unknown, by: Callers.bob, verdict: .approve, justification: "x")
        }
        #expect(try await desk.ticket(unknown) == nil)
        await #expect(throws: ApprovalError.notFound(unknown)) { try await desk.wait(unknown, until: setup.clock.now) }
    }

    @Test("while a ticket for the command is open, asking again finds it")
    func askingAgain() async throws {
        let first = try await desk.ask()
        #expect(try await desk.ask(because: "again") == first)
        #expect(try await desk.ask(digest: Ask.otherDigest).id != first.id)
        #expect(try await desk.ask(by: Callers.carol).id != first.id)
        #expect(try await desk.ask(target: "hr").id != first.id)
        let approved = try await desk.approve(first)
        #expect(try await desk.ask() == approved)
        _ = try await desk.use(first)
        #expect(try await desk.ask().id != first.id)
    }

    @Test("find gives an approved ticket before a pending one, and none that is used, expired or for less")
    func finding() async throws {
        func found(_ needed: NeededApproval = Ask.one, digest: String = Ask.digest) async throws -> Ticket? {
            try await desk.find(requester: Callers.alice, target: "ledger", digest: digest, requirements: [needed])
        }
        #expect(try await found() == nil)
        let ticket = try await desk.ask()
        #expect(try await found()?.id == ticket.id)
        #expect(try await found(digest: Ask.otherDigest) == nil)
        #expect(try await found(Ask.two) == nil)
        setup.clock.advance(by: .seconds(1))
        let both = try await desk.ask(Ask.one, Ask.two)
        #expect(try await found()?.id == both.id)
        _ = try await desk.approve(ticket)
        #expect(try await found()?.id == ticket.id)
        _ = try await desk.use(ticket)
        #expect(try await found()?.id == both.id)
        _ = try await desk.approve(both)
        _ = try await desk.approve(both, by: Callers.dave)
        _ = try await desk.approve(both, by: Callers.person("erin", in: "sre"))
        _ = try await desk.use(both, Ask.two)
        #expect(try await found() == nil)
        _ = try await desk.ask()
        setup.clock.advance(by: .seconds(900))
        #expect(try await found() == nil)
    }

    @Test("a rejection answers the same request until its time has passed, and other words ask anew")
    func rejectionStands() async throws {
        func found(because words: String? = nil, digest: String = Ask.digest) async throws -> Ticket? {
            try await desk.find(
                requester: Callers.alice, target: "ledger", digest: digest, requirements: [Ask.one],
                justification: words)
        }
        let rejected = try await desk.reject(desk.ask(because: "change 4711"))
        #expect(try await found() == rejected)
        #expect(try await found(because: " change 4711 ") == rejected)
        #expect(try await found(because: "\u{200b}") == rejected)
        #expect(try await desk.ask(because: "change 4711") == rejected)
        #expect(try await found(digest: Ask.otherDigest) == nil)
        #expect(try await found(because: "the incident is real") == nil)
        let again = try await desk.ask(because: "the incident is real")
        #expect(again.state == .pending && again.id != rejected.id)
        #expect(try await found()?.id == again.id)
        setup.clock.advance(by: .seconds(900))
        #expect(try await found() == nil)
    }

    @Test("a requester with many undecided tickets asks for no more, until one is decided")
    func tooManyPending() async throws {
        var tickets: [Ticket] = []
        for index in 0..<5 { tickets.append(try await desk.ask(digest: "\(index)")) }
        await #expect(throws: ApprovalError.tooManyPending(limit: 5)) { try await desk.ask() }
        _ = try await desk.ask(by: Callers.carol)
        _ = try await desk.reject(tickets[0])
        _ = try await desk.ask()
    }

    @Test("asking without a justification, or for what cannot be met, opens no ticket")
    func impossible() async throws {
        await #expect(throws: ApprovalError.justificationMissing) { try await desk.ask(because: " ") }
        await #expect(throws: ApprovalError.justificationMissing) { try await desk.ask(because: nil) }
        let bad = [
            NeededApproval(approvers: 0, groups: ["a"], within: .seconds(60)),
            NeededApproval(approvers: 21, groups: ["a"], within: .seconds(60)),
            NeededApproval(approvers: 1, groups: [], within: .seconds(60)),
            NeededApproval(approvers: 1, groups: [""], within: .seconds(60)),
            NeededApproval(approvers: 1, groups: ["a"], within: .zero),
            NeededApproval(approvers: 1, groups: ["a"], within: .seconds(Int64.max / 4)),
            NeededApproval(approvers: 1, groups: ["a"], within: .seconds(60), window: .zero),
        ]
        for needed in bad {
            await #expect {
                try await desk.ask(Ask.one, needed)
            } throws: { error in
                if case ApprovalError.requirementImpossible = error { true } else { false }
            }
        }
        await #expect {
            try await desk.open(
                requester: Callers.alice, target: "ledger", digest: "", summary: "", requirements: [],
                justification: "x")
        } throws: { error in
            if case ApprovalError.requirementImpossible = error { true } else { false }
        }
        #expect(try await desk.list() == [])
        #expect(setup.audit.events == [])
    }

    @Test("a long summary is cut between characters, and the ticket says so")
    func longSummary() async throws {
        func summary(_ text: String, digest: String) async throws -> Ticket {
            let opened = try await desk.open(
                requester: Callers.alice, target: "ledger", digest: digest, summary: text, requirements: [Ask.one],
                justification: "x")
            return try await desk.show(opened.id)
        }
        let fits = try await summary(String(repeating: "x", count: 100), digest: "1")
        #expect(!fits.isSummaryCut && fits.summary.count == 100)
        let cut = try await summary("x" + String(repeating: "ä", count: 50), digest: "2")
        #expect(cut.isSummaryCut && cut.summary == "x" + String(repeating: "ä", count: 49))
    }

    @Test("tickets are listed newest first, by page and by state")
    func listing() async throws {
        var ids: [UUIDv7] = []
        for index in 0..<5 {
            ids.insert(try await desk.ask(digest: "\(index)").id, at: 0)
            setup.clock.advance(by: .seconds(1))
        }
        #expect(try await desk.list().map(\.id) == ids)
        #expect(try await desk.list(limit: 2).map(\.id) == Array(ids[..<2]))
        #expect(try await desk.list(before: ids[1], limit: 2).map(\.id) == Array(ids[2..<4]))
        #expect(try await desk.list(limit: -1).map(\.id) == [ids[0]])
        _ = try await desk.decide(ids[4], by: Callers.bob, verdict: .approve, justification: "x")
        _ = try await desk.decide(ids[3], by: Callers.bob, verdict: .reject, justification: "x")
        func listed(_ state: TicketState) async throws -> [UUIDv7] {
            try await desk.list(TicketFilter(state: state)).map(\.id)
        }
        #expect(try await listed(.pending) == Array(ids[..<3]))
        #expect(try await listed(.approved) == [ids[4]])
        #expect(try await listed(.rejected) == [ids[3]])
        setup.clock.advance(by: .seconds(900))
        #expect(try await listed(.expired) == [ids[0], ids[1], ids[2], ids[4]])
        #expect(try await listed(.pending) == [])
        #expect(try await desk.list(TicketFilter(requester: TicketParty(Callers.carol))) == [])
        #expect(try await desk.list(TicketFilter(requester: TicketParty(Callers.alice), target: "ledger")).count == 5)
        #expect(try await desk.list(TicketFilter(target: "hr")) == [])
    }

    @Test("tickets, their decisions and their ends survive a restart")
    func restart() async throws {
        let pending = try await desk.ask(Ask.two)
        _ = try await desk.approve(pending)
        let approved = try await desk.approve(desk.ask(digest: Ask.otherDigest))
        try setup.restart()
        #expect(try await desk.show(pending.id).decisions.map(\.approver.subject) == ["bob"])
        await #expect(throws: ApprovalError.alreadyDecided) { try await desk.approve(pending) }
        #expect(try await desk.approve(pending, by: Callers.dave).state == .approved)
        _ = try await desk.use(approved, digest: Ask.otherDigest)
        try setup.restart()
        await #expect(throws: ApprovalError.alreadyRedeemed) { try await desk.use(approved, digest: Ask.otherDigest) }
        setup.clock.advance(by: .seconds(600))
        await #expect(throws: ApprovalError.expired(pending.expiresAt)) { try await desk.use(pending, Ask.two) }
    }

    @Test("a row that cannot be read is an error, and lets nothing through")
    func unreadableRow() async throws {
        let ticket = try await desk.approve(desk.ask())
        try await setup.store.write { try $0.execute(sql: "UPDATE ticket SET requirements = '[{}]'") }
        await #expect {
            try await desk.use(ticket)
        } throws: { error in
            if case ApprovalError.store = error { true } else { false }
        }
    }
}
