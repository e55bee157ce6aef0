import StrictJSON
import Testing

@testable import Policy

/// Requests that people write for `policy explain` and `policy test`.
@Suite("Written requests")
struct WrittenRequestTests {
    static let vocabulary = PolicyVocabulary(
        targets: ["web-1", "payments"], actions: ["ssh.exec", "http.get"], actionGroups: ["ssh", "http.read"],
        resourceTypes: ["Executable", "Function"],
        contextAttributes: ["shell.opaque", "shell.commands", "ssh.pty", "ssh.login", "opaque", "parameters"],
        facts: [
            "ssh.exec": [
                PolicyFact("shell.opaque", usual: false, example: false),
                PolicyFact("shell.commands", usual: 1, example: 1),
                PolicyFact("ssh.pty", usual: false, example: false),
                PolicyFact("ssh.login", usual: nil, example: "text"),
                PolicyFact("opaque", usual: false, example: false),
                PolicyFact("parameters", usual: nil, example: ["name": "value"]),
            ]
        ])

    static func request(
        _ action: String = #"Action::"ssh.exec""#, _ resource: String = #"Executable::"web-1/uptime""#,
        in parent: String = #"Target::"web-1""#, context: [String: Value] = [:]
    ) -> PolicyRequest {
        Fixture.request(groups: ["payments"], action, resource, in: [parent], context: context)
    }

    static let policies = """
        @id("look") permit(principal in Group::"payments", action == Action::"ssh.exec", resource in Target::"web-1")
        when { ["uptime", "ls"].contains(resource.name) };
        @id("no-unread") forbid(principal, action, resource in Target::"web-1") when { context.shell.opaque };
        @id("elsewhere") forbid(principal, action, resource in Target::"ledger") when { context.shell.commands > 1 };
        """

    @Test("a fact that is not given is what it usually is, and those that policies read are named")
    func assumed() throws {
        let set = try Fixture.set(Self.policies)
        let plain = WrittenRequest(Self.request(), Self.vocabulary)
        let decision = set.decide(plain.request)
        #expect(decision.allowed && decision.rule == "look" && decision.errors.isEmpty, "\(decision)")
        #expect(plain.assumptions(for: set) == ["context.shell.opaque = false"])
        #expect(plain.doubt(about: decision, by: set) == nil)
        let opaque = WrittenRequest(Self.request(context: ["shell": ["opaque": true]]), Self.vocabulary)
        #expect(set.decide(opaque.request).rule == "no-unread" && opaque.assumptions(for: set).isEmpty)
        #expect(opaque.request.context["shell"] == ["opaque": true])
    }

    @Test("nothing is usual about a command that cannot be read, and what is read of it cannot be told")
    func unread() throws {
        let vocabulary = PolicyVocabulary(
            targets: ["web-1"], actions: ["ssh.exec"], resourceTypes: ["Executable"],
            facts: [
                "ssh.exec": [
                    PolicyFact("opaque", usual: false, example: false),
                    PolicyFact("shell.opaque", usual: false, example: false),
                ]
            ])
        for (given, read) in [(["shell": ["opaque": true]], "opaque"), (["opaque": true], "shell.opaque")]
            as [([String: Value], String)]
        {
            let set = try Fixture.set(
                "permit(principal, action, resource); forbid(principal, action, resource) when { context.\(read) };")
            let written = WrittenRequest(Self.request(context: given), vocabulary)
            let doubt = try #require(written.doubt(about: set.decide(written.request), by: set))
            #expect("\(doubt)" == "cannot be told without context.\(read)")
        }
    }

    @Test("a fact that is read behind has, and that nothing is said about, is named")
    func behindHas() throws {
        let set = try Fixture.set(
            """
            permit(principal, action, resource);
            forbid(principal, action, resource) when { context has ssh && context.ssh has login && context.ssh.login == "root" };
            """)
        let written = WrittenRequest(Self.request(), Self.vocabulary)
        #expect(set.decide(written.request).allowed)
        #expect(written.assumptions(for: set) == ["no context.ssh.login"])
    }

    @Test("where a fact without a usual value decides, it cannot be told without it")
    func doubtful() throws {
        let set = try Fixture.set(
            """
            @id("all") permit(principal, action, resource);
            @id("no-root") forbid(principal, action, resource)
            when { context.ssh.login == "root" || context.parameters.n == 1 };
            """)
        let silent = WrittenRequest(Self.request(), Self.vocabulary)
        let doubt = try #require(silent.doubt(about: set.decide(silent.request), by: set))
        #expect("\(doubt)" == "cannot be told without context.ssh.login, context.parameters")
        #expect(doubt.example == ["ssh": ["login": "text"], "parameters": ["name": "value"]])
        let told = WrittenRequest(
            Self.request(context: ["ssh": ["login": "root"], "parameters": [:]]), Self.vocabulary)
        let decision = set.decide(told.request)
        #expect(decision.rule == "no-root" && told.doubt(about: decision, by: set) == nil)
        // Nor is there a doubt where a forbid matches whatever the fact is.
        let closed = try Fixture.set(
            """
            @id("closed") forbid(principal, action, resource);
            @id("apps") permit(principal, action, resource) when { context.ssh.login == "app" };
            """)
        let refused = closed.decide(silent.request)
        #expect(refused.errors.count == 1 && silent.doubt(about: refused, by: closed) == nil)
    }

    static let groupFinding =
        "r.action: http.read is a group of actions and never an action by itself: name one of its actions, "
        + "which `sallyport adapters` lists"

    static let unknownNames: [(PolicyRequest, String)] = [
        (
            request(#"Action::"ssh.exce""#),
            #"r.action: unknown action Action::"ssh.exce" (did you mean "ssh.exec"?)"#
        ),
        (request(#"Action::"http.read""#), groupFinding),
        (
            request(#"Acton::"ssh.exec""#),
            #"r.action: unknown type Acton in Acton::"ssh.exec" (did you mean "Action"?)"#
        ),
        (
            request(#"Action::"ssh.exec""#, #"Executible::"web-1/ls""#),
            #"r.resource: unknown type Executible in Executible::"web-1/ls" (did you mean "Executable"?)"#
        ),
        (
            request(in: #"Target::"web-2""#),
            #"r.in: unknown target Target::"web-2" (did you mean "web-1"?)"#
        ),
        (
            request(context: ["shell": ["opaqe": true]]),
            #"r.context: unknown context attribute "shell.opaqe" (did you mean "shell.opaque"?)"#
        ),
        (
            request(context: ["shel": ["opaque": true]]),
            #"r.context: unknown context attribute "shel""#
        ),
        (
            request(context: ["shell.opaque": true]),
            #"r.context: "shell.opaque" is written as a mapping: {"shell": {"opaque": …}}"#
        ),
    ]

    @Test("what does not exist is named", arguments: unknownNames)
    func unknown(request: PolicyRequest, expected: String) {
        #expect(Self.vocabulary.findings(in: request, path: "r").map(\.description) == [expected])
    }

    @Test("a request of what there is gives no findings")
    func known() {
        let request = Self.request(context: ["shell": ["opaque": true], "opaque": true, "parameters": ["any": 1]])
        #expect(Self.vocabulary.findings(in: request, path: "r").isEmpty)
    }

    @Test("a table tells which facts it assumed, and a case that cannot be told fails whatever it expects")
    func table() throws {
        let set = try Fixture.set(
            """
            \(Self.policies)
            @id("no-root") forbid(principal, action, resource) when { context.ssh.login == "root" };
            """)
        func row(_ more: JSONMember...) -> JSONValue {
            .object(
                [
                    JSONMember("principal", "alice"), JSONMember("groups", ["payments"]),
                    JSONMember("action", "ssh.exec"), JSONMember("resource", #"Executable::"web-1/uptime""#),
                    JSONMember("in", #"Target::"web-1""#),
                ] + more)
        }
        let table = try PolicyTestTable(json: [
            row(JSONMember("expect", "deny")),
            row(JSONMember("expect", "allow"), JSONMember("context", ["ssh": ["login": "app"]])),
        ])
        #expect(table.findings(Self.vocabulary).isEmpty)
        #expect(
            "\(table.run(set, Self.vocabulary))" == """
                FAIL  case 1
                      cannot be told without context.ssh.login: give the case a context such as {"ssh":{"login":"text"}}
                      assumed context.shell.opaque = false
                      assumed no context.ssh.login
                pass  case 2
                      assumed context.shell.opaque = false
                1 of 2 cases passed
                1 of 4 policies determined a case
                      not covered: forbid no-unread (test.cedar:3:18)
                      not covered: forbid elsewhere (test.cedar:4:18)
                      not covered: forbid no-root (test.cedar:5:16)
                """)
        let misspelt = try PolicyTestTable(json: [
            ["principal": "alice", "action": "ssh.exce", "resource": #"Executable::"web-1/ls""#, "expect": "deny"]
        ])
        #expect(
            misspelt.findings(Self.vocabulary).map(\.description) == [
                #"cases[0].action: unknown action Action::"ssh.exce" (did you mean "ssh.exec"?)"#
            ])
    }
}
