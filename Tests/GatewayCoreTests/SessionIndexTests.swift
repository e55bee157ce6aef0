import AdapterTestKit
import Foundation
import GatewayCore
import Identifiers
import StrictJSON
import Testing

@Suite("Session index")
struct SessionIndexTests {
    private func index(_ gateway: KitGateway, _ name: String) throws -> SessionIndex {
        SessionIndex(try AuditIndex.kept(at: "\(gateway.folder)/\(name).sqlite"))
    }

    /// Several people at work, one of whom is ended and one of whom stays.
    private func work(on gateway: KitGateway, _ step: () async throws -> Void) async throws {
        let first = try await TrySession(gateway)
        _ = try await first.run(Wanted.call())
        let read = try await first.decide(Wanted.call())
        try await first.end(
            read.commandID,
            Outcome(.succeeded, status: "200", masked: [.init(rule: "pii/ssn", selector: "field ssn", count: 2)]))
        try await step()
        _ = try await first.decide(Wanted.call("export"))
        let second = try await TrySession(gateway, as: KitPerson("dana", groups: ["kit-callers"]))
        let said = try await second.decide(Wanted.call("customer"))
        try await second.end(
            said.commandID,
            Outcome(.failed, status: "500", masked: [.init(rule: "pii/ssn", selector: "field ssn", count: 3)]))
        try await step()
        _ = try await gateway.sessions.terminate(first.id, by: "olga")
        try await step()
    }

    @Test("the index that was kept while the gateway ran equals the one made from the log afterwards")
    func rebuilt() async throws {
        let gateway = try Wanted.gateway()
        let live = try index(gateway, "live")
        try await work(on: gateway) {
            try gateway.log.integrateNow()
            let next = try live.index.position().next
            let new = try gateway.auditEntries().dropFirst(Int(next))
            try live.index.add(Array(new), from: next)
        }
        let rebuilt = try index(gateway, "rebuilt")
        try rebuilt.index.add(try gateway.auditEntries(), from: 0)

        let sessions = try await live.sessions(matching: SessionQuery())
        #expect(try await rebuilt.sessions(matching: SessionQuery()) == sessions)
        #expect(try rebuilt.index.position() == live.index.position())
        #expect(sessions.map(\.subject) == ["dana", "casey"])
        #expect(sessions.map(\.commands) == [1, 3] && sessions.map(\.refused) == [0, 1])
        // What succeeded counts too where something was masked in it.
        #expect(sessions.map(\.failed) == [1, 0] && sessions.map(\.masked) == [3, 2])
        #expect(sessions.map(\.endReason) == [nil, "terminated by olga"])
    }

    @Test("entries that were added already, or that do not follow, change nothing")
    func position() async throws {
        let gateway = try Wanted.gateway()
        try await work(on: gateway) {}
        let index = try index(gateway, "index")
        let entries = try gateway.auditEntries()
        try index.index.add(entries, from: 0)
        let sessions = try await index.sessions(matching: SessionQuery())
        try index.index.add(entries, from: 0)
        try index.index.add(entries, from: UInt64(entries.count) + 5)
        #expect(try await index.sessions(matching: SessionQuery()) == sessions)
        #expect(try index.index.position().next == UInt64(entries.count))
    }

    @Test("sessions are found by caller, target and time, newest first and page by page")
    func search() async throws {
        let gateway = try Wanted.gateway()
        try await work(on: gateway) {}
        let index = try index(gateway, "index")
        try index.index.add(try gateway.auditEntries(), from: 0)
        func found(_ query: SessionQuery) async throws -> [String] {
            try await index.sessions(matching: query).map(\.subject)
        }
        #expect(try await found(SessionQuery(caller: "dana")) == ["dana"])
        #expect(try await found(SessionQuery(caller: "casey@kit.example")) == ["casey"])
        #expect(try await found(SessionQuery(target: "payments")) == ["dana", "casey"])
        #expect(try await found(SessionQuery(target: "ledger")) == [])
        #expect(try await found(SessionQuery(limit: 1)) == ["dana"])
        let last = try #require(try await index.sessions(matching: SessionQuery(limit: 1)).first)
        #expect(try await found(SessionQuery(before: last.id)) == ["casey"])
        #expect(try await index.session(last.id) == last)
        #expect(try await found(SessionQuery(from: gateway.clock.now.adding(.seconds(60)))) == [])
        #expect(try await found(SessionQuery(to: gateway.clock.now.adding(.seconds(60)))) == ["dana", "casey"])
        // A name is a value, not a piece of SQL.
        #expect(try await found(SessionQuery(caller: "' OR 1=1 --")) == [])
    }
}
