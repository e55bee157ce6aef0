import Testing

@testable import Policy

@Suite("Obligations")
struct ObligationsTests {
    static func policy(_ annotation: String) -> String { "\(annotation) permit(principal, action, resource);" }

    @Test(
        "an approval is read",
        arguments: [
            ("dba-leads", ApprovalRequirement(groups: ["dba-leads"])),
            ("2 of dba-leads", ApprovalRequirement(approvers: 2, groups: ["dba-leads"])),
            (
                "2 of dba-leads, sre within 15m for 1h",
                ApprovalRequirement(
                    approvers: 2, groups: ["dba-leads", "sre"], within: .seconds(900), window: .seconds(3600))
            ),
            (
                "a,b for 7d within 90s",
                ApprovalRequirement(groups: ["a", "b"], within: .seconds(90), window: .seconds(604_800))
            ),
            ("  1  of  a ", ApprovalRequirement(groups: ["a"])),
        ] as [(String, ApprovalRequirement)])
    func approvals(text: String, expected: ApprovalRequirement) throws {
        let set = try Fixture.set(Self.policy("@approve(\"\(text)\")"))
        #expect(set.decide(Fixture.request()).obligations.approvals == [expected])
        #expect(try ApprovalRequirement(parsing: expected.description) == expected, "it reads what it writes")
    }

    @Test(
        "a malformed annotation refuses the file and names the place",
        arguments: [
            ("@approve(\"\")", "1:10 @approve: names no group"), ("@approve", "1:1 @approve: names no group"),
            ("@approve(\"0 of a\")", "1:10 @approve: \"0\" is no number of approvers"),
            ("@approve(\"two of a\")", "1:10 @approve: \"two\" is no number"),
            ("@approve(\"101 of a\")", "1:10 @approve: \"101\""),
            ("@approve(\"2 of\")", "1:10 @approve: names no group"),
            ("@approve(\"a,,b\")", "1:10 @approve: names no group"),
            ("@approve(\"a b\")", "1:10 @approve: \"a b\" is no group's name"),
            ("@approve(\"a, a\")", "1:10 @approve: names a group twice"),
            ("@approve(\"a within 15\")", "1:10 @approve: \"15\" is no length of time"),
            ("@approve(\"a within 0m\")", "1:10 @approve: \"0m\""),
            ("@approve(\"a within -1m\")", "1:10 @approve: \"-1m\""),
            ("@approve(\"a within 999999999999d\")", "1:10 @approve:"),
            ("@approve(\"a for 9223372036854775807d\")", "1:10 @approve:"),
            ("@approve(\"a within 1m within 2m\")", "1:10 @approve: \"within\" stands twice"),
            ("@approve(\"a for 1m for 2m\")", "1:10 @approve: \"for\" stands twice"),
            ("@approve(\"within 1m\")", "1:10 @approve: names no group"),
            ("@mask(\"\")", "1:7 @mask takes"), ("@mask(\"a,\")", "1:7 @mask takes"),
            ("@record(\"all\")", "1:9 @record takes"),
            ("@record(\"Full\")", "1:9 @record takes"), ("@maxrows(\"0\")", "1:10 @maxrows takes"),
            ("@maxrows(\"-1\")", "1:10 @maxrows takes"),
            ("@maxrows(\"+5\")", "1:10 @maxrows takes"), ("@maxrows(\"1e3\")", "1:10 @maxrows takes"),
            ("@maxrows(\"99999999999999999999\")", "1:10 @maxrows takes"), ("@id(\" \")", "1:5 @id is empty"),
        ])
    func malformed(annotation: String, expected: String) {
        let errors = Fixture.errors(Self.policy(annotation))
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix(expected) == true, "\(errors)")
    }

    @Test("obligations of all matching permits add up")
    func union() throws {
        let set = try Fixture.set(
            """
            @mask("pii, cards") @approve("a") @record("none") @maxrows("1000") permit(principal, action, resource);
            @mask("cards,keys") @approve("2 of b") @record("full") @maxrows("50") permit(principal, action, resource);
            @mask("never") @maxrows("1") permit(principal, action, resource) when { false };
            """)
        let obligations = set.decide(Fixture.request()).obligations
        #expect(obligations.masks == ["pii", "cards", "keys"])
        #expect(
            obligations.approvals == [
                ApprovalRequirement(groups: ["a"]), ApprovalRequirement(approvers: 2, groups: ["b"]),
            ])
        #expect(obligations.recording == .full)
        #expect(obligations.maximumRows == 50)
    }

    @Test("recording nothing takes that every matching permit says so")
    func recordingNone() throws {
        let quiet = "@record(\"none\") permit(principal, action, resource);"
        #expect(try Fixture.set(quiet).decide(Fixture.request()).obligations.recording == .none)
        let both = try Fixture.set(quiet + "permit(principal, action, resource);")
        #expect(both.decide(Fixture.request()).obligations.recording == .metadata)
    }

    @Test("a command with several effects may run only if each may, under all obligations")
    func merging() throws {
        let set = try Fixture.set(
            """
            @id("get") @mask("a") permit(principal, action == Action::"get", resource);
            @id("put") @mask("b") @approve("x") permit(principal, action == Action::"put", resource);
            @id("no") @advice("do not") forbid(principal, action == Action::"drop", resource);
            """)
        func decide(_ actions: String...) -> PolicyDecision {
            .merging(actions.map { set.decide(Fixture.request("User::\"a\"", "Action::\"\($0)\"")) })
        }
        #expect(decide("get", "put").allowed)
        #expect(decide("get", "put").obligations.masks == ["a", "b"])
        #expect(decide("get", "put").obligations.approvals.count == 1)
        #expect(decide("get", "put").determining.map(\.name) == ["get", "put"])
        #expect(!decide("get", "drop", "unheard").allowed)
        #expect(decide("get", "drop", "unheard").rule == "no")
        #expect(decide("get", "drop").advice == "do not")
        #expect(decide("get", "drop").obligations == .none)
        #expect(!decide("unheard", "get").allowed)
        #expect(!PolicyDecision.merging([]).allowed)
    }
}
