import Foundation
import Testing

/// The commands that try policies, as operators run them.
@Suite("Policy commands, end to end", .serialized)
struct PolicyCommandTests {
    @Test("a case of `policy test` is in its resource's target unless it says otherwise, as `policy explain` has it")
    func targets() async throws {
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:1"}
                """)
        options.policy = """
            @id("in-payments")
            permit (principal, action in Action::"http.read", resource in Target::"payments");
            """
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        func run(_ more: String, _ expected: String, wrapped: Bool = false) async throws -> Int32 {
            let row =
                "- {principal: alice, action: http.get, resource: 'Function::\"payments/c\"'\(more), expect: \(expected)}"
            try (wrapped ? "cases:\n  \(row)\n" : "\(row)\n").write(
                to: gateway.folder.appendingPathComponent("cases.yaml"), atomically: true, encoding: .utf8)
            return try await gateway.command("policy", "test", "cases.yaml", "--config", "sallyport.yaml").status
        }
        #expect(try await run("", "allow") == 0)
        #expect(try await run("", "allow", wrapped: true) == 0)
        #expect(try await run(", in: ['Target::\"payments\"']", "allow") == 0)
        #expect(try await run(", in: ['Target::\"other\"']", "deny") == 64)
        #expect(try await run(", in: []", "deny") == 0)
        let explained = try await gateway.command(
            "policy", "explain", "--config", "sallyport.yaml", "--principal", "alice", "--action", "http.get",
            "--resource", "Function::\"payments/c\"", "--output", "json")
        #expect(explained.status == 0 && explained.output.contains("\"allowed\": true"), "\(explained)")
    }

    /// A folder with a configuration and policies, for commands that need no gateway.
    private struct Folder {
        let url: URL

        init(policy: String) throws {
            url = FileManager.default.temporaryDirectory.appendingPathComponent("sallyport-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            Leftovers.add(folder: url)
            try write(
                "sallyport.yaml",
                """
                state: state
                identity:
                  issuers: [{issuer: "http://127.0.0.1:1", audiences: [a], client_id: a, groups: {claim: groups}}]
                listeners: [{adapter: http, listen: "127.0.0.1:1"}]
                targets:
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:1"}
                  - name: ledger
                    kind: postgres
                    connection: {host: 127.0.0.1, dbname: ledger, user: gateway, sslmode: disable}
                    password: "file:password"
                  - name: web-1
                    kind: ssh
                    address: "127.0.0.1:1"
                    login: app
                    key: "file:key"
                    host_keys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"]
                policy: {files: [policy.cedar]}
                console: {listen: "127.0.0.1:1"}
                audit: {origin: policy.sallyport.example/log}
                """)
            try write("policy.cedar", policy)
        }

        func write(_ name: String, _ text: String) throws {
            try text.write(to: url.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }

        func policy(_ arguments: String...) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(try Tools.sallyport, ["policy"] + arguments, in: url)
        }

        func explain(_ action: String, _ resource: String, _ more: String...) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                try Tools.sallyport,
                [
                    "policy", "explain", "--principal", "alice", "--groups", "payments", "--action", action,
                    "--resource", resource,
                ] + more, in: url)
        }
    }

    @Test("a group of actions is told apart from an action, whoever asks for it")
    func groups() async throws {
        let folder = try Folder(
            policy: """
                @id("b") permit (principal in Group::"payments", action == Action::"console.holds", resource);
                """)
        let group = "console.holds is a group of actions and never an action by itself"
        let checked = try await folder.policy("check")
        #expect(checked.status == 1 && checked.output.contains("\(group): write `action in"), "\(checked)")
        let explained = try await folder.explain("console.holds", "Hold::\"Hold\"")
        #expect(explained.status == 64 && explained.errors.contains(group), "\(explained)")
        try folder.write(
            "cases.yaml",
            "- {principal: alice, action: console.holds, resource: 'Hold::\"Hold\"', expect: allow}\n")
        let tested = try await folder.policy("test", "cases.yaml")
        #expect(tested.status == 64 && tested.errors.contains(group), "\(tested)")
        try folder.write(
            "policy.cedar",
            """
            @id("b") permit (principal in Group::"payments", action in Action::"console.holds", resource is Hold);
            """)
        #expect(try await folder.policy("check").status == 0)
        let allowed = try await folder.explain("console.holds.add", "Hold::\"Hold\"")
        #expect(allowed.status == 0 && allowed.output.hasPrefix("allow by b\n"), "\(allowed)")
    }

    @Test("an action that does not exist, or a table without cases, is no test that holds")
    func unknownActions() async throws {
        let folder = try Folder(policy: #"@id("a") permit (principal, action in Action::"http.read", resource);"#)
        try folder.write(
            "cases.yaml",
            "- {principal: alice, action: http.gett, resource: 'Function::\"payments/c\"', expect: deny}\n")
        let tested = try await folder.policy("test", "cases.yaml")
        #expect(tested.status == 64 && tested.output.isEmpty, "\(tested)")
        #expect(
            tested.errors.contains(#"unknown action Action::"http.gett" (did you mean "http.get"?)"#), "\(tested)")
        let explained = try await folder.explain("http.gett", "Function::\"payments/c\"")
        #expect(explained.status == 64 && explained.errors.contains("did you mean \"http.get\"?"), "\(explained)")
        let astray = try await folder.explain("http.get", "Function::\"paymets/c\"")
        #expect(astray.status == 64 && astray.errors.contains("did you mean \"payments\"?"), "\(astray)")
        try folder.write("cases.yaml", "[]\n")
        let empty = try await folder.policy("test", "cases.yaml")
        #expect(empty.status == 64 && empty.errors.contains("the list is empty"), "\(empty)")
    }

    @Test("what a request does not say of a command is taken to be what it usually is, and named")
    func assumptions() async throws {
        let folder = try Folder(
            policy: """
                @id("look") permit (principal in Group::"payments", action == Action::"ssh.exec", resource)
                when { ["uptime"].contains(resource.name) };
                @id("no-unread-shell") forbid (principal, action, resource in Target::"web-1")
                when { context.shell.opaque };
                @id("query") permit (principal in Group::"payments", action in Action::"sql.write", resource);
                @id("bounded") forbid (principal, action == Action::"sql.update", resource in Target::"ledger")
                when { !context.sql.has_where || context.sql.where_constant };
                @id("by-method") permit (principal, action == Action::"http.other", resource)
                when { context.http.method == "PURGE" };
                """)
        let uptime = "Executable::\"web-1/uptime\""
        let usual = try await folder.explain("ssh.exec", uptime)
        #expect(usual.status == 0 && usual.output.hasPrefix("allow by look\n"), "\(usual)")
        #expect(usual.output.contains("  assumed context.shell.opaque = false; --context says otherwise\n"), "\(usual)")
        let opaque = try await folder.explain("ssh.exec", uptime, "--context", #"{"shell": {"opaque": true}}"#)
        #expect(opaque.status == 0 && opaque.output.hasPrefix("deny by no-unread-shell"), "\(opaque)")
        let update = try await folder.explain("sql.update", "Table::\"ledger/public.t\"")
        #expect(update.output.hasPrefix("allow by query\n"), "\(update)")
        #expect(update.output.contains("assumed context.sql.has_where = true"), "\(update)")
        let untold = try await folder.explain("http.other", "Function::\"payments/c\"")
        #expect(untold.status == 64, "\(untold)")
        #expect(untold.errors.contains(#"give it, as in --context '{"http":{"method":"text"}}'"#), "\(untold)")
        try folder.write(
            "cases.yaml",
            """
            - {principal: alice, groups: [payments], action: ssh.exec, resource: '\(uptime)', expect: allow}
            - {principal: alice, groups: [payments], action: ssh.exec, resource: '\(uptime)', expect: deny,
               context: {shell: {opaque: true}}, by: no-unread-shell}
            """)
        let tested = try await folder.policy("test", "cases.yaml")
        #expect(tested.status == 0 && tested.output.contains("assumed context.shell.opaque = false"), "\(tested)")
    }

    @Test("the console's actions are listed beside those of the adapters")
    func adapters() async throws {
        let listed = try await RunningProcess.run(try Tools.sallyport, ["adapters"])
        #expect(listed.status == 0 && listed.output.contains("\nconsole: "), "\(listed)")
        for action in ["console.approvals.decide", "console.holds.add", "console.originals.read"] {
            #expect(listed.output.contains("\n\(action) "), "\(action)")
        }
    }
}
