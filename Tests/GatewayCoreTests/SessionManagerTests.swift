import AdapterTestKit
import Foundation
import GatewayCore
import Identifiers
import Identity
import NIOCore
import Testing

@Suite("Session manager")
struct SessionManagerTests {
    @Test("an operator ends a session: its adapter is told, and its next command is refused")
    func terminate() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let running = try await session.decide(Wanted.call())
        #expect(try await gateway.sessions.terminate(session.id, by: "olga"))
        #expect(try await session.terminations == ["terminated by olga"])
        #expect(try await session.decide(Wanted.call()).word == "session-ended")
        #expect(try session.last("session-end") == nil)
        try await session.end(running.commandID, Outcome(.interrupted, status: "499"))
        #expect(try session.last("session-end")?.json["reason"] == "terminated by olga")
    }

    @Test("a session that is not open cannot be ended")
    func unknown() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        try await session.close("done")
        #expect(try await !gateway.sessions.terminate(session.id, by: "olga"))
        #expect(try await !gateway.sessions.terminate(UUIDv7(milliseconds: 1), by: "olga"))
    }

    @Test("sessions of all event loops are known, each while it is open")
    func open() async throws {
        let gateway = try Wanted.gateway()
        let first = try await TrySession(gateway, on: Loops.first)
        let second = try await TrySession(gateway, on: Loops.second)
        #expect(try await gateway.sessions.openSessions() == [first.id, second.id])
        #expect(try await gateway.sessions.terminate(second.id, by: "olga"))
        #expect(try await gateway.sessions.openSessions() == [first.id])
    }

    @Test("each event loop has one lane, with a journal of its own")
    func lanes() async throws {
        let gateway = try Wanted.gateway()
        let isOne = try await Loops.first.submit {
            try gateway.sessions.lane(on: Loops.first) === gateway.sessions.lane(on: Loops.first)
        }.get()
        #expect(isOne)
        _ = try await Loops.second.submit { _ = try gateway.sessions.lane(on: Loops.second) }.get()
        let journals = try FileManager.default.subpathsOfDirectory(atPath: gateway.folder)
        #expect(Set(journals.compactMap { $0.firstMatch(of: /loop-\d/).map { String($0.0) } }) == ["loop-0", "loop-1"])
    }

    /// How far a sign-in came at once.
    private func signIn(_ gateway: KitGateway, _ token: String) async throws -> (atOnce: Bool, subject: String) {
        let (atOnce, caller) = try await Loops.first.submit { () -> (Bool, EventLoopFuture<Caller>) in
            switch try gateway.sessions.lane(on: Loops.first).signIn(token, client: "10.1.2.3:4") {
            case .signedIn(let caller): (true, Loops.first.makeSucceededFuture(caller))
            case .pending(let progress): (false, progress)
            }
        }.get()
        return (atOnce, try await caller.get().subject)
    }

    @Test("a token is verified once a lane; a second look is not asked of the issuer")
    func cached() async throws {
        let gateway = try Wanted.gateway()
        // The first look at any token fetches the issuer's keys, and new keys mean that all is verified anew.
        _ = try await signIn(gateway, try gateway.token(for: .approver))
        let token = try gateway.token(for: .caller)
        #expect(try await signIn(gateway, token) == (false, "casey"))
        #expect(try await signIn(gateway, token) == (true, "casey"))
    }

    @Test("a failed sign-in is on the log when it is told, without the token")
    func failed() async throws {
        let gateway = try Wanted.gateway()
        let token = try gateway.issuer.forgedToken(for: .caller)
        await #expect(throws: SignInError.badSignature) { try await signIn(gateway, token) }
        let entry = try #require(try gateway.entries().last)
        #expect(entry.kind == "sign-in-failure" && entry.json["code"] == "bad-signature")
        #expect(entry.json["client"] == "10.1.2.3:4" && !entry.text.contains(token.suffix(20)))
    }

    @Test("a flood of failures writes fifty entries a second and counts the rest")
    func flood() async throws {
        let gateway = try Wanted.gateway()
        try await Loops.first.submit {
            let lane = try gateway.sessions.lane(on: Loops.first)
            for _ in 0..<500 { lane.recordSignInFailure(SignInError.missing, client: "flood") }
        }.get()
        let written = try gateway.entries().count
        // More than fifty where another second began meanwhile.
        #expect(written % 50 == 0 && written > 0 && written < 500)
        gateway.clock.advance(by: .seconds(2))
        try await Loops.first.submit {
            try gateway.sessions.lane(on: Loops.first).recordSignInFailure(SignInError.missing, client: "flood")
        }.get()
        let suppressed = try gateway.entries().compactMap { $0.json["suppressed"]?.integer }.reduce(0, +)
        #expect(try gateway.entries().count + Int(suppressed) == 501)
    }
}
