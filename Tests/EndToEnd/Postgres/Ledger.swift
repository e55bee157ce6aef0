import Foundation

/// A database behind a gateway: what the suites about PostgreSQL have in common.
final class Ledger: Sendable {
    let server: PostgresServer
    let gateway: TestGateway
    let token: String

    /// alice may read and write, but nobody may touch `payroll` and deleting needs a WHERE; of `secrets` she sees what is
    /// left when it is masked.
    static let policy = """
        @id("payments-sql")
        permit (principal in Group::"payments",
            action in [Action::"sql.read", Action::"sql.write", Action::"sql.session", Action::"sql.admin"],
            resource)
            unless { resource has name && (resource.name == "public.books" && action == Action::"sql.update" || resource.name == "public.secrets") };
        @id("masked-ssn") @mask("customer-pii")
        permit (principal in Group::"payments", action == Action::"sql.select", resource == Table::"ledger/public.secrets");
        @id("no-payroll") @advice("Payroll is for the people of HR.")
        forbid (principal, action, resource == Table::"ledger/public.payroll");
        @id("no-unbounded-writes") @advice("Say which rows.")
        forbid (principal, action in [Action::"sql.update", Action::"sql.delete"], resource)
        when { !context.sql.has_where || context.sql.where_constant };
        @id("no-opaque") @advice("Write it in a way that can be read.")
        forbid (principal, action, resource) when { context.opaque };
        @id("closing-needs-approval") @approve("1 of approver within 15m")
        permit (principal in Group::"payments", action == Action::"sql.update", resource == Table::"ledger/public.books");
        @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
        @id("approvers-decide") permit (principal in Group::"approver", action in Action::"console.approvals", resource);
        """

    static let masking = """
                  - {detector: PAN, transform: keep-last 4}
        """

    static let seed = """
        CREATE TABLE customers (id int PRIMARY KEY, name text, ssn text UNIQUE, email varchar(80), balance numeric(12,2));
        INSERT INTO customers SELECT i, 'customer ' || i, '536-22-' || lpad(i::text, 4, '0'), 'c' || i || '@example.com', i * 10
            FROM generate_series(1, 50) i;
        CREATE TABLE payroll (id int, salary int); INSERT INTO payroll VALUES (1, 90000);
        CREATE TABLE books (year int PRIMARY KEY, closed bool); INSERT INTO books VALUES (2025, false), (2026, false);
        CREATE TABLE scratch (id int, note text);
        CREATE TABLE secrets (card text); INSERT INTO secrets VALUES ('4111 1111 1111 1111');
        CREATE VIEW contacts AS SELECT id, name, ssn AS number FROM customers;
        """

    init(
        policy: String = Ledger.policy, masking: String = Ledger.masking, listener: String = "",
        seed: String = Ledger.seed, certificates: TestCertificates? = nil, trusting authority: String = "ca.pem",
        issuer: EmbeddedIssuer? = nil, target: String = ""
    ) async throws {
        server = try await PostgresServer(seed: seed, certificates: certificates, trusting: authority)
        var options = TestGateway.Options(targets: server.target(target))
        options.policy = policy
        options.maskingRules = masking
        options.postgresListener = listener
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        let own: EmbeddedIssuer
        if let issuer { own = issuer } else { own = try await EmbeddedIssuer() }
        gateway = try await TestGateway(options, issuer: own)
        token = try await gateway.issuer.token(for: "alice")
    }

    /// libpq's variables for a connection through the gateway.
    var environment: [String: String] {
        [
            "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
            "PGPASSWORD": token, "PGDATABASE": "ledger", "PGSSLMODE": "disable",
        ]
    }

    /// Runs `psql` through the gateway.
    func psql(_ commands: String..., input: String? = nil) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt"] + commands.flatMap { ["-c", $0] }, environment: environment,
            input: input)
    }

    /// Runs a program with a direct connection and with one through the gateway.
    func both(_ executable: String, _ arguments: [String]) async throws -> (
        direct: RunningProcess.Finished, through: RunningProcess.Finished
    ) {
        (
            try await RunningProcess.run(executable, arguments, environment: server.environment(), within: 600),
            try await RunningProcess.run(executable, arguments, environment: environment, within: 600)
        )
    }
}
