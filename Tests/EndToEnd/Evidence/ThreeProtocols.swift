import Foundation

/// A gateway with all three adapters, whose log several suites read.
enum ThreeProtocols {
    /// It has served calls that were allowed, refused, masked and approved, and is stopped.
    static let gateway = Task {
        let (nginx, database, host) = (
            try await Nginx(server: ""), try await PostgresServer(seed: Ledger.seed), try await OpenSSHServer([])
        )
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        try nginx.serve("refund", "{}")
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                \(database.target())
                \(host.target("web-1"))
                """)
        options.policy = """
            \(TestGateway.Options.usualPolicy)
            @id("payments-sql") @mask("customer-pii")
            permit (principal in Group::"payments", action in [Action::"sql.read", Action::"sql.write", Action::"sql.session"], resource);
            @id("no-payroll") forbid (principal, action, resource == Table::"ledger/public.payroll");
            @id("payments-may-ssh") @record("full") @mask("customer-pii")
            permit (principal in Group::"payments", action in Action::"ssh", resource);
            @id("no-rm") forbid (principal, action == Action::"ssh.exec", resource) when { resource.name == "rm" };
            """
        options.postgresListener = ""
        options.sshListener = ""
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        options.upstreams = [nginx, database, host]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let (alice, bob) = (
            try await gateway.issuer.token(for: "alice"), try await gateway.issuer.token(for: "bob")
        )

        let curl = Curl(token: alice)
        let url = "\(gateway.url)/payments"
        _ = try await curl.get(
            "\(url)/customer.json", "-H", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        _ = try await curl.get("\(url)/missing.json")
        _ = try await curl.get("\(url)/export")
        _ = try await Curl(token: "not a token").get("\(url)/customer.json")
        let refund = #"{"customer":"=cmd|'/c calc'!A0"}"#
        let waiting = try await curl.post("\(url)/refund", json: refund, "-H", "Sallyport-Justification: charged twice")
        if let ticket = waiting.member("ticket") as? String {
            _ = try await gateway.command("approvals", "approve", ticket, "--justification", "seen it", token: bob)
            _ = try await curl.post("\(url)/refund", json: refund)
        }
        let connection = [
            "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
            "PGDATABASE": "ledger", "PGSSLMODE": "disable",
        ]
        for (sql, password) in [
            ("SELECT name, ssn FROM customers WHERE id < 4", alice), ("SELECT * FROM payroll", alice),
            ("INSERT INTO scratch VALUES (1, 'a')", alice), ("SELECT no_such_column FROM customers", alice),
            ("SELECT 1", "wrong"),
        ] {
            _ = try await RunningProcess.run(
                try Tools.system("psql"), ["-XqAt", "-c", sql],
                environment: connection.merging(["PGPASSWORD": password]) { $1 })
        }
        let ssh = try OpenSSHClient.token(alice, gateway)
        for command in ["echo alice@example.com", "rm /nowhere", "exit 3", "+1"] {
            _ = try await ssh.run("web-1", command)
        }
        _ = try await Curl(token: try await gateway.issuer.token(for: "carol")).get(
            "\(gateway.consoleURL)/api/v1/sessions")
        try gateway.process.signal(SIGHUP)
        try await waitUntil { try gateway.process.output.contains("policies loaded") }
        guard try await gateway.stop() == 0 else { throw TestFailure("the gateway did not stop") }
        return gateway
    }
}
