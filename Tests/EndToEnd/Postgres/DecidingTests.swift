import Foundation
import Testing

/// What becomes of statements: allowed, refused, approved; and what stands on record.
@Suite("Deciding about SQL, end to end", .serialized)
struct DecidingTests {
    private static let stage = Task { try await Ledger() }

    @Test("a refusal says the rule and the next step, runs nothing, and leaves the session as an error would")
    func refusals() async throws {
        let ledger = try await Self.stage.value
        let refused = try await ledger.psql("SELECT salary FROM payroll", "SELECT 'goes on'")
        #expect(refused.errors.contains("ERROR:  ") && refused.errors.contains("The rule is no-payroll."))
        #expect(refused.errors.contains("HINT:  Payroll is for the people of HR."))
        #expect(refused.output == "goes on\n")

        let verbose = try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt", "-v", "VERBOSITY=verbose", "-c", "TABLE payroll"],
            environment: ledger.environment)
        #expect(verbose.errors.contains("ERROR:  42501:"))

        #expect(try await ledger.psql("SELEC 1").errors.contains("syntax error at or near \"SELEC\""))

        // In a transaction block it is an error like any other.
        let inBlock = try await ledger.psql(
            "BEGIN", "INSERT INTO scratch VALUES (7, 'lost')", "DELETE FROM scratch", "SELECT 1", "COMMIT",
            "SELECT count(*) FROM scratch WHERE id = 7")
        #expect(inBlock.errors.contains("The rule is no-unbounded-writes."))
        #expect(inBlock.errors.contains("current transaction is aborted"))
        #expect(inBlock.output == "0\n", "\(inBlock)")

        // A statement that is refused refuses those that came with it.
        let batch = try await ledger.psql("INSERT INTO scratch VALUES (8, 'x'); DELETE FROM scratch; SELECT 1")
        #expect(batch.status != 0 && batch.errors.contains("no-unbounded-writes"))
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch WHERE id = 8") == "0\n")
    }

    @Test(
        "a write does not hide",
        arguments: [
            "WITH x AS (DELETE FROM scratch RETURNING *) SELECT * FROM x", "EXPLAIN ANALYZE DELETE FROM scratch",
            "COPY (DELETE FROM scratch RETURNING id) TO STDOUT", "DELETE FROM scratch WHERE 'a' = 'a'",
            "DELETE/* WHERE id = 1 */FROM scratch", "PREPARE d AS DELETE FROM scratch; EXECUTE d",
            "DO $$ BEGIN DELETE FROM scratch; END $$", "SELECT query_to_xml('DELETE FROM scratch', true, true, '')",
            "SELECT 1; DELETE FROM scratch WHERE id = id", "UPDATE scratch SET note = '' WHERE true OR id = 1",
            "EXECUTE unheard_of", "SELEC 1",
        ])
    func hidden(_ text: String) async throws {
        let ledger = try await Self.stage.value
        let before = try await ledger.server.psql(
            "INSERT INTO scratch VALUES (99, 'kept'); SELECT count(*) FROM scratch")
        let finished = try await ledger.psql(text)
        #expect(finished.status != 0 && finished.errors.contains("The rule is no-"), "\(finished)")
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch") == before)
    }

    @Test("a statement waits for its approval, runs once, and is on record with who agreed")
    func approval() async throws {
        let ledger = try await Self.stage.value
        let statement = "UPDATE books SET closed = true WHERE year = 2025"
        let unjustified = try await ledger.psql(statement)
        #expect(unjustified.errors.contains("SET sallyport.justification"), "\(unjustified)")
        let waiting = try RunningProcess(
            try Tools.system("psql"),
            ["-XAt", "-c", "SET sallyport.justification = 'year is over'", "-c", statement, "-c", "SELECT 'done'"],
            environment: ledger.environment)
        try await waiting.says("waits for approval")
        let ticket = try #require(waiting.output.split(separator: "/approvals/").last?.prefix(36))
        #expect(try await ledger.server.psql("SELECT closed FROM books WHERE year = 2025") == "f\n")
        let bob = try await ledger.gateway.issuer.token(for: "bob")
        let approved = try await ledger.gateway.command(
            "approvals", "approve", String(ticket), "--justification", "checked", token: bob)
        #expect(approved.status == 0, "\(approved.errors)")
        #expect(try await waiting.exit() == 0)
        #expect(waiting.output.contains("UPDATE 1") && waiting.output.contains("done"), "\(waiting.output)")
        #expect(try await ledger.server.psql("SELECT closed FROM books WHERE year = 2025") == "t\n")
    }

    @Test("every statement is on record with its parameters and its end, and the log verifies")
    func record() async throws {
        let ledger = try await Ledger()
        let values = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_values.py"), "psycopg-binary"], environment: ledger.environment
        )
        #expect(values.status == 0, "\(values.errors)")
        #expect(try await ledger.gateway.stop() == 0)
        let entries = try await ledger.gateway.auditEntries()
        let intents = entries.filter { $0["kind"] as? String == "intent" }
        let outcomes = entries.filter { $0["kind"] as? String == "outcome" }
        let texts = intents.compactMap { ($0["command"] as? [String: Any])?["text"] as? String }
        #expect(texts.contains("connect to ledger") && texts.contains("INSERT INTO scratch VALUES (1, 'one')"))
        let bound = intents.compactMap { ($0["command"] as? [String: Any])?["parameters"] as? [[String: Any]] }
        #expect(bound.contains { $0.first?["value"] as? String == "customer 1%" })
        #expect(
            Set(intents.compactMap { $0["id"] as? String }) == Set(outcomes.compactMap { $0["command"] as? String }))
        #expect(try await ledger.gateway.auditFault() == nil)
    }

    @Test("a long statement, which is read on another thread, is judged like any other and keeps its place")
    func long() async throws {
        let ledger = try await Self.stage.value
        let (direct, through) = try await ledger.both(try Tools.python(), [Tools.fixture("postgres_long.py")])
        #expect(direct.status == 0 && direct.output.hasSuffix("('after',)\n"), "\(direct.errors)")
        #expect(through.output == direct.output && through.status == 0, "\(through)")

        let ids = (0..<10_000).map { "id = \($0)" }.joined(separator: " OR ")
        let before = try await ledger.server.psql(
            "INSERT INTO scratch VALUES (97, 'kept'); SELECT count(*) FROM scratch")
        let hidden = try await ledger.psql(
            input: "SELECT 'before';\nDELETE FROM scratch WHERE true OR \(ids);\nSELECT 'after';\n")
        #expect(hidden.output == "before\nafter\n" && hidden.errors.contains("no-unbounded-writes"), "\(hidden)")
        #expect(try await ledger.server.psql("SELECT count(*) FROM scratch") == before)
    }

    @Test("a long statement that is given up while it is read never runs, and the session goes on")
    func longCancelled() async throws {
        let ledger = try await Self.stage.value
        let script = """
            import psycopg, threading, time
            ids = " OR ".join(f"id = {number}" for number in range(40_000))
            with psycopg.connect(autocommit=True) as connection:
                for prepare in (False, True):
                    done = threading.Event()
                    def cancel():
                        while not done.wait(0.2):
                            connection.cancel()
                    # One that comes before the statement cancels nothing, and reading it takes seconds.
                    canceller = threading.Thread(target=cancel)
                    canceller.start()
                    try:
                        print(connection.execute(f"UPDATE scratch SET note = 'ran' WHERE id = 96 AND ({ids})", prepare=prepare).rowcount)
                    except psycopg.Error as error:
                        print(error.sqlstate)
                    done.set()
                    canceller.join()
                    # The gateway may still be about to pass the last one on.
                    time.sleep(1)
                    print(connection.execute("SELECT 'after'").fetchone())
            """
        let ran = try await RunningProcess.run(
            try Tools.python(), ["-c", script], environment: ledger.environment, within: 120)
        #expect(ran.output == "57014\n('after',)\n57014\n('after',)\n", "\(ran)")
        let intents = try await ledger.gateway.auditEntries().filter { $0["kind"] as? String == "intent" }
        #expect(!intents.contains { "\($0)".contains("note = 'ran'") })
    }

    @Test("a cancelled statement ends, and the session goes on; a wrong key cancels nothing")
    func cancel() async throws {
        let ledger = try await Self.stage.value
        let finished = try await RunningProcess.run(
            try Tools.python(), [Tools.fixture("postgres_cancel.py")], environment: ledger.environment)
        #expect(finished.output == "wrong key: still running\n57014\nafter\n", "\(finished)")
    }

    @Test("a caller that vanishes leaves nothing running and an outcome")
    func vanishes() async throws {
        let ledger = try await Self.stage.value
        let psql = try RunningProcess(
            try Tools.system("psql"), ["-XAt", "-c", "SELECT pg_sleep(61)"], environment: ledger.environment)
        try await waitForSleepers(1, in: ledger)
        psql.signal(SIGKILL)
        try await waitForSleepers(0, in: ledger)
    }

    private func waitForSleepers(_ count: Int, in ledger: Ledger) async throws {
        let running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)' AND state = 'active'"
        var found = ""
        for _ in 0..<200 {
            found = try await ledger.server.psql(running)
            if found == "\(count)\n" { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw TestFailure("\(found) statements sleep, not \(count)")
    }

    @Test("who may not in is told why, in the protocol's words")
    func signIn() async throws {
        let ledger = try await Self.stage.value
        func attempt(_ changes: [String: String]) async throws -> String {
            let finished = try await RunningProcess.run(
                try Tools.system("psql"), ["-XAt", "-c", "SELECT 1"],
                environment: ledger.environment.merging(changes) { $1 })
            #expect(finished.status == 2 && finished.output.isEmpty)
            return finished.errors
        }
        #expect(try await attempt(["PGPASSWORD": "letmein"]).contains("password authentication failed"))
        #expect(try await attempt(["PGUSER": "bob"]).contains("Connect as user \"alice@example.com\"."))
        #expect(try await attempt(["PGDATABASE": "nothing"]).contains("database \"nothing\" does not exist"))
        #expect(try await attempt(["PGDATABASE": "ledger/postgres"]).contains("does not exist"))
        let bob = try await ledger.gateway.issuer.token(for: "bob")
        #expect(
            try await attempt(["PGPASSWORD": bob, "PGUSER": "bob"]).contains("No policy permits sql.connect"))
    }
}
