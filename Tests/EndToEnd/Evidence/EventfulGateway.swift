import Foundation

/// A gateway that much happens to beside its commands: sealed originals, deletions and holds, rotated keys, refused
/// policies, shadow mode, a kill. It is stopped.
enum EventfulGateway {
    static let stage = Task {
        let authority = try await SSHAuthority()
        let gateway = try await start(authority)
        try await fail(gateway)
        try await work(gateway, authority)
        try await ask(gateway)
        try await keepEvidence(gateway)
        try await reload(gateway)
        try await end(gateway)
        try await rotate(gateway, "--reason", "yearly")
        try await beOnTrial(gateway)
        try await end(gateway)
        try await rotate(gateway, "--overlap-days", "0", "--end-overlap")
        try await gateway.start()
        try await waitUntil {
            try await gateway.command("audit", "export", "--kind", "key-retirement").output.contains("key-retirement")
        }
        try await end(gateway)
        return gateway
    }

    private static let policy = """
        @id("payments") @mask("customer-pii") @record("full")
        permit (principal in Group::"payments", action in [Action::"http.read", Action::"http.write", Action::"sql.read", Action::"sql.session", Action::"ssh"], resource)
        unless { resource.name like "refund*" || resource.name like "late*" };
        @id("refunds") @approve("1 of approver within 15m") @mask("customer-pii")
        permit (principal in Group::"payments", action == Action::"http.post", resource) when { resource.name like "refund*" };
        @id("late") @approve("1 of approver within 1s")
        permit (principal in Group::"payments", action == Action::"http.post", resource) when { resource.name like "late*" };
        @id("operators") @record("full") permit (principal in Group::"operators", action in Action::"ssh", resource);
        @id("approvers")
        permit (principal in Group::"approver", action in [Action::"console.approvals", Action::"console.policy.reload"], resource);
        @id("auditors")
        permit (principal in Group::"auditor", action in [Action::"console.read", Action::"console.originals", Action::"console.holds"], resource);
        """

    private static func start(_ authority: SSHAuthority) async throws -> TestGateway {
        let (nginx, database, host) = (
            try await Nginx(server: ""), try await PostgresServer(seed: Ledger.seed), try await OpenSSHServer()
        )
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        // So many places that what is sealed of them does not stand in the outcome alone.
        let padding = String(repeating: "x", count: 100)
        let places = (0..<45_000).map { #""\#($0)\#(padding)":{"ssn":"1"}"# }
        try nginx.serve("many.json", "{\(places.joined(separator: ","))}")
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                \(database.target())
                \(host.target("web-1"))
                """)
        options.policy = policy
        options.maskingRules += "\n      - {column: customers.ssn, transform: keep-last 4}"
        options.audit = ", originals: {auditor_key: auditor.pub}"
        options.extra = "retention: {default: {payloads: 1s, recordings: 1s}, grace: 1s, interval: 200ms}"
        options.postgresListener = ""
        options.sshListener =
            ", user_ca: [{keys: [\"\(try authority.publicKey)\"], issuer: corp-ca, groups: principals}]"
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        options.upstreams = [nginx, database, host]
        options.prepare = { folder in
            try await OriginalsTests.makeKey(in: folder)
            try #"@id("trial") permit (principal, action, resource);"#.write(
                to: folder.appendingPathComponent("trial.cedar"), atomically: true, encoding: .utf8)
        }
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    private static func psql(_ gateway: TestGateway, _ password: String, _ sql: String) async throws {
        let environment = [
            "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
            "PGDATABASE": "ledger", "PGSSLMODE": "disable", "PGPASSWORD": password,
        ]
        _ = try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt"], environment: environment, input: "\(sql)\n")
    }

    /// Nobody gets in, anywhere.
    private static func fail(_ gateway: TestGateway) async throws {
        let stranger = Curl(token: "not a token")
        _ = try await stranger.get("\(gateway.url)/payments/customer.json")
        _ = try await stranger.get("\(gateway.consoleURL)/api/v1/sessions")
        try await psql(gateway, "wrong", "SELECT 1;")
        _ = try await OpenSSHClient.token("wrong", gateway).run("web-1", "true")
        _ = try await SSHAuthority().client(gateway).run("web-1", "true")
    }

    private static func work(_ gateway: TestGateway, _ authority: SSHAuthority) async throws {
        let alice = try await gateway.issuer.token(for: "alice")
        let url = "\(gateway.url)/payments"
        let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        _ = try await Curl(token: alice).get("\(url)/customer.json?fields=ssn", "-H", trace)
        _ = try await Curl(token: alice).get("\(url)/many.json")
        _ = try await Curl(token: alice).post("\(url)/note", json: #"{"a":[1,1.5,null,{"b":true}],"c":"d"}"#)
        for sql in [
            "SELECT name, ssn FROM customers;", "SELECT name FROM customers WHERE id = 1 \\gdesc",
            "SELECT no_such_column FROM customers;", "DELETE FROM scratch;",
            "SELECT year FROM books WHERE '\(String(repeating: "x", count: 50_000))' <> '';",
            "COPY (SELECT name, ssn FROM customers) TO STDOUT;",
        ] {
            try await psql(gateway, alice, sql)
        }
        let ssh = try await OpenSSHClient.key(alice, gateway)
        _ = try await ssh.run("web-1", "echo ana@example.com; exit 3")
        let file = ssh.folder.path + "/mails"
        try "ana@example.com\n".write(toFile: file, atomically: true, encoding: .utf8)
        _ = try await ssh.tool(
            "sftp", ["-b", "-", "web-1@127.0.0.1"],
            input: "put \(file) \(file).there\nget \(file).there \(file).here\nls \(ssh.folder.path)\n")
        // Somebody else's signature registers nothing.
        _ = try await ssh.register(signing: "another text", alice, gateway)
        // Where masking rules apply, nobody gets a terminal.
        let person = try await authority.client(gateway, for: "operators")
        _ = try await person.run("web-1", "exit 3", ["-tt"])
        _ = try await person.run("web-1", "exit 3")
        _ = try await Curl(token: alice).send(["-X", "POST", "\(gateway.consoleURL)/api/v1/credentials"])
    }

    /// One ticket is approved and used, one is rejected, and one expires.
    private static func ask(_ gateway: TestGateway) async throws {
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let bob = try await gateway.issuer.token(for: "bob")
        for (name, verdict) in [("refund-a", "approve"), ("refund-b", "reject"), ("late", nil)] {
            let url = "\(gateway.url)/payments/\(name)"
            let asked = try await alice.post(url, json: "{}", "-H", "Sallyport-Justification: charged twice")
            guard let ticket = asked.member("ticket") as? String else { throw TestFailure("no ticket: \(asked)") }
            guard let verdict else { continue }
            _ = try await gateway.command("approvals", verdict, ticket, "--justification", "seen it", token: bob)
            _ = try await alice.post(url, json: "{}")
        }
        try await waitUntil {
            try await gateway.command("audit", "export", "--kind", "approval").output.contains(#""step":"expired""#)
        }
    }

    /// Originals are opened, a session and a caller are held, and what is not held is deleted.
    private static func keepEvidence(_ gateway: TestGateway) async throws {
        let carol = try await gateway.issuer.token(for: "carol")
        func entries(_ kind: String, signed: Bool = false) async throws -> [[String: Any]] {
            let output =
                signed
                ? try await gateway.command("audit", "export", "--kind", kind, "--signed-only").output
                : try await gateway.command("audit", "export", "--kind", kind).output
            return output.split(separator: "\n").compactMap {
                (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
            }
        }
        let outcomes = try await entries("outcome", signed: true)
        guard let sealed = outcomes.first(where: { $0["originals"] != nil }),
            let command = sealed["command"] as? String, let session = sealed["session"] as? String
        else { throw TestFailure("nothing was sealed") }
        // Once the index knows of the session.
        try await waitUntil {
            try await gateway.command(
                "audit", "open", command, "--key", "auditor.key", "--reason", "case 4711", "--console",
                gateway.consoleURL, token: carol
            ).status == 0
        }
        for subject in [["--session", session], ["--caller", "\(gateway.issuer.url)#nobody"]] {
            let held = try await RunningProcess.run(
                try Tools.sallyport, ["retention", "hold", "add", "--reason", "case", "--output", "json"] + subject,
                in: gateway.folder,
                environment: [
                    "SALLYPORT_CONSOLE": gateway.consoleURL, "SALLYPORT_HOME": gateway.folder.path,
                    "SALLYPORT_TOKEN": carol,
                ])
            guard held.status == 0 else { throw TestFailure("hold: \(held)") }
        }
        let holds = try await entries("retention-hold").compactMap { $0["hold"] as? String }
        for hold in holds {
            _ = try await gateway.command("retention", "hold", "release", hold, "--reason", "closed", token: carol)
        }
        try await waitUntil(within: 60) { try await entries("retention-delete").count >= 2 }
    }

    /// Policies are refused, and loaded again.
    private static func reload(_ gateway: TestGateway) async throws {
        let bob = try await gateway.issuer.token(for: "bob")
        let file = gateway.folder.appendingPathComponent("policy.cedar")
        for text in ["permit (principal", policy] {
            try text.write(to: file, atomically: true, encoding: .utf8)
            _ = try await gateway.command("policy", "reload", token: bob)
        }
        try gateway.process.signal(SIGHUP)
        try await waitUntil {
            try await gateway.command("audit", "export", "--kind", "policy-load").output.contains("SIGHUP")
        }
    }

    /// Nothing is refused and nobody's groups are known; then the gateway is killed.
    private static func beOnTrial(_ gateway: TestGateway) async throws {
        let file = gateway.folder.appendingPathComponent("sallyport.yaml")
        try String(contentsOf: file, encoding: .utf8)
            .replacing(
                "policy: {files: [policy.cedar]",
                with: "policy: {mode: shadow, candidate: [trial.cedar], files: [policy.cedar]"
            )
            .replacing("groups: {claim: groups}", with: "groups: {claim: roles, required: true}")
            .write(to: file, atomically: true, encoding: .utf8)
        try await gateway.start()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for _ in 0..<3 { _ = try await alice.get("\(gateway.url)/payments/customer.json") }
        try await gateway.kill()
        try await gateway.start()
    }

    private static func rotate(_ gateway: TestGateway, _ options: String...) async throws {
        let rotated = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "rotate-key"] + options, in: gateway.folder)
        guard rotated.status == 0 else { throw TestFailure("rotate-key: \(rotated)") }
    }

    private static func end(_ gateway: TestGateway) async throws {
        guard try await gateway.stop() == 0 else { throw TestFailure("the gateway did not stop") }
    }
}
