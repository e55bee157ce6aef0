import Testing

@testable import Policy

@Suite("Syntax")
struct SyntaxTests {
    @Test(
        "a malformed policy is refused with its place",
        arguments: [
            ("permit", "1:7 expected \"(\", found the end of the file"),
            ("permit(principal, action, resource)", "1:36 expected when, unless or \";\", found the end of the file"),
            ("allow(principal, action, resource);", "1:1 expected permit or forbid, found \"allow\""),
            ("permit(action, principal, resource);", "1:8 expected \"principal\", found \"action\""),
            ("permit(principal, action);", "1:25 expected \",\" and then resource, found \")\""),
            ("permit(principal, action, resource, context);", "1:37 expected \")\""),
            ("permit(principal: User, action, resource);", "1:17 write \"is\" to ask for a type"),
            ("permit(principal == \"alice\", action, resource);", "1:21 expected an entity"),
            ("permit(principal == User, action, resource);", "1:25 expected \"::\""),
            (
                "permit(principal is User == User::\"a\", action, resource);",
                "1:26 \"is\" and \"==\" do not go together"
            ),
            ("permit(principal in User::\"a\" is User, action, resource);", "1:31 write \"principal is T in E\""),
            ("permit(principal in [User::\"a\"], action, resource);", "1:21 expected an entity"),
            ("permit(principal, action is Action, resource);", "1:26 the action's scope takes"),
            ("permit(principal, action == User::\"a\", resource);", "1:29 expected an action such as"),
            ("permit(principal == ?principal, action, resource);", "1:21 templates (?principal) are not supported"),
            ("permit(principal, action, resource) when { };", "1:44 the when clause is empty"),
            (
                "permit(principal, action, resource) where { true };",
                "1:37 expected when, unless or \";\", found \"where\""
            ),
            ("permit(principal, action, resource)\nwhen { foo };", "2:8 unknown variable \"foo\""),
            ("permit(principal, action, resource)\nwhen { 1 < 2 < 3 };", "2:14 comparisons do not chain"),
            ("permit(principal, action, resource)\nwhen { context.a = 1 };", "2:18 write \"==\" to compare"),
            ("permit(principal, action, resource)\nwhen { 4 / 2 == 2 };", "2:10 Cedar has no \"/\" operator"),
            ("permit(principal, action, resource)\nwhen { !!!!!true };", "2:8 \"!\" stands more than four times"),
            (
                "permit(principal, action, resource)\nwhen { 9223372036854775808 == 1 };",
                "2:8 the integer does not fit in 64 bits"
            ),
            (
                "permit(principal, action, resource)\nwhen { -9223372036854775808.x == 1 };",
                "2:9 the integer does not fit"
            ),
            ("permit(principal, action, resource)\nwhen { {a: 1, \"a\": 2} == 1 };", "2:15 member \"a\" stands twice"),
            ("permit(principal, action, resource)\nwhen { {if: 1} == 1 };", "2:9 \"if\" is reserved"),
            ("permit(principal, action, resource)\nwhen { context.like };", "2:16 \"like\" is reserved"),
            ("permit(principal, action, resource)\nwhen { context has if };", "2:20 \"if\" is reserved"),
            (
                "permit(principal, action, resource)\nwhen { context[1] };",
                "2:16 expected an attribute's name as a string"
            ),
            ("permit(principal, action, resource)\nwhen { context like foo };", "2:21 expected a pattern"),
            (
                "permit(principal, action, resource)\nwhen { [1].contain(1) };",
                "2:12 unknown method \"contain\" (did you mean \"contains\"?)"
            ),
            (
                "permit(principal, action, resource)\nwhen { [1].contains() };",
                "2:12 contains takes 1 arguments, found 0"
            ),
            ("permit(principal, action, resource)\nwhen { contains([1], 1) };", "2:8 contains is a method"),
            ("permit(principal, action, resource)\nwhen { \"1\".ip() };", "2:12 ip is a function; write ip(…)"),
            (
                "permit(principal, action, resource)\nwhen { decimals(\"1.0\") };",
                "2:8 unknown function \"decimals\" (did you mean \"decimal\"?)"
            ),
            ("permit(principal, action, resource)\nwhen { principal() };", "2:8 principal is not a function"),
            ("permit(principal, action, resource)\nwhen { (1)(2) };", "2:11 only functions and methods can be called"),
            (
                "permit(principal, action, resource)\nwhen { 1 + if true then 1 else 2 };",
                "2:12 put parentheses around if"
            ),
            ("permit(principal, action, resource)\nwhen { if true then 1 };", "2:23 expected an operator or \"else\""),
            ("permit(principal, action, resource)\nwhen { \"\\q\" == \"\" };", "2:9 unknown escape"),
            ("permit(principal, action, resource)\nwhen { \"ab\\u{110000}\" == \"\" };", "2:11 \\u takes one to six"),
            (
                "permit(principal, action, resource)\nwhen { \"é\\x80\" == \"\" };",
                "2:10 \\x takes two hexadecimal digits"
            ),
            ("permit(principal, action, resource)\nwhen { \"\\*\" == \"\" };", "2:9 unknown escape"),
            ("permit(principal, action, resource)\nwhen { \"open };\n", "2:8 unterminated string"),
            ("permit(principal, action, resource)\nwhen { 1 # 2 };", "2:10 unexpected character \"#\""),
            ("permit(principal, action, resource)\nwhen { é };", "2:8 unexpected character \"é\""),
            ("permit(principal, action, resource)\nwhen { a & b };", "2:10 unexpected character \"&\""),
            ("@id(\"a\") @id(\"b\") permit(principal, action, resource);", "1:10 annotation @id stands twice"),
            ("@id(a) permit(principal, action, resource);", "1:5 expected the annotation's value, a string"),
            ("@ permit(principal, action, resource);", "1:10 expected the annotation's value"),
            (";", "1:1 expected permit or forbid"),
            ("\u{feff}permit(principal, action, resource);", "1:1 unexpected character"),
        ])
    func refused(text: String, expected: String) {
        let errors = Fixture.errors(text)
        #expect(errors.contains { $0.hasPrefix(expected) }, "\(text): \(errors)")
    }

    @Test(
        "what the language allows is read",
        arguments: [
            "", "// nothing but a comment", "permit(principal,action,resource,);",
            "forbid ( principal , action , resource ) ;",
            "@id(\"x\") @if @note(\"\") permit(principal, action, resource);",
            "permit(principal == (User::\"a\"), action in ([Action::\"x\", (N::Action::\"y\"),]), resource is A::B in C::\"d\");",
            "permit(principal, action in [], resource);", "permit(principal is principal, action, resource);",
            "permit(principal, action, resource) when { true } unless { false } when { context.permit };",
            "permit(principal, action, resource) when { {\"a b\": [1, 2,], permit: {},} has \"a b\" };",
            "permit(principal, action, resource) when { principal::\"x\" == when::\"y\" };",
            "permit(principal, action, resource) when { (if true then 1 else 2) + -1 == - 1 };",
            "permit(principal, action, resource) when { \"\\n\\r\\t\\\\\\0\\'\\\"\\x41\\u{1_F600}\" like \"\\*\\u{2a}*\" };",
            "permit(principal, action, resource) when { \"a\nb\" == \"\" };\u{a0}\u{2028}// end",
            "permit(principal, action, resource) when { context has a.b.principal };",
            "permit(principal, action, resource) when { 1.foo };", "permit(principal, action, resource) when { ip() };",
        ])
    func accepted(text: String) { #expect(Fixture.errors(text).isEmpty) }

    @Test("all errors of all files are reported at once, in their order")
    func severalErrors() {
        let first = PolicySource(
            name: "a.cedar",
            text: """
                permit(principal, action);
                permit(principal, action, resource) when { foo };
                @record("everything") permit(principal, action, resource) when { [1].contain(1) && decimals("1") };
                """)
        let second = PolicySource(
            name: "b.cedar", text: "permit(principal, action, resource) when { \"open };\nforbid(;")
        var places: [String] = []
        do throws(PolicyErrors) {
            _ = try PolicySet.load([first, second])
        } catch {
            places = error.errors.map { "\($0.position)" }
        }
        #expect(
            places == [
                "a.cedar:1:25", "a.cedar:2:44", "a.cedar:3:9", "a.cedar:3:70", "a.cedar:3:84", "b.cedar:1:44",
                "b.cedar:2:8",
            ])
    }

    @Test("two policies cannot have one id")
    func duplicateIdentifiers() {
        let policy = "@id(\"x\") permit(principal, action, resource);\n"
        #expect(Fixture.errors(policy + policy) == ["2:1 @id \"x\" is that of f:1:1 too"])
    }

    @Test(
        "nesting is limited and does not exhaust the stack",
        arguments: [
            ("(", ")", "1 == 1"), ("[", "]", ""), ("!(", ")", "true"), ("{a: ", "}", "1"),
            ("if true then ", " else 1", "1"),
            ("ip(", ")", "1"), ("-(", ")", "1"), ("", ".a", "context"), ("", "[\"a\"]", "context"),
            ("", ".toDate()", "context"),
        ])
    func nesting(opening: String, closing: String, core: String) {
        func policy(_ depth: Int) -> String {
            let open = String(repeating: opening, count: depth)
            return
                "permit(principal, action, resource) when { \(open)\(core)\(String(repeating: closing, count: depth)) };"
        }
        #expect(Fixture.errors(policy(40)).isEmpty)
        let errors = Fixture.errors(policy(100_000))
        #expect(errors.count == 1)
        #expect(errors.first?.contains("nested deeper than 100 levels") == true, "\(errors)")
    }

    @Test("scopes nest to the same limit")
    func scopeNesting() {
        let open = String(repeating: "(", count: 100_000)
        #expect(Fixture.errors("permit(principal == \(open)").first?.contains("nested deeper") == true)
        #expect(Fixture.errors("permit(principal, action in \(open)").first?.contains("nested deeper") == true)
    }

    @Test("long chains are no nesting", arguments: ["&&", "||"])
    func longChains(operation: String) throws {
        let literal = operation == "&&" ? "true" : "false"
        let chain = Array(repeating: literal, count: 50_000).joined(separator: " \(operation) ")
        let set = try Fixture.set("permit(principal, action, resource) when { \(chain) };")
        #expect(set.decide(Fixture.request()).allowed == (operation == "&&"))
        let sum = Array(repeating: "1", count: 50_000).joined(separator: " + ")
        #expect(try Fixture.evaluate(sum, Fixture.request(), []).get() == .long(50_000))
    }

    @Test("a file of megabytes of garbage ends in errors")
    func garbage() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("permit()[]{};:\"\\.@?/*-+!=<>&| \n\t日")
        let text = String((0..<200_000).map { _ in alphabet[random.below(alphabet.count)] })
        #expect(!Fixture.errors(text).isEmpty)
    }

    @Test("a long string and a long set are read")
    func largeLiterals() throws {
        let text = String(repeating: "x", count: 1_000_000)
        let elements = (0..<20_000).map(String.init).joined(separator: ",")
        let set = try Fixture.set(
            "permit(principal, action, resource) when { \"\(text)\" like \"x*x\" && [\(elements)].contains(19999) };")
        #expect(set.decide(Fixture.request()).allowed)
    }
}
