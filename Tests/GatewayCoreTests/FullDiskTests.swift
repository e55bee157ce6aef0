import AdapterTestKit
import GatewayCore
import Masking
import StrictJSON
import Testing

@Suite("A log that takes no entries")
struct FullDiskTests {
    @Test("a command that cannot be recorded is refused, and the next one runs once there is space")
    func refusedThenRuns() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        gateway.disk.isFull = true
        let refusal = try #require(try await session.decide(Wanted.call()).refusal)
        #expect(refusal.rule == "audit-unavailable" && refusal.kind == .unavailable && refusal.commandID == nil)
        gateway.disk.isFull = false
        #expect(try await session.run(Wanted.call()).word == "permitted")
        #expect(try session.entries().map(\.kind) == ["session-start", "intent", "outcome"])
    }

    @Test("a refusal that cannot be recorded says that the log is the reason")
    func refusal() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        gateway.disk.isFull = true
        #expect(try await session.decide(Wanted.call("export")).word == "audit-unavailable")
        gateway.disk.isFull = false
        #expect(try session.last("refusal") == nil)
    }

    @Test("a session that cannot be recorded is not opened")
    func noSession() async throws {
        let gateway = try Wanted.gateway()
        let first = try await TrySession(gateway, on: Loops.first)
        gateway.disk.isFull = true
        await #expect(throws: Refusal.self) { try await TrySession(gateway, on: Loops.first) }
        gateway.disk.isFull = false
        #expect(try await gateway.sessions.openSessions() == [first.id])
    }

    @Test("an outcome that the log could not take comes before any new intent")
    func owedFirst() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let first = try await session.decide(Wanted.call("first"))
        let second = try await session.decide(Wanted.call("second"))
        gateway.disk.isFull = true
        try await session.end(first.commandID)
        try await session.drop(second.commandID)
        #expect(try await session.decide(Wanted.call("third")).word == "audit-unavailable")
        gateway.disk.isFull = false
        let fourth = try await session.run(Wanted.call("fourth"))
        let entries = try session.entries()
        #expect(
            entries.map(\.kind) == [
                "session-start", "intent", "intent", "outcome", "outcome", "intent", "outcome",
            ])
        #expect(entries.filter { $0.kind == "outcome" }.map(\.outcome) == ["succeeded", "abandoned", "succeeded"])
        #expect(entries.last { $0.kind == "intent" }?.id == fourth.commandID?.description)
    }

    @Test("the end of a session that the log could not take comes with the next entry")
    func owedEnd() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway, on: Loops.first)
        gateway.disk.isFull = true
        try await session.close("the client hung up")
        gateway.disk.isFull = false
        #expect(try session.last("session-end") == nil)
        let next = try await TrySession(gateway, on: Loops.first)
        #expect(try session.last("session-end")?.json["reason"] == "the client hung up")
        #expect(try next.entries().map(\.kind) == ["session-start"])
    }

    @Test("an outcome that no entry can hold is replaced by one that says so, and the next command runs")
    func tooLarge() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let first = try await session.decide(Wanted.call())
        try await session.end(first.commandID, Outcome(.failed, status: String(repeating: "s", count: 70_000)))
        #expect(try await session.run(Wanted.call()).word == "permitted")
        let entries = try session.entries()
        #expect(entries.map(\.kind) == ["session-start", "intent", "entry-omitted", "intent", "outcome"])
        let omitted = try #require(try session.last("entry-omitted")).json
        #expect(omitted["of"] == "outcome" && omitted["session"]?.string == session.id.description)
        #expect(omitted["sha256"]?.string?.count == 64 && omitted["entry"]?.string != nil)
        #expect((omitted["bytes"]?.integer ?? 0) > 70_000)
    }

    @Test("what masking did is one count a rule and field, however often it was told")
    func manyCounts() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let first = try await session.decide(Wanted.call())
        let count = MaskCount(rule: "pii/EMAIL", selector: "detector", count: 2)
        var outcome = Outcome(.succeeded, status: "200", masked: Array(repeating: count, count: 2000))
        #expect(outcome.masked == [MaskCount(rule: "pii/EMAIL", selector: "detector", count: 4000)])
        outcome.masked.append(count)
        try await session.end(first.commandID, outcome)
        let masked = try #require(try session.last("outcome")).json["outcome"]?["masked"]
        #expect(masked == [["count": 4002, "rule": "pii/EMAIL", "selector": "detector"]], "\(masked as Any)")
    }

    @Test("a reason of any length and of any characters is cut, so that its outcome has an entry")
    func longReasons() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        // One character to people, 200,001 bytes.
        let heap = "a" + String(repeating: "\u{301}", count: 100_000)
        for reason in [heap, String(repeating: "\u{1f600}", count: 30_000), String(repeating: "\u{1}", count: 9000)] {
            let command = try await session.decide(Wanted.call())
            try await session.end(command.commandID, Outcome(.failed, status: "1", reason: reason))
            let said = try #require(try session.last("outcome")).json["outcome"]?["reason"]?.string ?? ""
            #expect(said.unicodeScalars.last == "…" && (8190...8195).contains(said.utf8.count))
            #expect(reason.unicodeScalars.starts(with: said.unicodeScalars.dropLast()))
        }
        #expect(try session.last("entry-omitted") == nil)
    }
}
