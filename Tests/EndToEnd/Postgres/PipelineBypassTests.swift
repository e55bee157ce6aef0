import Foundation
import Testing

/// Messages that are sent before the last ones are answered, so that a gateway may take a name for what it is not.
@Suite("Names and pipelines of PostgreSQL that deceive, end to end", .serialized)
struct PipelineBypassTests {
    private static let policy = """
        @id("everything") @mask("customer-pii") permit (principal in Group::"payments", action, resource);
        @id("no-payroll") forbid (principal, action, resource == Table::"ledger/public.payroll");
        @id("no-kyc") forbid (principal, action, resource == Table::"ledger/public.KYC");
        @id("no-pg") forbid (principal, action, resource == Table::"ledger/public.pg_secrets");
        @id("no-hr") forbid (principal, action, resource) when { resource has name && resource.name like "hr.*" };
        @id("no-unbounded-writes") forbid (principal, action in [Action::"sql.update", Action::"sql.delete"], resource)
        when { !context.sql.has_where || context.sql.where_constant };
        @id("no-opaque") forbid (principal, action, resource) when { context.opaque };
        """
    private static let masking = """
                  - {column: customers.ssn, transform: keep-last 4}
        """
    private static let more = """
        CREATE TABLE "KYC" (secret int); INSERT INTO "KYC" VALUES (90000);
        CREATE TABLE pg_secrets (secret int); INSERT INTO pg_secrets VALUES (90000);
        CREATE SCHEMA hr;
        CREATE TABLE hr.salaries (salary int); INSERT INTO hr.salaries VALUES (90000);
        CREATE TABLE salaries (salary text); INSERT INTO salaries VALUES ('ask HR');
        INSERT INTO scratch VALUES (1, 'kept');
        """

    @Test("show no secret and delete nothing through the gateway, and the session goes on")
    func attacks() async throws {
        let ledger = try await Ledger(
            policy: Self.policy, masking: Self.masking, seed: Ledger.seed + "\n" + Self.more)
        let through = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_names.py")], environment: ledger.environment, within: 300)
        #expect(through.status == 0, "\(through.errors)")
        let lines = through.output.split(separator: "\n")
        #expect(lines.count >= 42)
        for line in lines {
            // Names that the server could take for others end the session, and so do answers that cannot be masked.
            let ends = ["looks alike", "ends of lines", "swallows"].contains { line.contains($0) }
            #expect(line.hasSuffix(": nothing, goes on") || ends && line.contains(": nothing, "), "\(line)")
        }
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch") == "1\n")

        // They are no straw men: where everything is allowed, most of them show it.
        let open = try await Ledger(
            policy: #"permit (principal, action, resource);"#, masking: Self.masking,
            seed: Ledger.seed + "\n" + Self.more)
        var shown: Set<Substring> = []
        // On a busy machine an answer may come too late to count.
        for _ in 0..<3 where shown.count < 27 {
            let run = try await RunningProcess.run(
                try Tools.python(), [Tools.fixture("postgres_names.py")], environment: open.environment, within: 300)
            for line in run.output.split(separator: "\n") where line.contains(": secret,") {
                shown.insert(line.prefix { $0 != ":" })
            }
        }
        #expect(shown.count >= 27, "\(shown)")
        #expect(try await open.server.psql("SELECT count(*) FROM scratch") == "0\n")
    }
}
