import AdapterTestKit
import GatewayCore
import StrictJSON
import Testing

/// What a policy sees of a command: each row is a condition and whether it holds.
@Suite("Policy evaluation")
struct PolicyEvaluationTests {
    private static let command: Command = {
        var command = Wanted.call(
            "read", Wanted.json("amount", 125), Wanted.json("rate", .number("0.25")),
            Wanted.json("huge", .number("1e30")), Wanted.json("none", nil),
            Wanted.json("tags", ["a", "b", "a"]), Wanted.json("card", ["holder": "Ann"]),
            Parameter(name: "id", value: "1", encoding: "query"), Parameter(name: "id", value: "2", encoding: "query"),
            facts: [
                Fact("http.body_bytes", .integer(32)), Fact("http.method", .string("POST")),
                Fact("http.kinds", .strings(["x", "y"])), Fact("sql.has_where", .bool(false)),
            ])
        command.effects[0].resource.attributes["path"] = .string("/read")
        return command
    }()

    @Test(
        "a condition sees the command as the adapter stated it",
        arguments: [
            (#"context.parameters.amount > 100"#, true), (#"context.parameters.amount > 125"#, false),
            (#"context.parameters.rate == decimal("0.25")"#, true), (#"context.parameters.huge == "1e30""#, true),
            (#"context.parameters has none"#, false), (#"context.parameters.tags.contains("b")"#, true),
            (#"context.parameters.card.holder == "Ann""#, true),
            // Two values under one name: neither hides the other.
            (#"context.parameters.id.containsAll(["1", "2"])"#, true),
            (#"context.http.body_bytes == 32 && context.http.method == "POST""#, true),
            (#"context.http.kinds.contains("y") && !context.sql.has_where"#, true),
            (#"context.client.isInRange(ip("10.1.0.0/16"))"#, true), (#"context.client.isLoopback()"#, false),
            (#"context.opaque"#, false), (#"context has nothing"#, false),
            (#"context.now > datetime("2020-01-01")"#, true),
            (#"resource.name == "read" && resource.path == "/read""#, true),
            (#"resource in Target::"payments""#, true), (#"resource in Target::"ledger""#, false),
            (#"resource == Function::"payments/read""#, true), (#"principal.email == "casey@kit.example""#, true),
            (#"principal == User::"https://issuer.kit.example|casey""#, true),
        ])
    func conditions(condition: String, holds: Bool) async throws {
        let gateway = try Wanted.gateway(#"@id("yes") permit (principal, action, resource) when { \#(condition) };"#)
        let session = try await TrySession(gateway)
        #expect(try await session.decide(Self.command).word == (holds ? "permitted" : "default-deny"))
    }

    @Test("a client is known by its address, IPv6 in brackets")
    func clients() async throws {
        let gateway = try Wanted.gateway(
            #"permit (principal, action, resource) when { context.client.isInRange(ip("2001:db8::/32")) };"#)
        let session = try await TrySession(gateway, client: "[2001:db8::7]:443")
        #expect(try await session.decide(Wanted.call()).word == "permitted")
    }

    @Test("what is not understood is opaque to policies")
    func opaque() async throws {
        let session = try await TrySession(
            try Wanted.gateway(
                """
                permit (principal, action, resource);
                @id("no-opaque") forbid (principal, action, resource) when { context.opaque };
                """))
        #expect(try await session.decide(Wanted.call(facts: [Fact("opaque", .bool(true))])).word == "no-opaque")
        #expect(try await session.decide(Wanted.call()).word == "permitted")
    }

    @Test("a forbid that cannot be evaluated denies")
    func erringForbid() async throws {
        let session = try await TrySession(
            try Wanted.gateway(
                """
                permit (principal, action, resource);
                @id("small-only") forbid (principal, action, resource) when { context.parameters.amount > 5 };
                """))
        #expect(try await session.decide(Wanted.call("a", Wanted.json("amount", 5))).word == "permitted")
        #expect(try await session.decide(Wanted.call("a", Wanted.json("amount", "5"))).word == "small-only")
        #expect(try await session.decide(Wanted.call("a")).word == "small-only")
    }

    @Test("what could be allowed with other parameters is shown, what never could is not, and nothing is recorded")
    func wouldAllow() async throws {
        let session = try await TrySession(
            try Wanted.gateway(
                """
                permit (principal, action, resource == Function::"payments/a") when { context.parameters.x == 1 };
                permit (principal, action, resource == Function::"payments/b") when { principal.email like "no*" };
                permit (principal, action, resource == Function::"payments/c");
                forbid (principal, action, resource == Function::"payments/c");
                permit (principal, action, resource == Function::"payments/d");
                """))
        var answers: [Bool] = []
        for name in ["a", "b", "c", "d", "e"] { answers.append(try await session.wouldAllow(Wanted.call(name))) }
        #expect(answers == [true, false, false, true, false])
        #expect(try session.entries().map(\.kind) == ["session-start"])
    }

    @Test("what hangs on parameters may be prepared, is recorded so, and is judged again when it runs")
    func preparation() async throws {
        let session = try await TrySession(
            try Wanted.gateway(
                """
                permit (principal, action, resource == Function::"payments/a") when { context.parameters.x == 1 };
                @id("asks") @approve("1 of approvers within 5m")
                permit (principal, action, resource == Function::"payments/b");
                """))
        let prepared = try await session.decidePreparation(Wanted.call("a"))
        #expect(prepared.word == "permitted")
        #expect(try session.last("intent")?.json["command"]?["phase"] == "prepare")
        #expect(try await session.decide(Wanted.call("a")).word == "default-deny")
        #expect(try await session.decide(Wanted.call("a", Wanted.json("x", 1))).word == "permitted")
        #expect(try session.last("intent")?.json["command"]?["phase"] == nil)
        #expect(try await session.decidePreparation(Wanted.call("b")).word == "permitted")
        #expect(try await session.decide(Wanted.call("b")).word == "needs approval")
        #expect(try await session.decidePreparation(Wanted.call("c")).word == "default-deny")
    }
}
