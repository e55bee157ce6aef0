import Testing

@testable import Policy

@Suite("Evaluation")
struct EvaluationTests {
    static let entities = [
        Entity(Fixture.uid(#"Group::"payments""#), parents: [Fixture.uid(#"Group::"staff""#)]),
        Entity(Fixture.uid(#"Target::"ledger""#), attributes: ["tier": "gold"], tags: ["team": "core"]),
        Entity(Fixture.uid(#"Action::"http.get""#), parents: [Fixture.uid(#"Action::"read""#)]),
        Entity(
            Fixture.uid(#"Function::"ledger/read""#), attributes: ["owner": .entity(Fixture.uid(#"User::"alice""#))]),
    ]
    static let request = Fixture.request(
        groups: ["payments"], in: [#"Target::"ledger""#],
        context: [
            "size": 7, "name": "a*b", "on": true, "tags": ["x", "y"], "detail": ["deep": ["er": 1]], "é": 1,
            "target": .entity(Fixture.uid(#"Target::"ledger""#)),
        ])

    @Test(
        "an expression has its value",
        arguments: [
            ("1 + 2 * 3 - 4", Value.long(3)), ("-(-9223372036854775807) ", .long(.max)),
            ("-9223372036854775808", .long(.min)),
            ("2 - 3 - 4", .long(-5)), ("--1", .long(1)), ("if context.on then 1 else \"x\"", .long(1)),
            ("context.size > 6 && context.size < 8", .bool(true)),
            ("context.size >= 7 && context.size <= 7", .bool(true)),
            ("true || context.missing", .bool(true)), ("false && context.missing", .bool(false)),
            ("!!!!true", .bool(true)),
            ("1 == \"1\"", .bool(false)), ("[1, 2, 2] == [2, 1]", .bool(true)), ("{a: 1} == {\"a\": 1}", .bool(true)),
            ("[1, \"a\", true].contains(\"a\")", .bool(true)), ("[1, 2].containsAll([2])", .bool(true)),
            ("[1, 2].containsAny([3, 2])", .bool(true)), ("[].isEmpty()", .bool(true)),
            ("context.tags.contains(\"x\")", .bool(true)), ("context has detail.deep.er", .bool(true)),
            ("context has detail.deep.other", .bool(false)), ("context has \"é\"", .bool(true)),
            ("context[\"é\"]", .long(1)),
            ("context has \"e\\u{301}\"", .bool(false)), ("context.detail[\"deep\"].er", .long(1)),
            ("\"a*b\" like \"a\\*b\"", .bool(true)), ("\"axb\" like \"a\\*b\"", .bool(false)),
            ("\"axxb\" like \"a*b\"", .bool(true)),
            ("\"\u{212a}\" == \"K\"", .bool(false)), ("\"é\" == \"e\u{301}\"", .bool(false)),
            (#"principal in Group::"payments""#, .bool(true)), (#"principal in Group::"staff""#, .bool(true)),
            (#"principal in Group::"other""#, .bool(false)),
            (#"principal in [Group::"x", Group::"staff"]"#, .bool(true)),
            (#"principal in []"#, .bool(false)), ("principal in principal", .bool(true)),
            (#"action in Action::"read""#, .bool(true)), (#"resource in Target::"ledger""#, .bool(true)),
            ("resource in context.target", .bool(true)), ("resource.owner == principal", .bool(true)),
            (#"Group::"payments" in Group::"staff""#, .bool(true)),
            (#"principal is User in Group::"staff""#, .bool(true)),
            ("principal is Group", .bool(false)), ("principal.email", "alice@example.com"),
            ("principal has phone", .bool(false)),
            (#"Target::"ledger".tier"#, "gold"), (#"Target::"ledger".getTag("team")"#, "core"),
            (#"Target::"ledger".hasTag("x")"#, .bool(false)), (#"User::"nobody" has name"#, .bool(false)),
            (#"User::"nobody".hasTag("x")"#, .bool(false)), ("resource has owner.email", .bool(true)),
            (#"ip("10.1.2.3").isInRange(ip("10.0.0.0/8"))"#, .bool(true)), (#"ip("::1").isLoopback()"#, .bool(true)),
            (#"ip("127.0.0.1") == ip("127.0.0.1/32")"#, .bool(true)),
            (#"ip("10.0.0.1/8") == ip("10.0.0.0/8")"#, .bool(false)),
            (#"decimal("1.50") == decimal("1.5")"#, .bool(true)),
            (#"decimal("1.1").lessThan(decimal("1.2"))"#, .bool(true)),
            (#"datetime("2024-02-29").toTime().toHours()"#, .long(0)),
            (#"datetime("2024-01-02").durationSince(datetime("2024-01-01")) == duration("1d")"#, .bool(true)),
            (#"datetime("1969-12-31T23:00:00Z").toDate() == datetime("1969-12-31")"#, .bool(true)),
            (#"datetime("2024-01-01").offset(duration("-1ms")) < datetime("2024-01-01")"#, .bool(true)),
            (#"duration("-90s").toMinutes()"#, .long(-1)), ("{\"a b\": 1}[\"a b\"]", .long(1)),
        ] as [(String, Value)])
    func value(text: String, expected: Value) throws {
        let result = try Fixture.evaluate(text, Self.request, Self.entities)
        guard case .success(let value) = result else {
            Issue.record("\(text): \(result)")
            return
        }
        #expect(value == expected, "\(text)")
    }

    @Test(
        "an expression without a value says why",
        arguments: [
            ("9223372036854775807 + 1", "integer overflow in 9223372036854775807 + 1"),
            ("-9223372036854775807 - 2", "integer overflow"), ("-(-9223372036854775808)", "integer overflow in -("),
            ("4611686018427387904 * 2", "integer overflow"), ("1 + \"a\"", "expected long, found string"),
            ("1 && true", "expected bool, found long"), ("true && 1", "expected bool, found long"),
            ("!1", "expected bool, found long"), ("if 1 then 2 else 3", "expected bool"),
            ("1 < true", "cannot compare long with bool"),
            (#"decimal("1.0") < decimal("2.0")"#, "cannot compare decimal with decimal"),
            ("\"a\" < \"b\"", "cannot compare"),
            ("context.missing", "context has no attribute \"missing\""),
            ("principal.phone", #"User::"alice" has no attribute "phone""#),
            (#"User::"nobody".name"#, "has no attribute"), ("context.detail.nothing", "the record has no attribute"),
            ("context.size.x", "expected record or entity, found long"),
            ("context.size has x", "expected record or entity"),
            ("context.size in principal", "expected entity, found long"),
            ("principal in 1", "expected entity or set of entities"),
            ("principal in [principal, 1]", "expected entity, found long"), ("1 is User", "expected entity"),
            ("context.size like \"*\"", "expected string"), ("1.contains(1)", "expected set"),
            ("[1].containsAll(1)", "expected set"),
            ("1.isEmpty()", "expected set"), ("principal.getTag(\"x\")", "has no tag"),
            ("principal.getTag(1)", "expected string"),
            ("context.getTag(\"x\")", "expected entity"), (#"ip("10.0.0.256")"#, #""10.0.0.256" is not a valid ip"#),
            (#"decimal("1.23456")"#, "is not a valid decimal"), (#"datetime("2023-02-29")"#, "is not a valid datetime"),
            (#"duration("1h1d")"#, "is not a valid duration"), ("ip(1)", "expected string, found long"),
            (#"ip("::1").isIpv4(1)"#, "isIpv4 takes 1 arguments and was given 2"),
            (#""::1".isIpv6()"#, "expected ipaddr, found string"),
            (
                #"datetime("1970-01-01").offset(duration("9223372036854775807ms")).offset(duration("1ms"))"#,
                "offset overflows"
            ),
            (#"decimal("1.0").lessThan(1)"#, "expected decimal"), ("-true", "expected long"),
        ])
    func error(text: String, expected: String) throws {
        let result = try Fixture.evaluate(text, Self.request, Self.entities)
        guard case .failure(let error) = result else {
            Issue.record("\(text): \(result)")
            return
        }
        #expect(error.message.contains(expected), "\(text): \(error.message)")
    }

    @Test(
        "a pattern matches whole texts",
        arguments: [
            ("", "", true), ("", "a", false), ("*", "", true), ("*", "anything", true), ("a*", "a", true),
            ("a*", "ba", false),
            ("*a", "ba", true), ("*a", "ab", false), ("a*a", "a", false), ("a*a", "aa", true),
            ("*ab*ab*", "abxab", true),
            ("*ab*ab*", "abab", true), ("*ab*ab*", "ab", false), ("*aab", "aaab", true), ("**", "x", true),
            ("é", "e\u{301}", false),
            ("a*b*c", "aXbYc", true), ("a*b*c", "acb", false), ("*日*", "今日は", true), ("a*bc*c", "abc", false),
        ])
    func pattern(pattern: String, text: String, matches: Bool) {
        let elements = pattern.unicodeScalars.map { $0 == "*" ? PatternElement.wildcard : .character($0) }
        #expect(WildcardPattern(elements).matches(text) == matches)
    }

    @Test("a pattern of many wildcards takes no exponential time")
    func hostilePattern() {
        let pattern = Array(repeating: [PatternElement.wildcard, .character("a")], count: 200).flatMap { $0 }
        #expect(!WildcardPattern(pattern + [.character("b")]).matches(String(repeating: "a", count: 2_000)))
    }
}
