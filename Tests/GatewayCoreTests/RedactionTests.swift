import AdapterTestKit
import GatewayCore
import StrictJSON
import Testing

@Suite("Redaction of commands in the log")
struct RedactionTests {
    /// What the entry of a command says of it, with the rule set `pii` in its decision.
    private func recorded(
        _ parameters: Parameter..., facts: [Fact] = [], text: String = "POST /customer", name: String = "customer"
    ) async throws -> (command: JSONValue, text: String, gateway: KitGateway) {
        let session = try await TrySession(try Wanted.gateway())
        var command = Wanted.call(name, facts: facts, text: text)
        command.parameters = parameters
        _ = try await session.run(command)
        let entry = try #require(try session.entries().last { $0.kind == "intent" || $0.kind == "refusal" })
        return (try #require(entry.json["command"]), entry.text, session.gateway)
    }

    private func value(_ command: JSONValue, _ index: Int = 0) -> JSONValue? {
        command["parameters"]?[index]?["value"]
    }

    @Test("a parameter whose name a masking rule selects stands as a keyed digest")
    func byName() async throws {
        let seen = try await recorded(Wanted.json("secret_word", "xyzzy"), Wanted.json("SSN", 7), Wanted.json("n", 7))
        #expect(value(seen.command)?.string == seen.gateway.redactor.digest(of: "xyzzy"))
        #expect(value(seen.command, 1)?.string == seen.gateway.redactor.digest(of: "7"))
        #expect(value(seen.command, 2) == 7)
    }

    @Test("equal values have equal digests, so that records can be searched for a known one")
    func searchable() async throws {
        let seen = try await recorded(Wanted.json("secret_a", "xyzzy"), Wanted.json("secret_b", "xyzzy"))
        #expect(value(seen.command) == value(seen.command, 1))
    }

    @Test("everything below a selected name is taken out, and the shape stays")
    func below() async throws {
        let seen = try await recorded(Wanted.json("secret", ["a": ["one", 2, true, nil]]))
        let digest = seen.gateway.redactor.digest(of:)
        #expect(
            value(seen.command) == ["a": [.string(digest("one")), .string(digest("2")), .string(digest("true")), nil]])
    }

    @Test("a name is found at any depth, in lists and in documents inside strings")
    func depth() async throws {
        let seen = try await recorded(
            Wanted.json("a", [["b": ["ssn": "in-clear"]]]), Wanted.json("c", #"{"x":[{"secret":"in-clear"}]}"#))
        #expect(!seen.text.contains("in-clear") && seen.text.contains("«VALUE:"))
    }

    @Test(
        "a selected name's value does not stand in the text or in a fact either",
        arguments: [
            "GET /c?ssn=in-clear", "GET /c?a=1&s%73n=in-clear&b=2", "GET /c?SSN=in-clear tools/call x",
            "SELECT 1 FROM c WHERE ssn = 'in-clear' AND x = 1", "SELECT 1 FROM c WHERE c.\"SSN\"='in-clear too'",
            "UPDATE c SET n = 1, ssn ='it''s in-clear', m = 2", "SELECT 1 WHERE ssn = in-clear", "WHERE ssn='in-clear",
            "GET /c?a;ssn=in-clear", "run --secret-word=in-clear", "GET /c?secret+x=in-clear%20too",
        ])
    func texts(text: String) async throws {
        let facts = [Fact("http.query", .string(text)), Fact("http.tags", .strings(["new", text]))]
        let seen = try await recorded(facts: facts, text: text)
        #expect(!seen.text.contains("in-clear"), "\(seen.text)")
        #expect(seen.command["text"] == seen.command["facts"]?["http.query"])
        #expect(seen.command["facts"]?["http.tags"]?[0] == "new")
        #expect(seen.command["text"] == seen.command["facts"]?["http.tags"]?[1])
    }

    @Test("in a text a value has the digest that it has as a parameter, and all else stays")
    func pairs() async throws {
        let seen = try await recorded(Wanted.json("ssn", "a b"), text: "GET /c?x=1&ssn=a+b&y=%20")
        #expect(seen.command["text"]?.string == "GET /c?x=1&ssn=\(value(seen.command)?.string ?? "")&y=%20")
    }

    @Test("values that have their names from where they stand are taken out of the text and the parameters")
    func placed() async throws {
        let session = try await TrySession(try Wanted.gateway())
        let text = "INSERT (n, ssn) VALUES (7, 'it''s', $1) 'stays' ssn = 'other'"
        let bytes = Array(text.utf8)
        func place(_ literal: String) throws -> Range<Int> {
            let start = try #require(bytes.firstRange(of: Array(literal.utf8)))
            return start.lowerBound..<start.upperBound
        }
        var command = Wanted.call("customer", text: text)
        command.parameters = [Wanted.json("$1", "second"), Wanted.json("$2", 8)]
        command.namedPlaces = [
            NamedPlaces(names: ["n"], text: [try place("7")], parameters: [1]),
            NamedPlaces(names: ["x", "SSN"], text: [try place("'it''s'")], parameters: [0]),
            NamedPlaces(names: ["ssn"], text: [900..<910], parameters: [9]),
        ]
        _ = try await session.run(command)
        let entry = try #require(try session.entries().last { $0.kind == "intent" })
        let digest = session.gateway.redactor.digest(of:)
        #expect(
            entry.json["command"]?["text"]?.string
                == "INSERT (n, ssn) VALUES (7, \(digest("it's")), $1) 'stays' ssn = \(digest("other"))")
        let seen = try #require(entry.json["command"])
        #expect(value(seen)?.string == digest("second") && value(seen, 1) == 8)
    }

    @Test("a value that can be of any name is taken for one of a selected name")
    func anyPlace() async throws {
        let session = try await TrySession(try Wanted.gateway())
        var command = Wanted.call("customer", text: "VALUES 'in-clear'")
        command.namedPlaces = [NamedPlaces(names: [], text: [7..<17])]
        _ = try await session.run(command)
        let entry = try #require(try session.entries().last { $0.kind == "intent" })
        #expect(!entry.text.contains("in-clear"))
    }

    @Test("what a detector knows is taken out wherever it stands")
    func detectors() async throws {
        let card = "4111 1111 1111 1111"
        let seen = try await recorded(
            Wanted.json("note", .string("card \(card)")), Wanted.json(card, ["in": .string(card)]),
            facts: [Fact("http.path", .string("/\(card)")), Fact("http.tags", .strings(["new", "of \(card)"]))],
            text: "POST /customer \(card)", name: "customer \(card)")
        #expect(!seen.text.contains("1111 1111") && value(seen.command)?.string?.hasPrefix("card «PAN:") == true)
        #expect(seen.command["facts"]?["http.tags"]?[1]?.string?.hasPrefix("of «PAN:") == true)
    }

    @Test("a number that is a card is taken out too")
    func numbers() async throws {
        let seen = try await recorded(Wanted.json("n", .number("4111111111111111")), Wanted.json("m", .number("1e3")))
        #expect(value(seen.command)?.string?.hasPrefix("«PAN:") == true && value(seen.command, 1) == "1e3")
    }

    @Test("names that redaction makes equal keep their members apart")
    func collisions() async throws {
        let seen = try await recorded(
            Wanted.json("cards", ["4111 1111 1111 1111": "a", "4111111111111111": "b", "4111-1111-1111-1111": "c"]))
        let members = try #require(value(seen.command)?.object)
        #expect(Set(members.map(\.value)) == ["a", "b", "c"])
        #expect(Set(members.map(\.name)).count == 3 && members.allSatisfy { $0.name.hasPrefix("«PAN:") })
    }

    @Test("no permit says which rules apply to a refused command, so all do")
    func refused() async throws {
        let seen = try await recorded(
            Wanted.json("ssn", "in-clear"), Wanted.json("salary", "in-clear"), Wanted.json("n", "stays"), name: "export"
        )
        #expect(!seen.text.contains("in-clear") && seen.text.contains("stays"))
    }

    @Test("rules that the decision does not carry take nothing out")
    func otherRules() async throws {
        let seen = try await recorded(Wanted.json("salary", "stays"), text: "GET /c?salary=stays")
        #expect(value(seen.command) == "stays" && seen.command["text"] == "GET /c?salary=stays")
    }
}
