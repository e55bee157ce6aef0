import Identifiers
import Identity
import Testing

@testable import Approvals

@Suite("Expiry, windows and waiting")
struct TicketExpiryTests {
    private let setup: Desk
    private var desk: ApprovalDesk { setup.desk }
    private var clock: ManualClock { setup.clock }

    init() throws { setup = try Desk() }

    /// Lets others go on until `condition` holds.
    private func until(_ condition: () async throws -> Bool) async throws {
        for _ in 0..<30_000 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(1))
        }
        Issue.record("what was waited for did not happen")
    }

    @Test("a ticket is decided up to the last millisecond, and not at its expiry")
    func lastMoment() async throws {
        let early = try await desk.ask()
        let late = try await desk.ask(digest: Ask.otherDigest)
        clock.advance(by: .milliseconds(899_999))
        #expect(try await desk.approve(early).state == .approved)
        clock.advance(by: .milliseconds(1))
        await #expect(throws: ApprovalError.expired(late.expiresAt)) { try await desk.approve(late) }
        #expect(try await desk.show(late.id).state == .expired)
    }

    @Test("an approval that is not used in time is not used at all, though nobody marked it expired")
    func unusedApproval() async throws {
        let ticket = try await desk.approve(desk.ask())
        clock.advance(by: .seconds(900))
        await #expect(throws: ApprovalError.expired(ticket.expiresAt)) { try await desk.use(ticket) }
        #expect(setup.audit.kinds == [.opened, .approved, .expired], "marked when it was noticed")
        await #expect(throws: ApprovalError.expired(ticket.expiresAt)) { try await desk.use(ticket) }
        #expect(setup.audit.kinds == [.opened, .approved, .expired], "and once")
    }

    @Test("expiry holds although it cannot be recorded")
    func expiryUnrecorded() async throws {
        let ticket = try await desk.approve(desk.ask())
        clock.advance(by: .seconds(900))
        setup.audit.refuse(true)
        await #expect(throws: ApprovalError.expired(ticket.expiresAt)) { try await desk.use(ticket) }
        #expect(try await desk.show(ticket.id).state == .expired)
        setup.audit.refuse(false)
        clock.advance(by: .seconds(1))
        #expect(await desk.expireDue() == nil)
        #expect(setup.audit.kinds == [.opened, .approved, .expired])
    }

    @Test("a window lasts from the approval to its absolute end, over many commands, connections and a restart")
    func window() async throws {
        let ticket = try await desk.ask(Ask.hour)
        clock.advance(by: .seconds(600))
        let approved = try await desk.approve(ticket)
        let end = clock.now.adding(.seconds(3600))
        #expect(approved.expiresAt == end)
        for index in 0..<4 {
            clock.advance(by: .seconds(890))
            let digest = index == 0 ? Ask.digest : "\(index)"
            let found = try await desk.find(
                requester: Callers.alice, target: "ledger", digest: digest, requirements: [Ask.hour])
            #expect(found?.id == ticket.id)
            let used = try await desk.use(ticket, Ask.hour, digest: digest)
            #expect(used.ticket.expiresAt == end && used.ticket.uses == index + 1 && used.ticket.state == .approved)
            try setup.restart()
        }
        clock.advance(by: .seconds(40))
        await #expect(throws: ApprovalError.expired(end)) { try await desk.use(ticket, Ask.hour) }
        #expect(setup.audit.kinds == [.opened, .approved] + Array(repeating: .redeemed, count: 4) + [.expired])
        #expect(setup.audit.events.compactMap(\.digest) == [Ask.digest, Ask.digest, "1", "2", "3"])
    }

    @Test("a window is for its target, its requester and its rules alone")
    func windowBinding() async throws {
        let ticket = try await desk.approve(desk.ask(Ask.hour))
        await #expect(throws: ApprovalError.doesNotCover(.target)) {
            try await desk.use(ticket, Ask.hour, target: "hr")
        }
        await #expect(throws: ApprovalError.doesNotCover(.requester)) {
            try await desk.use(ticket, Ask.hour, by: Callers.carol)
        }
        let stricter = NeededApproval(
            approvers: 2, groups: ["dba-leads"], within: .seconds(900), window: .seconds(3600))
        await #expect(throws: ApprovalError.doesNotCover(.requirements)) { try await desk.use(ticket, stricter) }
        await #expect(throws: ApprovalError.doesNotCover(.requirements)) { try await desk.use(ticket, Ask.one) }
        await #expect(throws: ApprovalError.doesNotCover(.requirements)) {
            try await desk.use(ticket, Ask.hour, Ask.one)
        }
    }

    @Test("one requirement without a window makes the ticket single-use, and the shortest window counts")
    func mixedWindows() async throws {
        let half = NeededApproval(approvers: 1, groups: ["sre"], within: .seconds(900), window: .seconds(1800))
        let single = try await desk.ask(Ask.hour, Ask.two)
        #expect(single.window == nil)
        let short = try await desk.ask(Ask.hour, half)
        #expect(short.window == .seconds(1800))
        _ = try await desk.approve(short)
        let approved = try await desk.approve(short, by: Callers.person("erin", in: "sre"))
        #expect(approved.expiresAt == clock.now.adding(.seconds(1800)))
    }

    @Test("who waits hears of the decision, without the clock moving", arguments: TicketVerdict.allCases)
    func waitForDecision(verdict: TicketVerdict) async throws {
        let ticket = try await desk.ask()
        let desk = desk
        let waiting = Task { try await desk.wait(ticket.id, until: ticket.expiresAt) }
        try await until { desk.waiters.count == 1 && clock.sleepers == 1 }
        _ = try await desk.decide(ticket.id, by: Callers.bob, verdict: verdict, justification: "x")
        #expect(try await waiting.value.state == (verdict == .approve ? .approved : .rejected))
        #expect(desk.waiters.count == 0)
    }

    @Test("who waits for two approvals sleeps on after the first")
    func waitForSecond() async throws {
        let ticket = try await desk.ask(Ask.two)
        let desk = desk
        let waiting = (0..<10).map { _ in Task { try await desk.wait(ticket.id, until: ticket.expiresAt) } }
        try await until { desk.waiters.count == 10 }
        _ = try await desk.approve(ticket)
        for _ in 0..<1000 { await Task.yield() }
        #expect(desk.waiters.count == 10)
        _ = try await desk.approve(ticket, by: Callers.dave)
        for task in waiting { #expect(try await task.value.state == .approved) }
    }

    @Test("a wait ends at the ticket's expiry, and at its own deadline")
    func waitEnds() async throws {
        let ticket = try await desk.ask()
        let desk = desk
        let patient = Task { [clock] in try await desk.wait(ticket.id, until: clock.now.adding(.seconds(3600))) }
        let hasty = Task { [clock] in try await desk.wait(ticket.id, until: clock.now.adding(.seconds(30))) }
        try await until { clock.sleepers == 2 }
        clock.advance(by: .seconds(30))
        #expect(try await hasty.value.state == .pending)
        clock.advance(by: .seconds(870))
        #expect(try await patient.value.state == .expired)
        #expect(setup.audit.kinds == [.opened, .expired])
    }

    @Test("a wait for what is decided, and one whose task is cancelled, return at once")
    func waitReturns() async throws {
        let ticket = try await desk.ask()
        let desk = desk
        let waiting = Task { try await desk.wait(ticket.id, until: ticket.expiresAt) }
        try await until { clock.sleepers == 1 }
        waiting.cancel()
        #expect(try await waiting.value.state == .pending)
        #expect(desk.waiters.count == 0)
        _ = try await desk.approve(ticket)
        #expect(try await desk.wait(ticket.id, until: ticket.expiresAt).state == .approved)
    }

    @Test("the service marks tickets expired when their time comes, those of an earlier run too")
    func service() async throws {
        let old = try await desk.ask()
        try setup.restart()
        let desk = desk
        let running = Task { try await desk.run() }
        try await until { clock.sleepers == 1 }
        let short = try await desk.ask(Ask.two, digest: Ask.otherDigest)
        try await until { clock.sleepers >= 1 }
        clock.advance(by: .seconds(600))
        try await until { setup.told.kinds.contains(.expired) }
        #expect(setup.audit.events.last?.ticket.id == short.id)
        try await until { clock.sleepers >= 1 }
        clock.advance(by: .seconds(300))
        try await until { setup.told.kinds.count { $0 == .expired } == 2 }
        #expect(setup.audit.events.last?.ticket.id == old.id)
        running.cancel()
        try await running.value
    }
}
