import AdapterTestKit
import GatewayCore
import Testing

@Suite("Permit")
struct PermitTests {
    @Test("a permit that is dropped records that its command was abandoned")
    func dropped() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let said = try await session.decide(Wanted.call())
        try await session.drop(said.commandID)
        let outcomes = try session.entries().filter { $0.kind == "outcome" }
        #expect(outcomes.map(\.outcome) == ["abandoned"])
        #expect(outcomes.first?.command == said.commandID?.description)
    }

    @Test("a command has one outcome: ending its permit leaves nothing for the permit's end to record")
    func once() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let said = try await session.decide(Wanted.call())
        try await session.end(said.commandID, Outcome(.failed, status: "500", reason: "no"))
        try await session.end(said.commandID)
        try await session.drop(said.commandID)
        #expect(try session.entries().filter { $0.kind == "outcome" }.map(\.outcome) == ["failed"])
    }

    @Test("a session ends in the log once the last of its commands has an outcome")
    func endWaits() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let (first, second) = (try await session.decide(Wanted.call()), try await session.decide(Wanted.call()))
        try await session.close("the client hung up")
        try await session.end(first.commandID)
        #expect(try session.last("session-end") == nil)
        try await session.drop(second.commandID)
        let kinds = try session.entries().map(\.kind)
        #expect(kinds == ["session-start", "intent", "intent", "outcome", "outcome", "session-end"])
        let end = try #require(try session.last("session-end")).json
        #expect(end["reason"] == "the client hung up" && end["commands"] == 2)
    }

    @Test("a session that was closed twice ends once, for the first reason")
    func closedTwice() async throws {
        let session = try await TrySession(try Wanted.gateway())
        try await session.close("first")
        try await session.close("second")
        let ends = try session.entries().filter { $0.kind == "session-end" }
        #expect(ends.map { $0.json["reason"] } == ["first"])
    }

    @Test("after its end a session decides nothing")
    func afterTheEnd() async throws {
        let session = try await TrySession(try Wanted.gateway())
        try await session.close("the client hung up")
        let refusal = try #require(try await session.decide(Wanted.call()).refusal)
        #expect(refusal.kind == .sessionEnded && refusal.reason.contains("the client hung up"))
        #expect(try session.last("intent") == nil)
    }

    @Test("what an upstream says of a failure is redacted")
    func reasonRedacted() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let said = try await session.decide(Wanted.call())
        try await session.end(
            said.commandID, Outcome(.failed, status: "500", reason: "card 4111 1111 1111 1111 failed"))
        let outcome = try #require(try session.last("outcome"))
        #expect(!outcome.text.contains("4111") && outcome.text.contains("«PAN:"))
    }
}
