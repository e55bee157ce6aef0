import AdapterTestKit
import GatewayCore
import Identifiers
import StrictJSON
import Testing

/// A command of a form that is known is judged and recorded as if it were not.
@Suite("Commands that come again")
struct KnownFormTests {
    private static func form(_ name: String, facts: [Fact] = [Fact("http.tags", .strings(["a"]))]) -> CommandForm {
        CommandForm(
            effects: [Effect(action: "http.post", resource: Resource(type: "Function", name: name))], facts: facts)
    }

    /// The members of the intents of a session that do not name the one command: without id and time.
    private static func intents(_ session: TrySession) throws -> [JSONValue] {
        try session.entries().filter { $0.kind == "intent" }.map { entry in
            .object((entry.json.object ?? []).filter { !["id", "time", "session"].contains($0.name) })
        }
    }

    @Test(
        "their intents are those of commands without a form, whatever they are called with",
        arguments: ["read", "customer"])
    func intents(name: String) async throws {
        let gateway = try Wanted.gateway()
        let (known, plain) = (try await TrySession(gateway), try await TrySession(gateway))
        let form = Self.form(name)
        let calls: [(text: String, parameters: [Parameter])] = [
            ("POST /a", []), ("POST /a", [Wanted.json("amount", 5)]), ("POST /b \"\\ \u{1}", []),
            ("POST /a", [Wanted.json("ssn", "536-22-8741"), Wanted.json("list", [1, ["x": nil]])]),
            ("POST /c?ssn=in-clear", []), ("POST /a", []), ("", [Wanted.json("", "")]),
            ("pay 4111 1111 1111 1111", []), (String(repeating: "long ", count: 12_000), []), ("POST /a", []),
        ]
        for call in calls {
            _ = try await known.run(Command(form, text: call.text, parameters: call.parameters))
            _ = try await plain.run(
                Command(effects: form.effects, text: call.text, parameters: call.parameters, facts: form.facts))
        }
        let intents = try Self.intents(known)
        #expect(intents.count == calls.count)
        #expect(intents == (try Self.intents(plain)))
        let ids = try known.entries().filter { $0.kind == "intent" }.map(\.id)
        #expect(Set(ids).count == calls.count)
        // The outcomes belong to them, and the log's bytes are canonical.
        #expect(try known.entries().filter { $0.kind == "outcome" }.map(\.command) == ids)
        for entry in try known.entries() { #expect(Array(entry.text.utf8) == entry.json.canonicalBytes) }
        #expect(!(try known.entries().contains { $0.text.contains("4111 1111") }))
    }

    @Test("one digest for a command with and without its form")
    func digests() {
        let form = Self.form("read")
        let plain = Command(effects: form.effects, text: "x", facts: form.facts)
        #expect(Command(form, text: "x").digest(target: "t") == plain.digest(target: "t"))
        var changed = Command(form, text: "x")
        changed.facts.append(Fact("http.more", .bool(true)))
        #expect(changed.form == nil && changed.digest(target: "t") != plain.digest(target: "t"))
        changed = Command(form, text: "x")
        changed.effects[0].resource.name = "export"
        #expect(changed.form == nil)
    }

    @Test("new policies are heard by the next command")
    func reload() async throws {
        let gateway = try Wanted.gateway()
        let session = try await TrySession(gateway)
        let form = Self.form("read")
        for _ in 0..<3 { #expect(try await session.run(Command(form, text: "x")).word == "permitted") }
        try gateway.replaceRules(policy: #"@id("closed") forbid (principal, action, resource);"#)
        #expect(try await session.run(Command(form, text: "x")).word == "closed")
        try gateway.replaceRules(policy: Wanted.policy, masking: Wanted.masking)
        #expect(try await session.run(Command(form, text: "x")).word == "permitted")
    }

    @Test(
        "what policies read of a single command is read of each",
        arguments: [
            "context.text like \"*secret*\"", "context.parameters has amount && context.parameters.amount > 100",
            "context has parameters && context.parameters has amount && context.parameters.amount == 101",
        ])
    func single(condition: String) async throws {
        let session = try await TrySession(
            try Wanted.gateway(
                """
                permit (principal, action, resource);
                @id("no") forbid (principal, action, resource) when { \(condition) };
                """))
        let form = Self.form("read")
        let harmless = Command(form, text: "x", parameters: [Wanted.json("amount", 5)])
        for _ in 0..<2 { #expect(try await session.run(harmless).word == "permitted") }
        let secret = Command(form, text: "the secret", parameters: [Wanted.json("amount", 101)])
        #expect(try await session.run(secret).word == "no")
        #expect(try await session.run(harmless).word == "permitted")
    }

    @Test("approvals are asked for each time")
    func approvals() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let form = Self.form("refund")
        for _ in 0..<3 { #expect(try await session.decide(Command(form, text: "x")).word == "needs approval") }
        #expect(try await session.decide(Command(Self.form("export"), text: "x")).word == "no-export")
    }

    @Test("values that are known by where they stand are taken out of each text")
    func places() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let form = Self.form("customer")
        for (value, place) in [("'first'", 7..<14), ("'second one'", 7..<19), ("'third'", 7..<14)] {
            _ = try await session.run(
                Command(
                    form, text: "INSERT \(value)", parameters: [Wanted.json("$1", "bound")],
                    namedPlaces: [NamedPlaces(names: ["ssn"], text: [place], parameters: [0])]))
        }
        let texts = try Self.intents(session).compactMap { $0["command"]?["text"]?.string }
        #expect(Set(texts).count == 3 && texts.allSatisfy { $0.hasPrefix("INSERT «VALUE:") }, "\(texts)")
        #expect(!(try session.entries().contains { $0.text.contains("bound") }))
    }
}
