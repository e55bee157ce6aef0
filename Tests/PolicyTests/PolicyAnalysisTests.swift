import StrictJSON
import Testing

@testable import Policy

@Suite("Policy check")
struct PolicyCheckTests {
    static let vocabulary = PolicyVocabulary(
        targets: ["ledger", "crm"], actions: ["http.get", "http.post", "sql.read", "read"],
        resourceTypes: ["Function", "Table"], maskingRuleSets: ["customer-pii"], approverGroups: ["dba-leads"],
        contextAttributes: ["http.body_bytes", "opaque", "sql.has_where"])
    static let entities = [
        Entity(Fixture.uid(#"Target::"ledger""#)),
        Entity(Fixture.uid(#"Action::"http.get""#), parents: [Fixture.uid(#"Action::"read""#)]),
    ]

    static func findings(_ text: String) throws -> [String] {
        PolicyCheck(try Fixture.set(text, entities), vocabulary: vocabulary).findings.map {
            "\($0.severity) \($0.position.line):\($0.position.column) \($0.message)"
        }
    }

    @Test(
        "a policy is held against what is declared",
        arguments: [
            (
                #"permit(principal, action, resource in Target::"legder");"#,
                #"error 1:27 unknown target Target::"legder" (did you mean "ledger"?)"#
            ),
            (
                #"permit(principal, action == Action::"http.gte", resource);"#,
                #"error 1:19 unknown action Action::"http.gte" (did you mean "http.get"?)"#
            ),
            (
                #"permit(principal, action in [Action::"read", Action::"fly"], resource);"#,
                #"error 1:19 unknown action Action::"fly""#
            ),
            (
                "permit(principal is Usr, action, resource);",
                "error 1:8 no principal is of type Usr (did you mean \"User\"?)"
            ),
            (
                "permit(principal, action, resource is Tabel);",
                "error 1:27 no resource is of type Tabel (did you mean \"Table\"?)"
            ),
            (
                #"permit(principal in Grup::"x", action, resource);"#,
                #"error 1:8 unknown type Grup in Grup::"x" (did you mean "Group"?)"#
            ),
            (
                "permit(principal, action, resource) when { context.opaqe };",
                "error 1:44 unknown context attribute \"opaqe\" (did you mean \"opaque\"?)"
            ),
            (
                "permit(principal, action, resource) when { context.sql.has_were };",
                "error 1:44 unknown context attribute \"sql.has_were\" (did you mean \"sql.has_where\"?)"
            ),
            (
                "permit(principal, action, resource) when { resource in Target::\"x\" };",
                #"error 1:56 unknown target Target::"x""#
            ),
            (
                "@mask(\"customer-pi\") permit(principal, action, resource);",
                "error 1:7 unknown masking rule set \"customer-pi\" (did you mean \"customer-pii\"?)"
            ),
            (
                "@approve(\"2 of dba-lead\") permit(principal, action, resource);",
                "error 1:10 unknown approver group \"dba-lead\" (did you mean \"dba-leads\"?)"
            ),
            (
                "@masks(\"customer-pii\") permit(principal, action, resource);",
                "error 1:1 @masks means nothing here; did you mean @mask?"
            ),
            (
                "@Approve(\"dba-leads\") permit(principal, action, resource);",
                "error 1:1 @Approve means nothing here; did you mean @approve?"
            ),
            (
                "@max_rows(\"5\") permit(principal, action, resource);",
                "error 1:1 @max_rows means nothing here; did you mean @maxrows?"
            ),
            (
                "@mask(\"customer-pii\") forbid(principal, action, resource) when { context.opaque };",
                "warning 1:1 @mask has no effect on a forbid"
            ),
            (
                "permit(principal, action, resource) when { ip(\"10.0.0\").isIpv4() };",
                "error 1:44 this always fails: \"10.0.0\" is not a valid ip"
            ),
            (
                "permit(principal, action, resource) when { ip(\"::\").isIpv4(1) };",
                "error 1:44 isIpv4 takes 0 arguments, found 1"
            ),
            (
                "permit(principal, action, resource) when { false };",
                "error 1:44 this policy can never match: this is always false"
            ),
            (
                "permit(principal, action, resource) when { context.opaque && 1 > 2 };",
                "error 1:62 this policy can never match: this is always false"
            ),
            (
                "permit(principal, action, resource) unless { true || context.opaque };",
                "error 1:46 this policy can never match: this is always true"
            ),
            (
                "permit(principal, action, resource) when { 1 + true == 2 };",
                "error 1:44 this policy can never match: this always fails: expected long, found bool"
            ),
            (
                "permit(principal, action in [], resource);",
                "error 1:19 this policy can never match: action is in no entity of an empty list"
            ),
            (
                #"permit(principal, action, resource == Table::"a") when { resource is Function };"#,
                "error 1:58 this policy can never match: resource cannot be of both type Table and type Function"
            ),
            (
                "permit(principal, action, resource) when { context.opaque == 1 && 2 == context[\"opaque\"] };",
                "error 1:67 this policy can never match: context[\"opaque\"] cannot be both 1 and 2"
            ),
            (
                #"permit(principal, action == Action::"http.get", resource) when { action == Action::"http.post" };"#,
                "error 1:66 this policy can never match: action cannot be both Action::\"http.get\" and Action::\"http.post\""
            ),
            (
                #"permit(principal, action == Action::"http.get", resource); forbid(principal, action in Action::"read", resource);"#,
                "warning 1:1 this permit has no effect: test.cedar:1 forbids all of it"
            ),
        ])
    func finding(text: String, expected: String) throws {
        let findings = try Self.findings(text)
        #expect(findings.contains(expected), "\(findings)")
    }

    @Test(
        "sound policies give no findings",
        arguments: [
            #"@id("x") @ticket("OPS-1") @mask("customer-pii") permit(principal in Group::"any", action in Action::"read", resource in Target::"ledger");"#,
            "permit(principal, action, resource) when { context has sql && context.sql.has_where && context[\"http.body_bytes\"] < 5 };",
            "permit(principal, action, resource is Table) unless { context.opaque } when { principal.email like \"*@example.com\" };",
            "permit(principal, action, resource) when { context.opaque == 1 || context.opaque == 2 };",
            "permit(principal, action, resource); forbid(principal, action, resource is Table);",
            "@approve(\"2 of dba-leads within 5m\") @advice(\"x\") @reason(\"y\") @record(\"full\") @maxrows(\"5\") permit(principal, action, resource);",
        ])
    func sound(text: String) throws { #expect(try Self.findings(text) == []) }

    @Test("the rendering is one line a finding")
    func rendering() throws {
        let set = try Fixture.set("@id(\"p\") permit(principal, action, resource) when { false };")
        let check = PolicyCheck(set, vocabulary: Self.vocabulary)
        #expect(check.hasErrors)
        #expect("\(check)" == "test.cedar:1:53: error: this policy can never match: this is always false [p]")
    }
}

@Suite("Policy explanation")
struct PolicyExplanationTests {
    @Test("every policy says what settled it")
    func verdicts() throws {
        let set = try Fixture.set(
            """
            @id("who") permit(principal == User::"bob", action, resource);
            @id("what") permit(principal, action == Action::"http.post", resource);
            @id("where") permit(principal, action, resource in Target::"crm");
            @id("when") permit(principal, action, resource) when { context.on && (context.size < 5 && true) };
            @id("unless") permit(principal, action, resource) unless { context.size == 1 || context.size > 5 };
            @id("not") permit(principal, action, resource) when { !(context.on) };
            @id("error") permit(principal, action, resource) when { context.on && 1 < context.missing + 1 };
            @id("branch") permit(principal, action, resource) when { if context.on then context.gone else true };
            @id("ok") permit(principal, action, resource);
            """)
        let explanation = PolicyExplanation(set, Fixture.request(context: ["on": true, "size": 7]))
        #expect(
            "\(explanation)" == """
                allow by ok
                  permit ok (test.cedar:9:11): determined the decision
                  permit who (test.cedar:1:19): does not apply to this principal: principal == User::"bob"
                  permit what (test.cedar:2:31): does not apply to this action: action == Action::"http.post"
                  permit where (test.cedar:3:40): does not apply to this resource: resource in Target::"crm"
                  permit when (test.cedar:4:71): does not hold: context.size < 5
                  permit unless (test.cedar:5:81): stopped by unless: context.size > 5
                  permit not (test.cedar:6:57): does not hold: context.on
                  permit error (test.cedar:7:75): could not be evaluated: context has no attribute "missing", in context.missing
                  permit branch (test.cedar:8:77): could not be evaluated: context has no attribute "gone", in context.gone
                """)
    }

    @Test("a permit that a forbid beats is said to match")
    func overridden() throws {
        let set = try Fixture.set(
            "@id(\"p\") permit(principal, action, resource);\n@id(\"f\") @advice(\"wait\") forbid(principal, action, resource);"
        )
        let explanation = PolicyExplanation(set, Fixture.request())
        #expect(explanation.verdicts.map(\.outcome) == [.overridden, .determined])
        #expect("\(explanation)".hasPrefix("deny by f\n  forbidden by f\n  next: wait\n"))
    }

    @Test("the explanation agrees with the decision on generated policies")
    func agreesWithDecision() throws {
        var generator = CaseGenerator(seed: 5)
        for _ in 0..<300 {
            let each = generator.make()
            let set = try Fixture.set(each.policies, each.entities)
            let byName = Dictionary(each.entities.map { ($0.uid, $0) }, uniquingKeysWith: { $1 })
            for asked in each.requests {
                let request = PolicyRequest(
                    principal: byName[asked.principal] ?? Entity(asked.principal), action: asked.action,
                    resource: byName[asked.resource] ?? Entity(asked.resource), context: asked.context)
                let explanation = PolicyExplanation(set, request)
                let erring = explanation.verdicts.filter { if case .failed = $0.outcome { true } else { false } }
                #expect(erring.map(\.policy) == explanation.decision.errors.map(\.policy))
                let determining = explanation.verdicts.filter { verdict in
                    let erringForbid = erring.contains(verdict) && verdict.effect == .forbid
                    return verdict.outcome == .determined || erringForbid
                }
                #expect(Set(determining.map(\.policy)) == Set(explanation.decision.determining))
            }
        }
    }
}

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
        let report = table.run(set)
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

@Suite("Policy replay")
struct PolicyReplayTests {
    @Test("changed decisions are shown as a diff, the same ones counted")
    func diff() throws {
        let old = try Fixture.set(
            """
            @id("get") permit(principal, action == Action::"get", resource);
            @id("put") permit(principal, action == Action::"put", resource);
            @id("list") permit(principal, action == Action::"list", resource);
            """)
        let new = try Fixture.set(
            """
            @id("get") @mask("pii") @approve("sre") @maxrows("5") @record("full") permit(principal, action == Action::"get", resource);
            @id("drop") permit(principal, action == Action::"drop", resource);
            @id("listing") permit(principal, action == Action::"list", resource);
            """)
        var replay = PolicyReplay(from: old, to: new)
        for action in ["get", "put", "drop", "list", "other"] {
            replay.replay(
                RecordedCommand(
                    id: "c-\(action)", requests: [Fixture.request("User::\"a\"", "Action::\"\(action)\"", "R::\"r\"")]))
        }
        #expect(
            "\(replay)" == """
                @@ c-get other obligations: User::"a" Action::"get" R::"r"
                - allow by get
                + allow by get; mask pii; approve 1 of sre within 15m; record full; at most 5 rows
                @@ c-put now denied: User::"a" Action::"put" R::"r"
                - allow by put
                + deny by default-deny
                @@ c-drop now allowed: User::"a" Action::"drop" R::"r"
                - deny by default-deny
                + allow by drop
                @@ c-list other rule: User::"a" Action::"list" R::"r"
                - allow by list
                + allow by listing
                5 commands replayed: 1 unchanged, 1 now denied, 1 now allowed, 1 other obligations, 1 other rule
                """)
    }

    @Test("a command is replayed with all of its effects")
    func severalEffects() throws {
        let old = try Fixture.set("permit(principal, action, resource);")
        let new = try Fixture.set("@id(\"get\") permit(principal, action == Action::\"get\", resource);")
        var replay = PolicyReplay(from: old, to: new)
        let requests = ["get", "put"].map { Fixture.request("User::\"a\"", "Action::\"\($0)\"") }
        replay.replay(RecordedCommand(id: "c", requests: requests))
        #expect(replay.changes.map(\.kind) == [.nowDenied])
    }
}
