import Foundation
import Testing

/// What changes the meaning of a statement is followed, and what the gateway's configuration says of sessions is done.
@Suite("Settings of database sessions", .serialized)
struct SettingsTests {
    private static let more = """
        CREATE SCHEMA hr;
        CREATE TABLE hr.salaries (name text, salary int); INSERT INTO hr.salaries VALUES ('Dana', 90000);
        CREATE TABLE salaries (name text, salary text); INSERT INTO salaries VALUES ('Dana', 'ask HR');
        CREATE ROLE reader; GRANT USAGE ON SCHEMA public TO reader; GRANT SELECT ON customers TO reader;
        GRANT reader TO gateway;
        """
    private static let policy =
        Ledger.policy + """

            @id("no-hr") forbid (principal, action, resource) when { resource has name && resource.name like "hr.*" };
            """
    private static let stage = Task {
        try await Ledger(
            policy: policy, listener: ", max_wait: 5s, idle_timeout: 3s", seed: Ledger.seed + "\n" + more)
    }

    @Test("the search path decides what a name means, by whatever way it was set")
    func searchPath() async throws {
        let ledger = try await Self.stage.value
        #expect(try await ledger.psql("SELECT salary FROM salaries").output == "ask HR\n")
        for change in [
            "SET search_path = hr", "SELECT set_config('search_path', 'hr', false)", "SET search_path TO hr, public",
            "BEGIN; SET LOCAL search_path = hr", "SET SESSION search_path = 'hr'",
        ] {
            let refused = try await ledger.psql(change, "SELECT salary FROM salaries")
            #expect(
                refused.errors.contains("The rule is no-hr.") && !refused.output.contains("90000"),
                "\(change): \(refused)")
        }
        let back = try await ledger.psql(
            "BEGIN", "SET search_path = hr", "ROLLBACK", "SELECT salary FROM salaries", "SET search_path = hr",
            "RESET search_path", "SELECT salary FROM salaries")
        #expect(back.output == "ask HR\nask HR\n", "\(back)")
        // In one query string the second statement is read before the first has run.
        let batch = try await ledger.psql("SET search_path = hr; SELECT salary FROM salaries")
        #expect(batch.status != 0 && !batch.output.contains("90000"), "\(batch)")
        let options = try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt", "-c", "SELECT salary FROM salaries"],
            environment: ledger.environment.merging(["PGOPTIONS": "-c search_path=hr"]) { $1 })
        #expect(options.errors.contains("The rule is no-hr."), "\(options)")
        let prepared = try await ledger.psql(
            "PREPARE s AS SELECT salary FROM salaries", "SET search_path = hr", "EXECUTE s")
        #expect(!prepared.output.contains("90000"), "\(prepared)")
    }

    @Test("strings with backslashes are read as the server reads them, or not at all")
    func strings() async throws {
        let ledger = try await Self.stage.value
        let text = #"SELECT 'a\', 'b'"#
        let (direct, through) = try await ledger.both(try Tools.system("psql"), ["-XqAt", "-c", text])
        #expect(through.output == direct.output && direct.output == "a\\|b\n")
        let off = try await ledger.psql(
            "SET standard_conforming_strings = off",
            #"SELECT 'a\' OR salary FROM payroll --'"#, #"SELECT '\'; DELETE FROM scratch; --'"#)
        #expect(off.errors.components(separatedBy: "The rule is no-").count == 3, "\(off)")
    }

    @Test("client encodings are converted for inspection, or refused where they cannot be")
    func encodings() async throws {
        let ledger = try await Self.stage.value
        for encoding in ["LATIN1", "WIN1252", "UTF8", "SQL_ASCII"] {
            let arguments = ["-XqAt", "-c", "SELECT name, 'plain' FROM customers WHERE id = 7"]
            let more = ["PGCLIENTENCODING": encoding]
            let direct = try await RunningProcess.run(
                try Tools.system("psql"), arguments, environment: ledger.server.environment().merging(more) { $1 })
            let through = try await RunningProcess.run(
                try Tools.system("psql"), arguments, environment: ledger.environment.merging(more) { $1 })
            #expect(
                direct.status == 0 && through.output == direct.output && through.errors == direct.errors, "\(encoding)")
        }
        let script = """
            import psycopg, sys
            with psycopg.connect(client_encoding=sys.argv[1], autocommit=True) as connection:
                for text in ("SELECT 'né'", "SELECT note FROM scratch WHERE note = 'né'", "SELECT card FROM secrets"):
                    try:
                        print(len(connection.execute(text).fetchall()))
                    except psycopg.Error as error:
                        print(error.sqlstate, error.diag.message_detail)
            """
        let latin = try await RunningProcess.run(
            try Tools.python(), ["-c", script, "latin1"], environment: ledger.environment)
        #expect(latin.output == "1\n0\n1\n", "\(latin)")
        let sjis = try await RunningProcess.run(
            try Tools.python(), ["-c", script.replacing("né", with: "日本"), "sjis"], environment: ledger.environment)
        #expect(sjis.output.components(separatedBy: "42501 The rule is no-opaque.").count >= 3, "\(sjis)")
        #expect(!sjis.output.contains("4111") && sjis.output.split(separator: "\n").count == 3, "\(sjis)")
    }

    @Test("a statement that waits for approval can be cancelled, and gives up at the deadline")
    func waiting() async throws {
        let ledger = try await Self.stage.value
        let justified = [
            "SET sallyport.justification = 'x'", "UPDATE books SET closed = true WHERE year = 2026", "SELECT 'goes on'",
        ]
        let late = try await ledger.psql(justified[0], justified[1], justified[2])
        #expect(late.errors.contains("Nobody decided") && late.output == "goes on\n", "\(late)")
        let script = """
            import psycopg, threading, time
            with psycopg.connect(autocommit=True) as connection:
                connection.execute("SET sallyport.justification = 'y'")
                done = threading.Event()
                def cancel():
                    # One that comes before the statement waits cancels nothing.
                    while not done.wait(0.2):
                        connection.cancel()
                canceller = threading.Thread(target=cancel)
                canceller.start()
                try:
                    connection.execute("UPDATE books SET closed = true WHERE year = 2027")
                except psycopg.Error as error:
                    print(error.sqlstate)
                done.set()
                canceller.join()
                # The gateway may still be about to pass the last one on.
                time.sleep(1)
                print(connection.execute("SELECT 'goes on'").fetchone()[0])
            """
        let cancelled = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: ledger.environment)
        #expect(cancelled.output == "57014\ngoes on\n", "\(cancelled)")
        #expect(try await ledger.server.psql("SELECT count(*) FROM books WHERE closed") == "0\n")
    }

    @Test("a silent session is ended")
    func idle() async throws {
        let ledger = try await Self.stage.value
        let script = """
            import psycopg, time
            with psycopg.connect(autocommit=True) as connection:
                for _ in range(3):
                    time.sleep(1.5)
                    connection.execute("SELECT 1")
                connection.execute("SELECT pg_sleep(4)")
                connection.execute("SELECT 1")
                time.sleep(4)
                try:
                    connection.execute("SELECT 1")
                except psycopg.OperationalError as error:
                    print(error.sqlstate, str(error).splitlines()[0])
            """
        let finished = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: ledger.environment)
        #expect(finished.output.contains("idle-session timeout"), "\(finished)")
    }

    @Test("a group's role is taken, the database's own log leads back, and what the server says of itself arrives")
    func roles() async throws {
        let ledger = try await Ledger(
            policy: Ledger.policy, seed: Ledger.seed + "\n" + Self.more, target: "roles: {payments: reader}")
        let shown = try await ledger.psql(
            "SELECT current_user", "SELECT count(*) FROM customers", "SELECT * FROM books")
        #expect(shown.output == "reader\n50\n" && shown.errors.contains("permission denied"), "\(shown)")
        let named = try await ledger.psql("SHOW application_name")
        #expect(named.output.hasPrefix("alice@example.com 0"), "\(named)")
        let version = try await ledger.server.psql("SHOW server_version")
        let script = """
            import psycopg
            with psycopg.connect() as connection:
                info = connection.info
                print(info.parameter_status("server_version"), info.parameter_status("is_superuser"), info.backend_pid > 0)
            """
        let told = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: ledger.environment)
        #expect(told.output.hasPrefix(version.trimmingCharacters(in: .newlines)) && told.output.hasSuffix("True\n"))
    }

    @Test("libpq finds the database: the host of several that takes writes, or a service file's")
    func connections() async throws {
        let server = try await PostgresServer(seed: Ledger.seed)
        let services = server.folder.appendingPathComponent("services.conf")
        try "[books]\nhost=127.0.0.1\nport=\(server.port)\ndbname=ledger\nuser=\(PostgresServer.user)\n"
            .write(to: services, atomically: true, encoding: .utf8)
        let nobody = try Tools.freePort()
        func target(_ name: String, _ connection: String) -> String {
            """
              - name: \(name)
                kind: postgres
                connection: {\(connection), sslmode: disable}
                password: "env:LEDGER_PASSWORD"
            """
        }
        var options = TestGateway.Options(
            targets: [
                target(
                    "several",
                    "host: \"127.0.0.1,127.0.0.1\", port: \"\(nobody),\(server.port)\", dbname: ledger, "
                        + "user: \(PostgresServer.user), target_session_attrs: read-write"),
                target("listed", "service: books"),
                target(
                    "standby",
                    "host: 127.0.0.1, port: \"\(server.port)\", dbname: ledger, user: \(PostgresServer.user), "
                        + "target_session_attrs: standby"),
            ].joined(separator: "\n"))
        options.policy = #"permit (principal in Group::"payments", action, resource);"#
        options.postgresListener = ""
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password, "PGSERVICEFILE": services.path]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let token = try await gateway.issuer.token(for: "alice")
        func count(_ database: String) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                try Tools.system("psql"), ["-XqAt", "-c", "SELECT count(*) FROM customers"],
                environment: [
                    "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
                    "PGPASSWORD": token, "PGDATABASE": database, "PGSSLMODE": "disable",
                ])
        }
        for name in ["several", "listed"] {
            let found = try await count(name)
            #expect(found.output == "50\n", "\(name): \(found)")
        }
        let refused = try await count("standby")
        #expect(refused.status == 2 && refused.errors.contains("standby"), "\(refused)")
    }

    @Test("replication is refused, unless the target allows it")
    func replication() async throws {
        let refused = try await RunningProcess.run(
            try Tools.system("psql"), ["-XAt", "-c", "IDENTIFY_SYSTEM"],
            environment: try await Self.stage.value.environment.merging(["PGOPTIONS": ""]) { $1 })
        #expect(refused.status != 0)
        let ledger = try await Ledger(
            policy: Ledger.policy.replacing("when { context.opaque }", with: "when { false }").replacing(
                "Action::\"sql.admin\"],", with: "Action::\"sql.admin\", Action::\"sql.replication\"],"),
            target: "replication: pass")
        func wire(_ ledger: Ledger) throws -> String {
            "host=127.0.0.1 port=\(try #require(ledger.gateway.postgresPort)) user=alice@example.com dbname=ledger replication=database"
        }
        let other = try await Self.stage.value
        let not = try await RunningProcess.run(
            try Tools.system("psql"), [try wire(other), "-XAt", "-c", "IDENTIFY_SYSTEM"], environment: other.environment
        )
        #expect(not.errors.contains("Replication connections are not relayed."), "\(not)")
        let identified = try await RunningProcess.run(
            try Tools.system("psql"), [try wire(ledger), "-XAt", "-c", "IDENTIFY_SYSTEM"],
            environment: ledger.environment)
        #expect(identified.output.contains("|ledger\n"), "\(identified)")
        let programs = try PostgresServer.program("pg_recvlogical")
        let made = try await RunningProcess.run(
            programs, ["--create-slot", "--slot", "s", "--plugin", "test_decoding", "-d", try wire(ledger)],
            environment: ledger.environment)
        #expect(made.status == 0, "\(made)")
        try await ledger.server.psql("INSERT INTO scratch VALUES (77, 'replicated')")
        let end = try await ledger.server.psql("SELECT pg_current_wal_lsn()").trimmingCharacters(in: .newlines)
        let received = try await RunningProcess.run(
            programs, ["--start", "--slot", "s", "-f", "-", "--endpos", end, "-d", try wire(ledger)],
            environment: ledger.environment, within: 20)
        #expect(received.output.contains("replicated"), "\(received)")
    }
}
