import Testing

@testable import Policy

@Suite("Policy check")
struct PolicyCheckTests {
    static let vocabulary = PolicyVocabulary(
        targets: ["ledger", "crm"], actions: ["http.get", "http.post"], actionGroups: ["sql.read", "read"],
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
                #"permit(principal, action == Action::"read", resource);"#,
                #"error 1:19 read is a group of actions and never an action by itself: write `action in Action::"read"`"#
            ),
            (
                #"forbid(principal, action, resource) unless { Action::"read" != action };"#,
                #"error 1:46 read is a group of actions and never an action by itself: write `action in Action::"read"`"#
            ),
            (
                #"permit(principal, action, resource) when { [Action::"http.get", Action::"read"].contains(action) };"#,
                #"error 1:44 read is a group of actions and never an action by itself: write `action in Action::"read"`"#
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
            #"permit(principal, action, resource) when { action in Action::"read" && action != Action::"http.post" };"#,
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
