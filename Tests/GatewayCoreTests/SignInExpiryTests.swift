import AdapterTestKit
import Approvals
import Foundation
import GatewayCore
import Identifiers
import StrictJSON
import Testing

@Suite("The end of a sign-in")
struct SignInExpiryTests {
    /// The kit's tokens last an hour, and are taken a minute longer.
    private static let lifetime = Duration.seconds(3600 + 60)

    @Test("a session runs nothing new once its sign-in has ended, and says so on the log")
    func ended() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let clock = session.gateway.clock
        #expect(try await session.run(Wanted.call()).word == "permitted")
        clock.advance(by: Self.lifetime - .seconds(60))
        #expect(try await session.run(Wanted.call()).word == "permitted")
        clock.advance(by: .seconds(60))
        let intents = try session.entries().filter { $0.kind == "intent" }.count
        for said in [try await session.decide(Wanted.call()), try await session.decidePreparation(Wanted.call())] {
            let refusal = try #require(said.refusal)
            #expect(refusal.kind == .signInExpired && refusal.rule == "sign-in-expired")
            #expect(refusal.nextStep.contains("Sign in again"))
            let recorded = try session.entries().filter { $0.kind == "refusal" }.map { $0.json["id"]?.string }
            #expect(recorded.contains(try #require(refusal.commandID).description))
        }
        #expect(try session.entries().filter { $0.kind == "intent" }.count == intents)
        // A new sign-in is a new session.
        #expect(try await TrySession(session.gateway).run(Wanted.call()).word == "permitted")
    }

    @Test("a form of commands that is known already is not let through either")
    func knownForm() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let effect = Effect(action: "http.post", resource: Resource(type: "Function", name: "read"))
        let command = Command(CommandForm(effects: [effect], facts: []), text: "POST /read")
        for _ in 0..<2 { #expect(try await session.run(command).word == "permitted") }
        session.gateway.clock.advance(by: Self.lifetime)
        #expect(try await session.decide(command).word == "sign-in-expired")
    }

    @Test("what runs when the sign-in ends runs to its end")
    func running() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let said = try await session.decide(Wanted.call())
        session.gateway.clock.advance(by: Self.lifetime)
        try await session.end(said.commandID)
        #expect(try session.last("outcome")?.outcome == "succeeded")
    }

    @Test("an approval outlives no sign-in")
    func approval() async throws {
        let policy = Wanted.policy.replacingOccurrences(of: "within 10m", with: "within 24h")
        let session = try await TrySession(try Wanted.gateway(policy))
        let needed = try #require(try await session.decide(Wanted.call("refund", Wanted.json("amount", 125))).needed)
        guard case .pending(let ticket) = try await session.ask(needed, because: "change 4711") else {
            Issue.record("nobody was asked")
            return
        }
        let approver = try await session.gateway.caller(.approver)
        _ = try await session.gateway.approvals.decide(
            ticket.id, by: approver, verdict: .approve, justification: "looked at it")
        guard case .approved(let redemption) = try await session.ask(needed, because: nil) else {
            Issue.record("it was not approved")
            return
        }
        session.gateway.clock.advance(by: Self.lifetime)
        #expect(try await session.permit(redemption).word == "sign-in-expired")
    }

    @Test("shadow mode is about policies, and lets nobody on whose sign-in has ended")
    func shadow() async throws {
        let gateway = try Wanted.gateway()
        try gateway.replaceRules(policy: Wanted.policy, masking: Wanted.masking, mode: .shadow)
        let session = try await TrySession(gateway)
        gateway.clock.advance(by: Self.lifetime)
        #expect(try await session.decide(Wanted.call()).word == "sign-in-expired")
        // A refusal it is, and none that only would have been.
        let decision = try #require(try session.last("refusal")?.json["decision"])
        #expect(decision["answer"] == "deny" && decision["would_deny"] == nil)
    }
}
