import StrictJSON
import Testing

@testable import Policy

@Suite("Policy test table")
struct PolicyTestTableTests {
    static func table(_ cases: JSONValue...) throws -> PolicyTestTable {
        try PolicyTestTable(json: ["cases": .array(cases)])
    }

    static let policies = """
        @id("read") @mask("pii") permit(principal in Group::"payments", action in Action::"read", resource in Target::"ledger");
        @id("big") @approve("sre") permit(principal, action == Action::"http.post", resource) when { context.size > 5 };
        @id("never") forbid(principal == User::"mallory", action, resource);
        """

    @Test("cases pass and fail with reasons, and coverage names what nothing determined")
    func report() throws {
        let set = try Fixture.set(Self.policies, PolicySetTests.entities)
        let table = try Self.table(
            [
                "name": "alice reads", "principal": "alice", "groups": ["payments"], "action": "http.get",
                "resource": "Function::\"ledger/read\"", "in": ["Target::\"ledger\""], "expect": "allow", "by": "read",
                "masks": ["pii"],
            ],
            [
                "principal": "User::\"alice\"", "action": "Action::\"http.post\"", "resource": "Function::\"x\"",
                "context": ["size": 7], "expect": "approve", "by": "big",
            ],
            [
                "principal": "alice", "groupsUnknown": "too many", "action": "http.get", "resource": "Function::\"x\"",
                "in": "Target::\"ledger\"", "expect": "allow", "by": "raed", "masks": ["pii"],
            ])
        let report = table.run(set, PolicyVocabulary(targets: [], actions: []))
        #expect(!report.hasPassed)
        #expect(
            "\(report)" == """
                pass  alice reads
                pass  case 2
                FAIL  case 3
                      expected allow, got deny by default-deny
                      expected a decision by raed, got one by default-deny; there is no policy of that name
                      expected masks [pii], got []
                2 of 3 cases passed
                2 of 3 policies determined a case
                      not covered: forbid never (test.cedar:3:14)
                """)
    }

    @Test(
        "a malformed table is refused with the path",
        arguments: [
            ([:], "cases: expected a list of cases"),
            ([], "cases: the list is empty; a table has at least one case"),
            (["cases": []], "cases: the list is empty; a table has at least one case"),
            ([["action": "a", "resource": "R::\"x\"", "expect": "allow"]], "cases[0].principal: is missing"),
            (
                [["principal": "a", "action": 1, "resource": "R::\"x\"", "expect": "allow"]],
                "cases[0].action: expected a string"
            ),
            (
                [["principal": "a", "action": "b", "resource": "x", "expect": "allow"]],
                "cases[0].resource: \"x\" is no entity"
            ),
            (
                [["principal": "a", "action": "b", "resource": "R::\"x\"", "expect": "yes"]],
                "cases[0].expect: takes allow, approve or deny"
            ),
            (
                [["principal": "a", "action": "b", "resource": "R::\"x\"", "expects": "allow"]],
                "cases[0]: unknown key \"expects\" (did you mean \"expect\"?)"
            ),
            (
                [["principal": "a", "groups": [1], "action": "b", "resource": "R::\"x\"", "expect": "allow"]],
                "cases[0].groups[0]: expected a string"
            ),
            (
                [
                    [
                        "principal": "a", "action": "b", "resource": "R::\"x\"", "context": ["a": ["b": nil]],
                        "expect": "allow",
                    ]
                ], "cases[0].context.a.b: null has no place"
            ),
            (
                [
                    [
                        "principal": "a", "action": "b", "resource": "R::\"x\"", "context": ["a": .number("1.5")],
                        "expect": "allow",
                    ]
                ], "cases[0].context.a: 1.5 is no 64-bit integer"
            ),
            (
                [
                    [
                        "principal": "a", "action": "b", "resource": "R::\"x\"",
                        "context": ["a": ["__extn": ["fn": "ip", "arg": "x"]]], "expect": "allow",
                    ]
                ], "cases[0].context.a: \"x\" is not a valid ip"
            ),
            (
                [
                    [
                        "principal": "a", "action": "b", "resource": "R::\"x\"", "groups": ["g"], "groupsUnknown": "y",
                        "expect": "allow",
                    ]
                ], "cases[0].groupsUnknown: groups are either given or unknown"
            ),
        ] as [(JSONValue, String)])
    func malformed(json: JSONValue, expected: String) {
        do throws(PolicyDecodingError) {
            _ = try PolicyTestTable(json: json)
            Issue.record("accepted")
        } catch {
            #expect("\(error)".hasPrefix(expected), "\(error)")
        }
    }

    @Test("values are read as Cedar's JSON writes them")
    func values() throws {
        let json: JSONValue = [
            "ip": ["__extn": ["fn": "ip", "arg": "10.0.0.1"]], "who": ["__entity": ["type": "User", "id": "x"]],
            "set": [1, "a", [true]], "record": ["__extn": 1, "other": 2],
        ]
        let record = try Value.record(json, path: "context")
        #expect(record["ip"] == Value.IPAddress("10.0.0.1").map { .ip($0) })
        #expect(record["who"] == .entity(EntityUID(type: "User", id: "x")))
        #expect(record["set"] == [1, "a", [true]])
        #expect(record["record"] == ["__extn": 1, "other": 2])
    }
}
