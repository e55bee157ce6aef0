import Foundation
import Testing

/// The ways to sign in to a database besides a token typed as the password.
@Suite("Signing in to databases, end to end", .serialized)
struct SignInTests {
    private static let stage = Task { try await Ledger() }

    @Test("OAUTHBEARER: libpq 18 is told of the issuer, comes back with a token and is in")
    func oauthBearer() async throws {
        let ledger = try await Self.stage.value
        func attempt(_ token: String) async throws -> String {
            var environment = ledger.environment
            environment["PGPASSWORD"] = nil
            // Issuers without TLS are for tests.
            environment.merge(["PGUSER": "oauth", "TOKEN": token, "PGOAUTHDEBUG": "UNSAFE"]) { $1 }
            return try await RunningProcess.run(
                try Tools.python(), [Tools.fixture("postgres_oauth.py"), ledger.gateway.issuer.url],
                environment: environment
            ).output
        }
        let signedIn = try await attempt(ledger.token)
        #expect(
            signedIn == """
                told of \(ledger.gateway.issuer.url)/.well-known/openid-configuration for openid email groups
                signed in: 42

                """, "\(signedIn)")
        let refused = try await attempt("no.such.token")
        #expect(refused.contains("refused: ") && refused.contains("OAuth bearer authentication failed"), "\(refused)")
    }

    @Test("sallyport connect runs a client, or prints what a shell or JDBC needs")
    func connect() async throws {
        let ledger = try await Self.stage.value
        let ran = try await ledger.gateway.command(
            "connect", "ledger", "psql", "-XqAt", "-c", "SELECT name FROM customers WHERE id = 7", token: ledger.token)
        #expect(ran.status == 0 && ran.output == "customer 7\n", "\(ran)")

        let printed = try await ledger.gateway.command("connect", "ledger", token: ledger.token)
        #expect(printed.status == 0 && !printed.output.contains(ledger.token))
        let shell = try await RunningProcess.run(
            "/bin/sh", ["-c", "\(printed.output)\npsql -XqAt -c 'SELECT 6 * 7'"], in: ledger.gateway.folder)
        #expect(shell.output == "42\n", "\(printed) \(shell)")
        let passwords = try #require(printed.output.firstMatch(of: /PGPASSFILE='([^']+)'/)?.1)
        let mode = try FileManager.default.attributesOfItem(atPath: String(passwords))[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let jdbc = try await ledger.gateway.command("connect", "--jdbc", "ledger", token: ledger.token)
        #expect(
            jdbc.output.hasPrefix(
                "jdbc:postgresql://127.0.0.1:\(try #require(ledger.gateway.postgresPort))/ledger?user=alice%40example.com"
            ),
            "\(jdbc)")
        let unknown = try await ledger.gateway.command("connect", "--address", "nowhere", "ledger", token: ledger.token)
        #expect(unknown.status == 64 && unknown.errors.contains("host:port"), "\(unknown)")
    }

    @Test("a short-lived credential proves itself by SCRAM, and ends with the token that it stands for")
    func scram() async throws {
        let issuer = try await EmbeddedIssuer(lifetime: 25)
        let ledger = try await Ledger(issuer: issuer)
        let printed = try await ledger.gateway.command("connect", "--scram", "ledger", token: ledger.token)
        #expect(printed.status == 0, "\(printed)")
        let script = """
            import asyncio, asyncpg, os, psycopg, sys
            name = next(line.split("=")[1].strip() for line in open(os.environ["PGSERVICEFILE"]) if line.startswith("user="))
            def attempt(**more):
                try:
                    with psycopg.connect(require_auth="scram-sha-256", **more) as connection:
                        return connection.execute("SELECT 'in'").fetchone()[0]
                except psycopg.OperationalError as error:
                    return error.sqlstate or " ".join(str(error).split())
            print(name.split("+")[0], attempt(), "wrong:", attempt(password="guessed"), flush=True)
            secret = open(os.environ["PGPASSFILE"]).read().strip().split(":")[-1]
            async def other():
                connection = await asyncpg.connect(host=sys.argv[1], port=sys.argv[2], user=name, password=secret, database="ledger")
                print("asyncpg", await connection.fetchval("SELECT 'in'"), flush=True)
            asyncio.run(other())
            if len(sys.argv) > 3:
                import time
                time.sleep(26)
                print("afterwards:", attempt().split("FATAL:")[-1], flush=True)
            """
        let port = String(try #require(ledger.gateway.postgresPort))
        let file = ledger.gateway.folder.appendingPathComponent("scram.py")
        try script.write(to: file, atomically: true, encoding: .utf8)
        let ran = try await RunningProcess.run(
            "/bin/sh", ["-c", "\(printed.output)\n'\(try Tools.python())' '\(file.path)' 127.0.0.1 \(port) later"],
            in: ledger.gateway.folder)
        let lines = ran.output.split(separator: "\n")
        #expect(lines.count == 3, "\(ran)")
        #expect(lines.first?.hasPrefix("alice@example.com in wrong: ") == true && !ran.output.contains("wrong: in"))
        #expect(lines.dropFirst().first == "asyncpg in")
        #expect(lines.last?.contains("in") == false || lines.last?.contains("scram") == true, "\(ran)")
        #expect(try await ledger.gateway.stop() == 0)
        let entries = try await ledger.gateway.auditEntries()
        let said = "\(entries)"
        #expect(
            said.contains("console.credential.issue") && said.contains("the password is not that of the credential"))
    }

    @Test("JDBC, in all its modes, gets what it gets directly")
    func jdbc() async throws {
        let ledger = try await Ledger(
            policy: Ledger.policy.replacing("when { context.opaque }", with: "when { false }"))
        let (direct, through) = try await ledger.both(
            try Tools.system("java"),
            ["-cp", "/usr/share/java/postgresql.jar", Tools.fixture("PostgresValues.java")])
        #expect(direct.status == 0, "\(direct.errors)")
        #expect(direct.output.split(separator: "\n").count > 200)
        #expect(through.output == direct.output && through.status == 0, "\(through.errors)")
    }
}
