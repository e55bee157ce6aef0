import AdapterTestKit
import GatewayCore
import Identifiers
import StrictJSON
import Testing

@Suite("Session")
struct SessionTests {
    @Test("a permitted command's intent is on the log before there is an outcome")
    func intentFirst() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let said = try await session.decide(Wanted.call("read", Wanted.json("amount", 5)))
        let intent = try #require(try session.last("intent"))
        #expect(intent.id == said.commandID?.description && intent.rule == "callers")
        #expect(try session.last("outcome") == nil)
        try await session.end(said.commandID)
        #expect(try session.last("outcome")?.command == intent.id)
    }

    @Test("an intent says who, what, with which parameters, and under which policies")
    func intentWords() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        var command = Wanted.call("read", Wanted.json("amount", 5), facts: [Fact("http.tags", .strings(["a", "b"]))])
        command.traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        _ = try await session.run(command)
        let intent = try #require(try session.last("intent")).json
        #expect(intent["caller"]?["subject"] == "casey" && intent["caller"]?["groups"] == ["kit-callers"])
        #expect(
            intent["command"]?["digest"]?.string
                == command.digest(target: "payments", key: gateway.commandDigests).description)
        #expect(intent["command"]?["parameters"] == [["encoding": "json", "name": "amount", "value": 5]])
        #expect(intent["command"]?["facts"] == ["http.tags": ["a", "b"]])
        #expect(intent["decision"]?["policy"]?.string == gateway.sessions.currentRules.policy.digest)
        #expect(intent["target"] == ["kind": "http", "name": "payments"])
        #expect(intent["traceparent"]?.string == command.traceParent)
    }

    @Test("a digest of what the caller sent is on record as a keyed one")
    func contentDigest() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let digest = String(repeating: "0a", count: 32)
        _ = try await session.run(Wanted.call("read", facts: [Fact("http.body_sha256", .contentDigest(digest))]))
        let intent = try #require(try session.last("intent")).json
        #expect(intent["command"]?["facts"] == ["http.body_sha256": .string(gateway.redactor.digest(of: digest))])
    }

    @Test("what no policy permits is refused and recorded as refused")
    func defaultDeny() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let refusal = try #require(try await session.decide(Wanted.call("unknown")).refusal)
        #expect(refusal.rule == "default-deny" && refusal.kind == .denied)
        #expect(refusal.reason.contains("http.post on Function payments/unknown"))
        #expect(try session.entries().map(\.kind) == ["session-start", "refusal"])
        #expect(try session.last("refusal")?.id == refusal.commandID?.description)
    }

    @Test("who is in no group may do nothing")
    func outsider() async throws {
        let session = try await TrySession(try Wanted.gateway(), as: .outsider)
        #expect(try await session.decide(Wanted.call()).word == "default-deny")
    }

    @Test("a forbid beats every permit, and its advice is the next step")
    func forbidBeats() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let refusal = try #require(try await session.decide(Wanted.call("export")).refusal)
        #expect(refusal.rule == "no-export" && refusal.nextStep == "Ask the data office.")
    }

    @Test("a command runs only if each of its effects may", arguments: [["read", "export"], ["export", "read"]])
    func everyEffect(names: [String]) async throws {
        let session = try await TrySession(try Wanted.gateway())
        var command = Wanted.call(names[0])
        command.effects += Wanted.call(names[1]).effects
        #expect(try await session.decide(command).word == "no-export")
        command.effects = Wanted.call("read").effects + Wanted.call("write").effects
        #expect(try await session.decide(command).word == "permitted")
    }

    @Test("obligations of all effects add up")
    func obligations() async throws {
        let session = try await TrySession(try Wanted.gateway())
        var command = Wanted.call("read")
        command.effects += Wanted.call("customer").effects
        guard case .permitted(_, let rules, let rows) = try await session.decide(command) else {
            Issue.record("it is not permitted")
            return
        }
        #expect(rules == ["pii/field secret*", "pii/field ssn"] && rows == 10)
        #expect(try session.last("intent")?.rule == "callers, masked")
        command.effects += Wanted.call("refund").effects
        #expect(try await session.decide(command).word == "needs approval")
    }

    @Test("policies that are swapped count from the next command on, and commands under way go on")
    func swap() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let first = try await session.decide(Wanted.call())
        try gateway.replaceRules(policy: #"@id("closed") forbid (principal, action, resource);"#)
        #expect(try await session.decide(Wanted.call()).word == "closed")
        try await session.end(first.commandID)
        #expect(try session.last("outcome")?.outcome == "succeeded")
        try gateway.replaceRules(policy: Wanted.policy, masking: Wanted.masking)
        #expect(try await session.decide(Wanted.call("customer")).commandID != nil)
    }

    @Test("masking rules that are swapped count from the next command on")
    func swapMasking() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let command = Wanted.call("customer", Wanted.json("iban", "hidden-by-name"))
        _ = try await session.run(command)
        #expect(try session.last("intent")?.text.contains("hidden-by-name") == true)
        try gateway.replaceRules(
            policy: Wanted.policy,
            masking: [.init(name: "pii", rules: [.init(selector: .field("iban"), transform: .redact)])])
        _ = try await session.run(command)
        #expect(try session.last("intent")?.text.contains("hidden-by-name") == false)
    }

    @Test("a rule set that nobody defines lets nothing run")
    func unknownRuleSet() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        try gateway.replaceRules(policy: Wanted.policy, masking: [])
        let refusal = try #require(try await session.decide(Wanted.call("customer")).refusal)
        #expect(refusal.kind == .unavailable && refusal.reason.contains("pii"))
        #expect(try session.last("intent") == nil)
    }

    @Test("in shadow mode nothing is refused, and the log says what would have been")
    func shadow() async throws {
        let gateway = try Wanted.gateway()
        try gateway.replaceRules(policy: Wanted.policy, masking: Wanted.masking, mode: .shadow)
        let session = try await TrySession(gateway)
        #expect(try await session.run(Wanted.call("export")).word == "permitted")
        let decision = try #require(try session.last("intent")).json["decision"]
        #expect(decision?["would_deny"] == true && decision?["rule"] == "no-export" && decision?["answer"] == "deny")
        #expect(try await session.run(Wanted.call("refund")).word == "permitted")
        #expect(try session.last("intent")?.json["decision"]?["would_deny"] == nil)
    }

    @Test("policies on trial are recorded where they differ and change nothing")
    func candidate() async throws {
        let gateway = try Wanted.gateway()
        try gateway.replaceRules(
            policy: Wanted.policy, masking: Wanted.masking,
            candidate: Wanted.policy + #"@id("trial") forbid (principal, action, resource == Function::"payments/a");"#)
        let session = try await TrySession(gateway)
        #expect(try await session.run(Wanted.call("a")).word == "permitted")
        let decision = try #require(try session.last("intent")).json["decision"]
        #expect(decision?["candidate"]?["rule"] == "trial" && decision?["candidate"]?["answer"] == "deny")
        _ = try await session.run(Wanted.call("b"))
        #expect(try session.last("intent")?.json["decision"]?["candidate"] == nil)
    }

    @Test("a command too large for an entry stands beside the log under its digest")
    func largeCommand() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let big = String(repeating: "x", count: AuditLimits.largestCommand)
        let said = try await session.run(
            Wanted.call("customer", Wanted.json("b", .string(big)), Wanted.json("ssn", "in-clear")))
        let command = try #require(try session.last("intent")).json["command"]
        #expect(command?["beside"]?["bytes"]?.integer ?? 0 > 40_000 && command?["parameters"] == nil)
        #expect(said.word == "permitted")
        let payload = try #require(gateway.recordedTexts().first)
        #expect(payload.contains(big) && !payload.contains("in-clear"))
    }

    private enum AuditLimits { static let largestCommand = 40_000 }

    @Test("every entry of a session is canonical JSON")
    func canonical() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        _ = try await session.run(
            Wanted.call("read", Wanted.json("n", ["b": .number("1.5"), "a": [nil, true, "\u{1}é"]])))
        _ = try await session.decide(Wanted.call("export"))
        let open = try await session.decide(Wanted.call("customer"))
        try await session.end(
            open.commandID,
            Outcome(
                .failed, status: "500", reason: "it broke", requestBytes: 1, responseBytes: 2, rows: 3,
                masked: [.init(rule: "pii/ssn", selector: "field ssn", count: 4)]))
        try await session.close("done")
        let entries = try session.entries()
        #expect(Set(entries.map(\.kind)) == ["session-start", "intent", "outcome", "refusal", "session-end"])
        for entry in entries {
            #expect(entry.text == String(decoding: entry.json.canonicalBytes, as: UTF8.self))
        }
    }
}
