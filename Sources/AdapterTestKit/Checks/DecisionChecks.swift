import Approvals
import GatewayCore

/// What policy says is what happens.
extension Trial {
    func checkDecisions() async throws {
        try await run(.allowed, needs: .allowed) {
            let command = ScriptedCommand(.allowed)
            let answer = try await send(command)
            expect(
                answer.result == .answered && answer.text.contains(command.marker), .allowed,
                "the client did not get the upstream's answer: \(answer.text)")
            expectRan(command, .allowed)
            let outcomes = try await outcomes(of: command)
            expect(
                outcomes.map(\.outcome) == ["succeeded"], .allowed,
                "its outcomes are \(outcomes.map { $0.outcome ?? "" }), not one that succeeded")
            if let credential = driver.credential {
                let came = witness.arrivals(of: command).allSatisfy { $0.text.contains(credential) }
                expect(came, .allowed, "the upstream did not get its credential")
            }
        }
        try await run(.denied, needs: .denied) {
            let command = ScriptedCommand(.denied)
            expectRefused(try await send(command), saying: [Self.forbids, Self.advice], .denied)
            try expectRefusalRecorded(command, by: Self.forbids, .denied)
        }
        try await run(.defaultDeny, needs: .allowed) {
            let command = ScriptedCommand(.allowed)
            expectRefused(try await send(command, as: .outsider), saying: ["default-deny"], .defaultDeny)
            try expectRefusalRecorded(command, by: "default-deny", .defaultDeny)
        }
        try await run(.opaque, needs: .opaque) {
            let command = ScriptedCommand(.opaque)
            expectRefused(try await send(command), saying: [Self.forbidsOpaque, Self.advice], .opaque)
            expectNotRun(command, .opaque)
        }
    }

    private func expectRefusalRecorded(
        _ command: ScriptedCommand, by rule: String, _ check: ConformanceCheck
    ) throws {
        expectNotRun(command, check)
        let entries = try gateway.entries().filter { $0.text.contains(command.marker) }
        expect(
            entries.map(\.kind) == ["refusal"] && entries.map(\.rule) == [rule], check,
            "the log holds \(entries.map { "\($0.kind) by \($0.rule ?? "nobody")" }), not one refusal by \(rule)")
    }

    func checkApproval() async throws {
        try await run(.approval, needs: .needsApproval) {
            let command = ScriptedCommand(.needsApproval, justification: "the kit wants to know")
            let first = try await send(command)
            expect(first.result == .pending, .approval, "the client was not told that people are asked: \(first.text)")
            expectNotRun(command, .approval)

            let tickets = try await gateway.approvals.list(TicketFilter(state: .pending))
            guard let ticket = tickets.first(where: { $0.summary.contains(command.marker) }) else {
                return expect(false, .approval, "no ticket shows the command to an approver")
            }
            expect(
                first.text.contains(ticket.id.description), .approval,
                "the client was not told the ticket: \(first.text)")
            _ = try await gateway.approvals.decide(
                ticket.id, by: gateway.caller(.approver), verdict: .approve, justification: "go ahead")

            let second = try await send(command)
            expect(second.result == .answered, .approval, "the approved command did not run: \(second.text)")
            expectRan(command, .approval)
            _ = try await outcomes(of: command)
            let third = try await send(command)
            expect(third.result == .pending, .approval, "the same command ran on a used approval: \(third.text)")
            expectRan(command, .approval)
        }
    }

    func checkStrangers() async throws {
        try await run(.strangers, needs: .allowed) {
            for token in [nil, try gateway.issuer.forgedToken(for: .caller), "no-token-at-all"] {
                let failures = try signInFailures()
                let command = ScriptedCommand(.allowed)
                expectRefused(try await send(command, token: token), saying: [], .strangers)
                expectNotRun(command, .strangers)
                expect(
                    try gateway.entries().allSatisfy { !$0.text.contains(command.marker) }, .strangers,
                    "a stranger's command stands in the log as if it had been decided")
                expect(
                    try signInFailures() > failures, .strangers, "a failed sign-in does not stand in the log")
            }
        }
    }

    private func signInFailures() throws -> Int { try gateway.entries().count { $0.kind == "sign-in-failure" } }
}
