import Foundation
import Testing

/// Whatever callers, databases and operators do: a clear answer, and the gateway goes on.
@Suite("PostgreSQL, when things go wrong", .serialized)
struct RobustnessTests {
    private static let stage = Task {
        try await Ledger(
            policy: Ledger.policy.replacing("when { context.opaque }", with: "when { false }"),
            listener: ", sign_in_timeout: 4s, max_connections: 6000")
    }

    @Test("malformed messages, and messages in a wrong state, end in an error of the protocol")
    func hostile() async throws {
        let ledger = try await Self.stage.value
        let finished = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_hostile.py")], environment: ledger.environment, within: 120)
        #expect(finished.status == 0, "\(finished.errors)")
        let violation = "E:FATAL:08P01 closed"
        let expected = [
            "10 GiB claimed": violation, "negative length": violation, "length of three": violation,
            "protocol 2": violation, "protocol 4": violation, "protocol 3.2": "R", "without a user": violation,
            "without its end": violation, "not UTF-8": violation, "HTTP": violation, "replication": "R",
            "query before the password": "R " + violation, "password of 2 GiB": "R " + violation,
            "password without its end": "R " + violation, "unknown type": violation, "length 0": violation,
            "length -5": violation, "length 2 GiB": violation, "query without its end": violation,
            "query with a NUL amid": "E:ERROR:08P01 Z", "query not UTF-8": "E:ERROR:22021 Z",
            "parse cut short": violation, "parse with 65,535 types and none": violation, "bind cut short": violation,
            "200 statements that are parsed for later": String(repeating: "1 ", count: 200) + "2 D C 2 D C Z",
            "bind of a value longer than the message": violation, "bind of a negative length": violation,
            "bind to an unknown statement": "E:ERROR:26000 Z", "execute of an unknown portal": "E:ERROR:34000 Z",
            "describe of neither": violation, "describe cut short": violation, "execute cut short": violation,
            "sync with a body": violation, "copy data without a copy": "T D C Z",
            "a password after signing in": violation, "function call cut short": violation,
            "query in a copy": "G " + violation, "copy that fails": "G E:ERROR:57014 Z",
            "copy of what is no row": "G E:ERROR:22P04 Z", "empty query": "I Z", "flush alone": "T D C Z",
            "terminate": "closed",
        ]
        var seen: [String: String] = [:]
        for line in finished.output.split(separator: "\n") {
            let parts = line.split(separator: ": ", maxSplits: 1)
            if parts.count == 2 { seen[String(parts[0])] = String(parts[1]) }
        }
        #expect(seen == expected, "\(seen.filter { expected[$0.key] != $0.value })")
        #expect(try await ledger.psql("SELECT 'goes on'").output == "goes on\n")
    }

    @Test(
        "a statement that nests deeper than anybody reads is not read, and harms nobody",
        arguments: [("(SELECT ", ")"), ("1 + ", ""), ("f(1, ", ")"), ("CASE WHEN true THEN ", " END")])
    func deep(opening: String, closing: String) async throws {
        let ledger = try await Self.stage.value
        for depth in [100, 1_000, 20_000] {
            let repeated = { (text: String) in String(repeating: text, count: depth) }
            let finished = try await RunningProcess.run(
                try Tools.system("psql"), ["-XqAt"], environment: ledger.environment,
                input: "SELECT \(repeated(opening))1\(repeated(closing));\nSELECT 'goes on';\n")
            #expect(finished.output.hasSuffix("goes on\n"), "\(finished.errors.prefix(300))")
        }
    }

    @Test("a message beyond the listener's limits is refused by name, in its place, and nothing else is lost")
    func tooLong() async throws {
        let ledger = try await Ledger(
            listener: ", max_statement_bytes: 2MiB, max_message_bytes: 1MiB, max_spooled_bytes: 4MiB")
        let script = """
            import psycopg
            def refused(run):
                try:
                    return run().fetchone()
                except psycopg.Error as error:
                    return error.sqlstate, error.diag.message_hint.split("larger ")[1].split()[0]
            picture = "0123456789abcdef" * 100_000
            long, longer = f"SELECT length('{picture}')", f"SELECT length('{picture}{picture}')"
            with psycopg.connect() as connection:
                print(connection.execute(long).fetchone(), connection.execute(long, prepare=True).fetchone())
                print(refused(lambda: connection.execute(longer + "; SELECT 1")), connection.info.transaction_status.name)
                connection.rollback()
                print(refused(lambda: connection.execute(longer, prepare=True)), connection.info.transaction_status.name)
                connection.rollback()
                for prepare in (False, True):
                    for values in ([picture, "x"], ["x", picture], [picture, picture], [picture[:1_000_000], picture]):
                        print(connection.execute("SELECT length(%s), length(%s)", values, prepare=prepare).fetchone())
                print(refused(lambda: connection.execute("SELECT length(%s)", [picture * 3])))
                connection.rollback()
                print(connection.execute("SELECT length(%s)", [picture[:1_000_000]]).fetchone())
                try:
                    connection.execute("SELECT salary FROM payroll WHERE %s <> ''", [picture])
                except psycopg.Error as error:
                    print(error.sqlstate, error.diag.message_detail[:20])
                connection.rollback()
                with connection.pipeline():
                    results = [connection.execute("SELECT length(%s)", [value]) for value in ("x", picture, "yy", picture)]
                    print([result.fetchone() for result in results])
                try:
                    with connection.pipeline():
                        first = connection.execute("SELECT 'first'")
                        connection.execute("SELECT 1 / length(%s)", [""])
                        connection.execute("INSERT INTO scratch VALUES (1, %s)", [picture])
                except psycopg.Error as error:
                    print(first.fetchone(), error.sqlstate)
                connection.rollback()
                try:
                    with connection.pipeline():
                        first = connection.execute("SELECT 'first'")
                        connection.execute("SELECT length(%s)", [picture * 3])
                        connection.execute("INSERT INTO scratch VALUES (1, 'after the refusal')")
                except psycopg.Error as error:
                    print(first.fetchone(), error.sqlstate)
                connection.rollback()
                print(connection.execute("SELECT 'goes on', count(*) FROM scratch").fetchone())
            import hashlib
            print(hashlib.sha256(picture.encode()).hexdigest())
            """
        let file = ledger.gateway.folder.appendingPathComponent("long.py")
        try script.write(to: file, atomically: true, encoding: .utf8)
        let ran = try await RunningProcess.run(
            try Tools.python(), [file.path], environment: ledger.environment, within: 120)
        let digest = ran.output.split(separator: "\n").last ?? ""
        #expect(
            ran.output == """
                (1600000,) (1600000,)
                ('54000', 'max_statement_bytes') INERROR
                ('54000', 'max_statement_bytes') INERROR
                (1600000, 1)
                (1, 1600000)
                (1600000, 1600000)
                (1000000, 1600000)
                (1600000, 1)
                (1, 1600000)
                (1600000, 1600000)
                (1000000, 1600000)
                ('54000', 'max_spooled_bytes')
                (1000000,)
                42501 The rule is no-payro
                [(1,), (1600000,), (2,), (1600000,)]
                ('first',) 22012
                ('first',) 54000
                ('goes on', 0)
                \(digest)

                """, "\(ran)")
        let intents = try await ledger.gateway.auditEntries().filter { $0["kind"] as? String == "intent" }
        #expect(intents.contains { "\($0)".contains("1600000 bytes, SHA-256 \(digest)") })
        let state = try FileManager.default.contentsOfDirectory(atPath: ledger.gateway.folder.path + "/state")
        #expect(!state.contains { $0.hasPrefix("spool") }, "\(state)")
    }

    @Test("5,000 connections that never sign in cost little memory and are let go")
    func silent() async throws {
        let ledger = try await Self.stage.value
        let script = """
            import resource, socket, sys, time
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 6000), hard))
            open_sockets = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(5000)]
            resident = [line for line in open(f"/proc/{sys.argv[2]}/status") if line.startswith("VmRSS")]
            print(int(resident[0].split()[1]) // 1024, flush=True)
            time.sleep(6)
            print(sum(1 for one in open_sockets if b"E" in one.recv(100) or True), flush=True)
            """
        let before = try residentMebibytes(ledger)
        let finished = try await RunningProcess.run(
            try Tools.python(),
            ["-c", script, String(try #require(ledger.gateway.postgresPort)), String(try ledger.gateway.process.pid)],
            within: 60)
        let lines = finished.output.split(separator: "\n").compactMap { Int($0) }
        #expect(lines.count == 2 && lines[1] == 5000, "\(finished)")
        #expect(lines[0] - before < 150, "\(before) MiB became \(lines[0])")
        #expect(try await ledger.psql("SELECT 'goes on'").output == "goes on\n")
    }

    private func residentMebibytes(_ ledger: Ledger) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(try ledger.gateway.process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS") }
        return try #require(line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }) / 1024
    }

    @Test("a database that goes away amid a result is an error of the protocol, not silence")
    func upstreamKilled() async throws {
        let ledger = try await Self.stage.value
        for (command, state) in [
            (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(62)%' AND pid <> pg_backend_pid()",
                "57P01"
            ),
            ("", "08006"),
        ] {
            let psql = try RunningProcess(
                try Tools.system("psql"),
                ["-XAt", "-v", "VERBOSITY=verbose", "-c", "SELECT generate_series(1, 10), pg_sleep(62)"],
                environment: ledger.environment)
            try await waitUntil {
                try await ledger.server.psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(62)' AND state = 'active'")
                    == "1\n"
            }
            if command.isEmpty {
                let pid = try await ledger.server.psql(
                    "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(62)' AND state = 'active'")
                kill(try #require(Int32(pid.trimmingCharacters(in: .whitespacesAndNewlines))), SIGKILL)
            } else {
                try await ledger.server.psql(command)
            }
            _ = try await psql.exit()
            #expect(psql.output.contains(state) || psql.output.contains("57P02"), "\(psql.output)")
        }
        // The postmaster starts anew after a child was killed.
        try await waitUntil { try await ledger.psql("SELECT 'goes on'").output == "goes on\n" }
    }

    @Test("a gateway that is asked to stop lets transactions end, says goodbye, and takes nobody new")
    func drain() async throws {
        let ledger = try await Ledger()
        let signal = ledger.gateway.folder.appendingPathComponent("go on")
        let script = """
            import os, psycopg, sys, time
            idle = psycopg.connect(autocommit=True)
            busy = psycopg.connect()
            # What arrives together with the answer to COMMIT is a notice to libpq.
            told = []
            busy.add_notice_handler(lambda notice: told.append(notice.sqlstate))
            busy.execute("INSERT INTO scratch VALUES (1, 'before')")
            print("open", flush=True)
            while not os.path.exists(sys.argv[1]):
                time.sleep(0.02)
            try:
                idle.execute("SELECT 1")
            except psycopg.OperationalError as error:
                print("idle:", error.sqlstate, flush=True)
            busy.execute("INSERT INTO scratch VALUES (2, 'while it stops')")
            busy.commit()
            print("committed", flush=True)
            try:
                busy.execute("SELECT 1")
            except psycopg.OperationalError as error:
                print("then:", *(told or [error.sqlstate]), flush=True)
            """
        let client = try RunningProcess(
            try Tools.python(), ["-c", script, signal.path], environment: ledger.environment)
        try await client.says("open")
        let stopping = Task { try await ledger.gateway.stop() }
        try await waitUntil { try await ledger.psql("SELECT 1").status != 0 }
        try Data().write(to: signal)
        #expect(try await client.exit() == 0, "\(client.output)")
        #expect(client.output == "open\nidle: 57P01\ncommitted\nthen: 57P01\n")
        #expect(try await stopping.value == 0)
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch") == "2\n")
        #expect(try await ledger.gateway.auditFault() == nil)
    }
}
