/// The files that `sallyport demo` writes: a whole configuration, small enough to read, made to be changed.
struct DemoFiles {
    let gatewayPort: Int
    let consolePort: Int
    let issuerPort: Int
    let functionsPort: Int
    /// Of the listener for PostgreSQL, and of the database behind it; `nil` where there is none.
    let postgres: (listener: Int, database: Int)?
    /// Of the listener for SSH, and of the host behind it; `nil` where there is none.
    let ssh: (listener: Int, host: DemoHost)?

    var files: [(name: String, text: String)] {
        [("sallyport.yaml", configuration), ("policy/payments.cedar", policy), ("policy/console.cedar", consolePolicy)]
            + (postgres == nil ? [] : [("policy/ledger.cedar", databasePolicy)])
            + (ssh == nil ? [] : [("policy/web-1.cedar", hostPolicy)])
    }

    private var listener: String {
        let database = postgres.map { "  - {adapter: postgres, listen: \"127.0.0.1:\($0.listener)\"}\n" } ?? ""
        return database + (ssh.map { "  - {adapter: ssh, listen: \"127.0.0.1:\($0.listener)\"}\n" } ?? "")
    }

    private var target: String {
        postgres.map {
            """
              - name: ledger
                kind: postgres
                connection: {host: 127.0.0.1, port: "\($0.database)", dbname: ledger, user: gateway, sslmode: disable}
                password: "file:database-password"

            """
        } ?? ""
    }

    private var hostTarget: String {
        ssh.map {
            """
              - name: web-1
                kind: ssh
                address: "127.0.0.1:\($0.host.port)"
                login: \($0.host.login)
                key: "file:\($0.host.gatewayKey)"
                host_keys: ["\((try? $0.host.hostKey()) ?? "")"]

            """
        } ?? ""
    }

    private var configuration: String {
        """
        # Written by `sallyport demo`. Everything here is explained by `sallyport config schema`.
        state: state

        identity:
          issuers:
            - issuer: http://127.0.0.1:\(issuerPort)   # the embedded issuer of the demo: yours stands here
              audiences: [sallyport-cli]
              client_id: sallyport-cli
              groups: {claim: groups}

        listeners:
          - {adapter: http, listen: "127.0.0.1:\(gatewayPort)"}   # plain HTTP is for loopback only
        \(listener)
        targets:
          - name: payments
            kind: http
            prefix: /payments
            url: http://127.0.0.1:\(functionsPort)
            credential: {type: header, name: X-Function-Key, value: "file:function-key"}
        \(target)
        \(hostTarget)
        policy:
          files: [policy/*.cedar]

        masking:
          rule_sets:
            - name: customer-pii
              rules:
                - {field: ssn, transform: keep-last 4}
                - {detector: US_SSN, transform: keep-last 4}
                - {detector: PAN, transform: keep-last 4}
                - {detector: IBAN, transform: pseudonym}
                - {detector: EMAIL_ADDRESS, transform: redact}
                - {detector: PHONE_NUMBER, transform: redact}
            # What a command prints has no fields: what is regulated shows by its form.
            - name: pii-in-text
              rules:
                - {detector: US_SSN, transform: keep-last 4}
                - {detector: PAN, transform: keep-last 4}
                - {detector: IBAN, transform: pseudonym}
                - {detector: EMAIL_ADDRESS, transform: redact}
                - {detector: PHONE_NUMBER, transform: redact}

        approvals:
          groups: [approver]

        console: {listen: "127.0.0.1:\(consolePort)"}

        audit: {origin: demo.sallyport.example/log}

        """
    }

    private var policy: String {
        """
        // Reading is allowed to the payments team; regulated fields are masked on the way back.
        @id("payments-may-read")
        @mask("customer-pii")
        @record("full")
        permit (
            principal in Group::"payments",
            action in Action::"http.read",
            resource in Target::"payments"
        );

        // A refund runs once a person from the approvers has agreed to exactly this call.
        @id("refunds-need-approval")
        @approve("1 of approver within 15m")
        @mask("customer-pii")
        @record("full")
        permit (
            principal in Group::"payments",
            action == Action::"http.post",
            resource == Function::"payments/refund"
        );

        // The list of all customers leaves by another door.
        @id("no-bulk-export")
        @reason("The list of all customers may not be fetched through the gateway.")
        @advice("Ask the data office for an export, or fetch one customer by id.")
        forbid (
            principal,
            action,
            resource == Function::"payments/customers"
        );

        """
    }

    private var databasePolicy: String {
        """
        // The payments team reads and writes; what the rules mask comes back masked, whatever a statement calls it.
        @id("payments-may-query")
        @mask("customer-pii")
        @record("full")
        permit (
            principal in Group::"payments",
            action in [Action::"sql.read", Action::"sql.write", Action::"sql.session"],
            resource in Target::"ledger"
        );

        @id("no-unbounded-writes")
        @reason("An UPDATE or DELETE has to choose its rows.")
        @advice("Add a WHERE that depends on a column.")
        forbid (
            principal,
            action in [Action::"sql.update", Action::"sql.delete"],
            resource in Target::"ledger"
        )
        when { !context.sql.has_where || context.sql.where_constant };

        @id("no-unread-sql")
        @reason("What the statement does cannot be read from it.")
        forbid (principal, action, resource in Target::"ledger")
        when { context.opaque };

        """
    }

    private var hostPolicy: String {
        """
        // The payments team runs what is listed here, and fetches files; what the rules mask comes back masked.
        @id("payments-may-look")
        @mask("pii-in-text")
        @record("full")
        permit (principal in Group::"payments", action == Action::"ssh.exec", resource in Target::"web-1")
        when { ["uptime", "cat", "ls", "grep", "head", "wc"].contains(resource.name) };

        @id("payments-may-fetch")
        @mask("pii-in-text")
        @record("full")
        permit (
            principal in Group::"payments",
            action in [Action::"ssh.file-read", Action::"sftp.start"],
            resource in Target::"web-1"
        );

        @id("no-unread-shell")
        @reason("What the command line runs cannot be read from it.")
        @advice("Write out the command, without substitutions.")
        forbid (principal, action, resource in Target::"web-1")
        when { context.shell.opaque };

        """
    }

    private var consolePolicy: String {
        """
        @id("auditors-read-everything")
        permit (principal in Group::"auditor", action in Action::"console.read", resource);

        @id("approvers-decide")
        permit (principal in Group::"approver", action in Action::"console.approvals", resource);

        // Whoever asked may look at their own tickets; who may decide, each ticket says itself.
        @id("payments-see-approvals")
        permit (principal in Group::"payments", action == Action::"console.approvals.read", resource);

        """
    }
}
