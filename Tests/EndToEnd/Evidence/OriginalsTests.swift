import Foundation
import Testing

/// What masking takes away, as an auditor gets it back: compared with what the function, the database and the host
/// really hold, opened by our command and by a program that has nothing of ours.
@Suite("Originals for auditors, end to end", .serialized)
struct OriginalsTests {
    private static let policy = """
        @id("everything") @mask("customer-pii")
        permit (principal in Group::"payments", action, resource);
        @id("no-originals") forbid (principal in Group::"payments", action in Action::"console.originals", resource);
        @id("auditors-read")
        permit (principal in Group::"auditor", action in [Action::"console.read", Action::"console.originals"], resource);
        """

    /// A gateway that seals to a key whose private half lies in its folder, for the test only.
    private static func options(_ targets: String, masking: String) -> TestGateway.Options {
        var options = TestGateway.Options(targets: targets)
        options.policy = policy
        options.maskingRules = masking
        options.audit = ", originals: {auditor_key: auditor.pub}"
        options.prepare = { try await Self.makeKey(in: $0) }
        return options
    }

    /// `auditor.key`, and `auditor.pub` beside it.
    static func makeKey(in folder: URL) async throws {
        let made = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "keygen", "--out", "auditor.key"], in: folder)
        guard made.status == 0 else { throw TestFailure("keygen: \(made.errors)") }
        try made.output.write(to: folder.appendingPathComponent("auditor.pub"), atomically: true, encoding: .utf8)
    }

    private static let httpMasking = """
                  - {field: ssn, transform: keep-last 4}
                  - {detector: EMAIL_ADDRESS, transform: redact}
                  - {path: $.secret, transform: "null"}
        """

    static func payments(_ more: (inout TestGateway.Options) -> Void = { _ in }) async throws -> TestGateway {
        let nginx = try await Nginx(server: "")
        try nginx.serve(
            "customer.json",
            #"{"ssn":"536-22-8741","note":"write to ana@example.com","secret":{"pin":[1,2,3]},"id":7}"#)
        try nginx.serve("plain.json", #"{"id":7}"#)
        var options = options(
            """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
            """, masking: httpMasking)
        options.upstreams = [nginx]
        more(&options)
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test("what a function answered is opened as it was, by us and by pyhpke; on the disk it is nowhere in the clear")
    func http() async throws {
        let gateway = try await Self.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for name in ["customer.json", "plain.json"] {
            let answer = try await alice.get("\(gateway.url)/payments/\(name)")
            #expect(answer.status == 200 && !answer.body.contains("536-22"), "\(answer)")
        }
        #expect(try await gateway.stop() == 0)
        #expect(
            Self.sorted(try await Self.openAll(gateway)) == [
                Opened(row: 2, place: "$.note", value: "ana@example.com"),
                Opened(row: 3, place: "$.secret", value: #"{"pin":[1,2,3]}"#),
                Opened(row: 1, place: "$.ssn", value: "536-22-8741"),
            ])
        let found = try await RunningProcess.run(
            try Tools.system("grep"), ["-raE", "536-22-8741|ana@example.com", gateway.stateFolder.path])
        #expect(found.output.isEmpty, "\(found.output.prefix(300))")
        // The gateway has no key that opens anything.
        let keys = try await RunningProcess.run(
            try Tools.system("grep"), ["-rl", "sallyport-auditor-private", gateway.stateFolder.path])
        #expect(keys.output.isEmpty)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a changed, dropped or swapped chunk is named; so is a wrong key")
    func attacks() async throws {
        let gateway = try await Self.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for _ in 0..<3 { #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200) }
        #expect(try await gateway.stop() == 0)
        let (command, session) = try #require(try await Self.sealed(gateway).first)
        let file = try #require(try Self.files(gateway).first { $0.lastPathComponent.hasPrefix(session) })
        let whole = try Data(contentsOf: file)
        func check() async throws -> RunningProcess.Finished {
            try await gateway.command("audit", "check-masking", session)
        }
        #expect(try await check().status == 0)

        var changed = whole
        changed[whole.count - 1] ^= 1
        try changed.write(to: file)
        var found = try await check()
        #expect(found.status == 1 && found.output.contains("was changed"), "\(found)")
        try whole.dropLast(30).write(to: file)
        found = try await check()
        #expect(found.status == 1 && found.output.contains("is missing"), "\(found)")
        try FileManager.default.removeItem(at: file)
        found = try await check()
        #expect(found.status == 1 && found.output.contains("the file"), "\(found)")
        try whole.write(to: file)

        let other = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "keygen", "--out", "other.key"], in: gateway.folder)
        #expect(other.status == 0)
        try await Self.expectNothingOpens(with: "other.key", command, of: session, gateway)
        // A key file is never written over.
        let again = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "keygen", "--out", "other.key"], in: gateway.folder)
        #expect(again.status == 69, "\(again)")
    }

    @Test("through the gateway originals are given to who policy allows, and that stands in the log with its reason")
    func console() async throws {
        let gateway = try await Self.payments()
        let alice = try await gateway.issuer.token(for: "alice")
        #expect(try await Curl(token: alice).get("\(gateway.url)/payments/customer.json").status == 200)
        try await waitUntil { try await !Self.sealed(gateway).isEmpty }
        let command = try #require(try await Self.sealed(gateway).first).command
        // The entry must be in the signed tree, and the session in the index, to be asked for by HTTP.
        try await waitUntil {
            try await gateway.command("audit", "export", "--signed-only").output.contains("\"originals\":")
        }
        try await Task.sleep(for: .milliseconds(600))
        let refused = try await Self.open(command, gateway, ["--console", gateway.consoleURL], token: alice)
        #expect(refused.status == 77 && refused.output.isEmpty, "\(refused)")
        let carol = try await gateway.issuer.token(for: "carol")
        // For a command of another session nothing is given out, and so nothing is said in the log.
        #expect(try await Curl(token: alice).get("\(gateway.url)/payments/plain.json").status == 200)
        let intents = try await gateway.auditEntries().filter { $0["kind"] as? String == "intent" }
        let session = try #require(intents.first { $0["id"] as? String == command }?["session"] as? String)
        let other = try #require(intents.first { $0["session"] as? String != session }?["id"] as? String)
        let asked = try await Curl(token: carol).post(
            "\(gateway.consoleURL)/api/v1/sessions/\(session)/originals",
            json: #"{"command":"\#(other)","justification":"case 4711","part":"1"}"#)
        #expect(asked.status == 404 && asked.member("code") as? String == "not-found", "\(asked)")
        // Nor for a key that opens nothing: the command looks before it asks.
        let made = try await RunningProcess.run(
            try Tools.sallyport, ["audit", "keygen", "--out", "other.key"], in: gateway.folder)
        #expect(made.status == 0, "\(made)")
        try await Self.expectNothingOpens(
            with: "other.key", command, of: session, gateway, ["--console", gateway.consoleURL], token: carol)
        let opened = try await Self.open(command, gateway, ["--console", gateway.consoleURL], token: carol)
        #expect(opened.status == 0, "\(opened)")
        #expect(Self.parse(opened.output).contains(Opened(row: 1, place: "$.ssn", value: "536-22-8741")))
        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries().filter { $0["kind"] as? String == "originals-opened" }
        #expect(entries.count == 1)
        let entry = try #require(entries.first)
        #expect(entry["command"] as? String == command && entry["reason"] as? String == "case 4711", "\(entry)")
        #expect(entry["caller"] != nil && entry["session"] as? String == session)
        // What was given is the whole file, which the entry names.
        #expect((entry["file"] as? String)?.hasSuffix("/\(session)-1.sealed") ?? false, "\(entry)")
    }

    @Test("a private key, or nonsense, in the configuration is refused; without a key nothing is kept")
    func configuration() async throws {
        let gateway = try await Self.payments { $0.audit = "" }
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        #expect(try await gateway.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: gateway.stateFolder.appendingPathComponent("originals").path))
        #expect(try await Self.sealed(gateway).isEmpty)
        let file = gateway.folder.appendingPathComponent("sallyport.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        for (key, message) in [("auditor.key", "this is the private key"), ("nonsense", "no key of")] {
            let changed = text.replacing(
                "example/log}", with: "example/log, originals: {auditor_key: \(key)}}")
            #expect(changed != text)
            try changed.write(to: file, atomically: true, encoding: .utf8)
            let refused = try await RunningProcess.run(
                try Tools.sallyport, ["serve", "--config", "sallyport.yaml"], in: gateway.folder)
            #expect(refused.status == 78 && refused.errors.contains(message), "\(refused)")
        }
    }

    private static let ledgerMasking = """
                  - {column: customers.ssn, transform: keep-last 4}
                  - {column: customers.email, transform: redact}
                  - {column: customers.account, transform: "null"}
                  - {column: customers.tags, transform: keep-last 1}
                  - {detector: PAN, transform: redact}
        """

    private static let seed = """
        CREATE TABLE customers (id int PRIMARY KEY, ssn text, email varchar(80), account int8, tags text[], note text, doc jsonb);
        INSERT INTO customers SELECT i, '536-22-' || lpad(i::text, 6, '0'), 'c' || i || '@example.com', i * 1000003::int8,
            ARRAY['t' || i, 'é'], CASE WHEN i % 10 = 0 THEN 'pay 4111 1111 1111 1111 for ' || i END, '{"card": "4111111111111111"}'
            FROM generate_series(1, 20000) i;
        """

    private static func ledger(
        _ more: (inout TestGateway.Options) -> Void = { _ in }
    ) async throws -> (gateway: TestGateway, server: PostgresServer, environment: [String: String]) {
        let server = try await PostgresServer(seed: seed)
        var options = options(server.target(), masking: ledgerMasking)
        options.postgresListener = ""
        options.upstreams = [server]
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        more(&options)
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        return (
            gateway, server,
            [
                "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
                "PGPASSWORD": try await gateway.issuer.token(for: "alice"), "PGDATABASE": "ledger",
                "PGSSLMODE": "disable",
            ]
        )
    }

    private static func psql(_ sql: String, _ environment: [String: String]) async throws -> RunningProcess.Finished {
        try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt", "-c", sql], environment: environment, within: 120)
    }

    @Test("rows in the text and the binary format, and copied ones, are opened as the database holds them")
    func postgres() async throws {
        let (gateway, server, environment) = try await Self.ledger()
        let direct = try await server.psql("SELECT id, ssn, email, account FROM customers ORDER BY id")
            .split(separator: "\n").map { $0.split(separator: "|").map(String.init) }
        #expect(direct.count == 20_000)
        // Many chunks in one command.
        let shown = try await Self.psql("SELECT ssn, email, account FROM customers ORDER BY id", environment)
        #expect(shown.status == 0 && !shown.output.contains("536-22-000001"), "\(shown.errors)")
        let binary = try await RunningProcess.run(
            try Tools.python(),
            [
                "-c",
                """
                import psycopg
                with psycopg.connect() as connection:
                    cursor = connection.cursor(binary=True)
                    print(cursor.execute("SELECT ssn AS s, account AS a, tags, note, doc FROM customers WHERE id = 30").fetchone())
                """,
            ], environment: environment)
        #expect(binary.status == 0, "\(binary)")
        for format in ["text", "csv", "binary"] {
            let copied = try await RunningProcess.run(
                try Tools.system("psql"),
                ["-Xq", "-c", "COPY (SELECT email, ssn FROM customers WHERE id = 5) TO STDOUT (FORMAT \(format))"],
                environment: environment)
            #expect(copied.status == 0, "\(copied)")
        }
        #expect(try await gateway.stop() == 0)

        let entries = try await gateway.auditEntries()
        let all = try await Self.openAll(gateway)
        for (place, column) in [
            ("public.customers.ssn", 1), ("public.customers.email", 2), ("public.customers.account", 3),
        ] {
            // The first command's: one for each row, in its order.
            let values = all.filter { $0.place == place }.prefix(20_000)
            #expect(values.map(\.row) == Array(1...20_000))
            #expect(values.map(\.value) == direct.map { $0[column] }, "\(place)")
        }
        let rest = all.dropFirst(60_000).map { "\($0.row) \($0.place)=\($0.value)" }
        #expect(
            rest == [
                "1 public.customers.ssn=536-22-000030", "1 public.customers.account=30000090",
                "1 public.customers.tags=t30", "1 public.customers.tags=é",
                "1 public.customers.note=4111 1111 1111 1111",
                "1 public.customers.doc $.card=4111111111111111",
                "1 public.customers.email=c5@example.com", "1 public.customers.ssn=536-22-000005",
                "1 public.customers.email=c5@example.com", "1 public.customers.ssn=536-22-000005",
                "1 public.customers.email=c5@example.com", "1 public.customers.ssn=536-22-000005",
            ], "\(rest.prefix(20))")
        // No entry outgrows the log, and each names what the file holds.
        let named = entries.compactMap { $0["originals"] as? [String: Any] }.flatMap {
            $0["chunks"] as? [[String: Any]] ?? []
        }
        #expect(named.count >= 8)
        #expect(Set(named.compactMap { $0["sha256"] as? String }).count == named.count)
    }

    private static let textMasking = """
                  - {detector: PAN, transform: keep-last 4}
                  - {detector: EMAIL_ADDRESS, transform: redact}
        """

    @Test("output of commands and files over SFTP are opened as the host holds them")
    func ssh() async throws {
        let server = try await OpenSSHServer()
        var options = Self.options(
            server.target("web-1"),
            masking: Self.textMasking)
        options.sshListener = ""
        options.upstreams = [server]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = try await OpenSSHClient.key(try await gateway.issuer.token(for: "alice"), gateway)
        let there = server.folder.path
        try "ana@example.com pays with 4111 1111 1111 1111\n".write(
            toFile: "\(there)/orders.txt", atomically: true, encoding: .utf8)
        try #"{"orders":[{"by":"bob@example.com"}]}"#.write(
            toFile: "\(there)/orders.json", atomically: true, encoding: .utf8)
        let shown = try await alice.tool(
            "ssh", ["web-1@127.0.0.1", "cat \(there)/orders.txt; echo eve@example.com >&2"])
        #expect(shown.status == 0 && shown.output.contains("1111\n") && !shown.output.contains("ana@"), "\(shown)")
        #expect(!shown.errors.contains("eve@"), "\(shown)")
        let got = try await alice.tool(
            "sftp", ["-b", "-", "web-1@127.0.0.1"],
            input: "get \(there)/orders.txt one\nget \(there)/orders.json two\n")
        #expect(got.status == 0, "\(got)")
        #expect(
            try String(contentsOfFile: "\(alice.folder.path)/two", encoding: .utf8)
                == #"{"orders":[{"by":"[EMAIL_ADDRESS]"}]}"#)
        #expect(try await gateway.stop() == 0)
        let all = try await Self.openAll(gateway).map { "\($0.place)=\($0.value)" }.sorted()
        #expect(
            all == [
                "$.orders[*].by=bob@example.com", "text=4111 1111 1111 1111", "text=4111 1111 1111 1111",
                "text=ana@example.com", "text=ana@example.com", "text=eve@example.com",
            ])
    }

    @Test("a gateway killed amid a result leaves earlier chunks that open, and says where it was torn")
    func killed() async throws {
        let (gateway, _, environment) = try await Self.ledger()
        let client = try RunningProcess(
            try Tools.system("psql"),
            [
                "-XqAt", "-v", "FETCH_COUNT=0", "-c",
                "SELECT a.ssn FROM customers a, generate_series(1, 200) b", "-o", "/dev/null",
            ], environment: environment)
        try await waitUntil {
            guard let file = try? Self.files(gateway).first else { return false }
            return try Data(contentsOf: file).count > 2_000_000
        }
        try await gateway.kill()
        _ = try await client.exit(within: 60)
        let foreign = try await Self.foreign(gateway)
        #expect(foreign.count > 50_000)
        #expect(foreign.allSatisfy { $0.place == "public.customers.ssn" && $0.value.hasPrefix("536-22-") })
        #expect(foreign.map(\.row) == Array(1...foreign.count))

        // Started again, the log is whole; what was sealed and not named yet is told apart.
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
        let start = try await gateway.auditEntries().first { $0["kind"] as? String == "session-start" }
        let session = try #require(start?["id"] as? String)
        let checked = try await gateway.command("audit", "check-masking", session)
        #expect(checked.output.contains("has no outcome in the log: the gateway was killed"), "\(checked)")
        #expect(checked.status == 0, "\(checked)")
    }

    @Test(
        "when originals cannot be kept, commands fail in their protocol's words, and run again when there is space",
        .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root; this machine does not let us"))
    func fullDisk() async throws {
        let mounted = Replaceable<SmallDisk>(nil)
        let nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        let (gateway, _, environment) = try await Self.ledger { options in
            options.targets += """

                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """
            options.maskingRules += "\n          - {field: ssn, transform: redact}"
            options.upstreams += [nginx, mounted] as [any Sendable]
            options.prepare = { folder in
                try await Self.makeKey(in: folder)
                mounted.value = try SmallDisk(over: folder.appendingPathComponent("state/originals"), megabytes: 1)
            }
        }
        let disk = try #require(mounted.value)
        let alice = Curl(token: environment["PGPASSWORD"])
        let url = "\(gateway.url)/payments/customer.json"
        #expect(try await alice.get(url).status == 200)
        // More than fits: it fails amid the result.
        let sql = "SELECT a.ssn FROM customers a, generate_series(1, 20) b"
        let failed = try await Self.psql(sql, environment)
        #expect(failed.status != 0 && failed.errors.contains("cannot be sealed for the auditors"), "\(failed.errors)")
        #expect(failed.errors.contains("no space left") || failed.errors.contains("only a part"), "\(failed.errors)")
        try disk.fill()
        // Nothing new runs: refused before, where the session has no file yet; after, where it has.
        let ran = nginx.accessLog.split(separator: "\n").count
        let refused = try await Self.psql("SELECT ssn FROM customers WHERE id = 1", environment)
        #expect(refused.status != 0 && refused.errors.contains("originals-unavailable"), "\(refused.errors)")
        var answer = try await alice.get(url)
        #expect(answer.status == 503 && answer.member("rule") as? String == "originals-unavailable", "\(answer)")
        #expect(!answer.body.contains("536-22"))
        #expect(nginx.accessLog.split(separator: "\n").count <= ran + 1)
        try disk.free()
        answer = try await alice.get(url)
        #expect(answer.status == 200, "\(answer)")
        #expect(try await Self.psql("SELECT ssn FROM customers WHERE id = 1", environment).status == 0)
        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.outcomes()
        #expect(outcomes.contains { $0.kind == "interrupted" && $0.reason?.contains("cannot be sealed") == true })
        #expect(try await gateway.auditFault() == nil)
        disk.unmount()
    }
}
