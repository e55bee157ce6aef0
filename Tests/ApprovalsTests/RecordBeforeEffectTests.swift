import GRDB
import Identity
import Testing

@testable import Approvals

@Suite("Recorded before it takes effect")
struct RecordBeforeEffectTests {
    private let setup: Desk
    private var desk: ApprovalDesk { setup.desk }

    init() throws { setup = try Desk() }

    enum Step: String, CaseIterable, Sendable { case open, approve, reject, redeem }

    /// Brings a ticket to where `step` is next, and gives that step.
    private func prepare(_ step: Step) async throws -> @Sendable () async throws -> Void {
        let desk = desk
        if step == .open { return { _ = try await desk.ask() } }
        let ticket = try await desk.ask()
        switch step {
        case .approve: return { _ = try await desk.approve(ticket) }
        case .reject: return { _ = try await desk.reject(ticket) }
        case .open, .redeem:
            _ = try await desk.approve(ticket)
            return { _ = try await desk.use(ticket) }
        }
    }

    @Test("a step that the audit log cannot take does not happen, and can be taken later", arguments: Step.allCases)
    func journalRefuses(step: Step) async throws {
        let take = try await prepare(step)
        let before = try await desk.list()
        let told = setup.told.events
        setup.audit.refuse(true)
        await #expect(throws: ApprovalError.notRecorded("no space left")) { try await take() }
        #expect(try await desk.list() == before)
        #expect(setup.told.events == told)
        setup.audit.refuse(false)
        try await take()
        #expect(try await desk.list() != before)
    }

    @Test("a recorded step that the store then refuses is recorded as undone", arguments: Step.allCases)
    func storeRefuses(step: Step) async throws {
        let take = try await prepare(step)
        let before = try await desk.list()
        let recorded = setup.audit.events.count
        let told = setup.told.events
        let table = step == .open ? "INSERT" : "UPDATE"
        try await setup.store.write { database in
            try database.execute(
                sql: "CREATE TRIGGER broken BEFORE \(table) ON ticket BEGIN SELECT RAISE(ABORT, 'disk on fire'); END")
        }
        await #expect {
            try await take()
        } throws: { error in
            guard case ApprovalError.store(let detail) = error else { return false }
            return detail.contains("disk on fire")
        }
        #expect(try await desk.list() == before)
        #expect(setup.told.events == told)
        let events = Array(setup.audit.events.dropFirst(recorded))
        #expect(events.count == 2)
        #expect(events.last?.kind == .undone)
        #expect(events.first?.ticket == events.last?.ticket)
        try await setup.store.write { try $0.execute(sql: "DROP TRIGGER broken") }
        try await take()
    }

    @Test("a step that is refused leaves no entry")
    func refusedSteps() async throws {
        let ticket = try await desk.ask()
        let before = setup.audit.events
        _ = try? await desk.approve(ticket, by: Callers.alice)
        _ = try? await desk.approve(ticket, by: Callers.carol)
        _ = try? await desk.use(ticket)
        _ = try await desk.ask()
        #expect(setup.audit.events == before)
    }

    @Test("the entry shows the ticket as it stands after the step")
    func entryShowsResult() async throws {
        let ticket = try await desk.ask(Ask.two)
        _ = try await desk.approve(ticket)
        _ = try await desk.approve(ticket, by: Callers.dave)
        #expect(setup.audit.events.map(\.ticket.state) == [.pending, .pending, .approved])
        #expect(setup.audit.events.map(\.ticket.approvalsGiven) == [0, 1, 2])
    }
}
