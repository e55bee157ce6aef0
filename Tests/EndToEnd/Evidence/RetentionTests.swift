import Foundation
import Testing

/// What a gateway with all three protocols keeps beside its log, until it is due.
@Suite("Retention, end to end", .serialized)
struct RetentionTests {
    private static let policy = """
        @id("payments-http") @record("full")
        permit (principal in Group::"payments", action in Action::"http.read", resource);
        @id("approvers-http") @record("full")
        permit (principal in Group::"approver", action in Action::"http.read", resource);
        @id("payments-sql") @record("full")
        permit (principal in Group::"payments", action in [Action::"sql.read", Action::"sql.session"], resource);
        @id("payments-ssh") @record("full")
        permit (principal in Group::"payments", action in Action::"ssh", resource);
        @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
        @id("auditors-hold") permit (principal in Group::"auditor", action in Action::"console.holds", resource);
        """

    private static func gateway(retention: String) async throws -> TestGateway {
        let nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"name":"Ada"}"#)
        let database = try await PostgresServer(seed: "CREATE TABLE books (year int); INSERT INTO books VALUES (2026);")
        let host = try await OpenSSHServer()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                \(database.target())
                \(host.target("web-1"))
                """)
        options.policy = policy
        options.extra = retention
        options.postgresListener = ""
        options.sshListener = ""
        options.environment = ["LEDGER_PASSWORD": PostgresServer.password]
        options.upstreams = [nginx, database, host]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    private static func get(_ gateway: TestGateway, _ token: String) async throws {
        let answer = try await Curl(token: token).get("\(gateway.url)/payments/customer.json")
        #expect(answer.status == 200 && answer.body.contains("Ada"), "\(answer)")
    }

    /// Something on each target, a command among it that is too large for an entry.
    private static func work(_ gateway: TestGateway, _ token: String) async throws {
        try await get(gateway, token)
        let environment = [
            "PGHOST": "127.0.0.1", "PGPORT": String(gateway.postgresPort ?? 0), "PGUSER": "alice@example.com",
            "PGPASSWORD": token, "PGDATABASE": "ledger", "PGSSLMODE": "disable",
        ]
        let long = String(repeating: "x", count: 50_000)
        let queried = try await RunningProcess.run(
            try Tools.system("psql"), ["-XqAt"], environment: environment,
            input: "SELECT year FROM books WHERE '\(long)' <> '';\n")
        #expect(queried.output == "2026\n", "\(queried.errors)")
        let ran = try await OpenSSHClient.token(token, gateway).run("web-1", "echo hello")
        #expect(ran.output == "hello\n", "\(ran.errors)")
    }

    /// Who a token is for.
    private static func subject(of token: String) throws -> String {
        var payload = String(token.split(separator: ".")[1])
            .replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        while payload.count % 4 != 0 { payload += "=" }
        let claims = try JSONSerialization.jsonObject(with: try Data(base64Encoded: payload).orThrow())
        return try ((claims as? [String: Any])?["sub"] as? String).orThrow()
    }

    static func files(_ gateway: TestGateway, _ folder: String) -> [String] {
        let root = gateway.stateFolder.appendingPathComponent(folder).path
        return (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".json") || $0.hasSuffix(".jsonl") || $0.hasSuffix(".cast") }
            .map { "\(root)/\($0)" }
    }

    static func isSealed(_ path: String) throws -> Bool {
        try Data(contentsOf: URL(fileURLWithPath: path)).starts(with: Data("sallyport-sealed/1\n".utf8))
    }

    private static func sessions(_ gateway: TestGateway, of subject: String) async throws -> [(
        id: String, target: String
    )] {
        try await gateway.auditEntries().compactMap { entry in
            guard entry["kind"] as? String == "session-start", let caller = entry["caller"] as? [String: Any],
                caller["label"] as? String == "\(subject)@example.com", let id = entry["session"] as? String,
                let target = entry["target"] as? [String: Any], let name = target["name"] as? String
            else { return nil }
            return (id, name)
        }
    }

    @Test("evidence is sealed, read as it was, deleted when due with its key, and what is held is kept")
    func deleted() async throws {
        let gateway = try await Self.gateway(
            retention: """
                retention:
                  default: {payloads: 1s, recordings: 1s}
                  targets: {web-1: {recordings: 3s}}
                  grace: 1s
                  interval: 200ms
                """)
        let alice = try await gateway.issuer.token(for: "alice")
        let bob = try await gateway.issuer.token(for: "bob")
        let carol = try await gateway.issuer.token(for: "carol")
        // Nobody holds what they may not.
        let refused = try await gateway.command(
            "retention", "hold", "add", "--caller", "\(gateway.issuer.url)#bob", "--reason", "mine", token: alice)
        #expect(
            refused.status == 77 && refused.errors.contains("No policy permits console.holds.add on Hold."),
            "\(refused)")
        let subject = try Self.subject(of: bob)
        let held = try await gateway.command(
            "retention", "hold", "add", "--caller", "\(gateway.issuer.url)#\(subject)",
            "--reason", "case 4711: card 4111 1111 1111 1111", token: carol)
        #expect(held.status == 0 && held.errors.contains("WARNING"), "\(held)")
        for _ in 0..<2 { try await Self.get(gateway, bob) }
        try await Self.work(gateway, alice)
        let working = try await Self.sessions(gateway, of: "alice")
        #expect(Set(working.map(\.target)) == ["payments", "ledger", "web-1"])

        func done() async throws -> [[String: Any]] {
            try await gateway.auditEntries().filter {
                $0["kind"] as? String == "retention-delete" && $0["step"] as? String == "done"
                    && $0["items"] as? Int ?? 0 > 0
            }
        }
        try await waitUntil(within: 120) {
            let (done, kept) = (try await done(), try await Self.sessions(gateway, of: "bob"))
            // What was closed in the next second goes a second later.
            return Self.files(gateway, "recordings").count == kept.count
                && Set(
                    done.compactMap { entry in
                        ((entry["target"] as? [String: Any])?["name"] as? String).map {
                            "\(entry["evidence"] ?? "") of \($0)"
                        }
                    }
                ).isSuperset(of: [
                    "payloads of ledger", "recordings of ledger", "recordings of payments", "recordings of web-1",
                ])
        }
        #expect(Self.files(gateway, "payloads").isEmpty)

        // Of alice nothing is left, and it is said why.
        for session in working {
            let replay = try await gateway.command("sessions", "replay", session.id, token: carol)
            let rule =
                session.target == "web-1"
                ? "retention.targets.web-1.recordings: 3s" : "retention.default.recordings: 1s"
            // What the log says of it is still shown.
            #expect(replay.status == 0 && replay.output.contains("▸"), "\(replay)")
            #expect(
                replay.errors.contains("deleted on 20") && replay.errors.contains("under the rule \(rule)"), "\(replay)"
            )
        }
        // Of bob all is, sealed under keys of its own.
        let kept = try await Self.sessions(gateway, of: "bob")
        #expect(!kept.isEmpty)
        for session in kept {
            let replay = try await gateway.command("sessions", "replay", session.id, token: carol)
            #expect(replay.status == 0 && replay.output.contains("customer.json"), "\(replay)")
        }
        let left = Self.files(gateway, "recordings")
        #expect(left.count == kept.count)
        for path in left { #expect(try Self.isSealed(path), "\(path)") }
        let plan = try await gateway.command("retention", "plan", "--output", "json", token: carol)
        #expect(plan.status == 0 && plan.output.contains(#""held": 1"#), "\(plan)")

        #expect(try await gateway.stop() == 0)
        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(verified.status == 0, "\(verified)")
        #expect(verified.output.contains("recordings of web-1"), "\(verified)")
        #expect(verified.output.contains("under the rule retention.default.payloads: 1s"), "\(verified)")
        #expect(verified.output.contains("copies that sinks put into buckets are not covered"), "\(verified)")
        #expect(verified.output.contains("\(kept.count) files as they were recorded"), "\(verified)")
        let script = try await RunningProcess.run(
            try Tools.python(),
            [ForeignVerifiers.script, "log", gateway.auditFolder.path, gateway.stateFolder.path + "/log.vkey"])
        #expect(script.status == 0, "\(script)")

        // A file that somebody removed is told apart from those that a rule deleted, and so is one that was changed.
        let first = try #require(left.first)
        let content = try Data(contentsOf: URL(fileURLWithPath: first))
        var changed = content
        changed[changed.count - 1] ^= 1
        try changed.write(to: URL(fileURLWithPath: first))
        let damaged = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(damaged.status == 1 && damaged.output.contains("does not open: it was changed"), "\(damaged)")
        try FileManager.default.removeItem(atPath: first)
        let missing = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(missing.status == 1 && missing.output.contains("the log knows of no deletion"), "\(missing)")
        #expect(try await gateway.auditFault() == nil)
        try content.write(to: URL(fileURLWithPath: first))

        // In the next process the hold is in force until it is released.
        try await gateway.start()
        let again = try await gateway.issuer.token(for: "carol")
        let listed = try await gateway.command("retention", "hold", "list", "--output", "json", token: again)
        let holds = try #require(try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]])
        let reason = try #require(holds.first?["reason"] as? String)
        #expect(holds.count == 1 && reason.hasPrefix("case 4711: card «PAN:"), "\(listed)")
        let id = try #require(holds.first?["hold"] as? String)
        let released = try await gateway.command(
            "retention", "hold", "release", id, "--reason", "of 4111 1111 1111 1111", token: again)
        #expect(released.status == 0, "\(released)")
        try await waitUntil(within: 60) { Self.files(gateway, "recordings").isEmpty }
        #expect(try await gateway.stop() == 0)
        let last = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(last.status == 0 && last.output.contains("0 files as they were recorded"), "\(last)")
        // What was said of the hold stands in the log without the card.
        let told = try await gateway.auditEntries().filter { $0["kind"] as? String == "retention-hold" }
            .map { $0["reason"] as? String ?? "" }
        #expect(told.first == reason && told.last?.hasPrefix("of «PAN:") == true && told.count == 2, "\(told)")
    }

    @Test("what a killed gateway left unsealed is sealed at its next start and reads as it was")
    func killed() async throws {
        let gateway = try await Self.gateway(retention: "retention: {default: {payloads: 90d, recordings: 400d}}")
        let alice = try await gateway.issuer.token(for: "alice")
        let carol = try await gateway.issuer.token(for: "carol")
        try await Self.work(gateway, alice)
        // A session that is open when the gateway is killed.
        let client = try OpenSSHClient.token(alice, gateway)
        async let open = client.run("web-1", "echo begun; sleep 30")
        try await waitUntil {
            try Self.files(gateway, "recordings").contains {
                try String(decoding: Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self).contains("begun\\r")
                    || String(decoding: Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self).contains(
                        "\"begun\\n\"")
            }
        }
        try await gateway.kill()
        _ = try await open
        try await gateway.start()
        try await waitUntil {
            let all = Self.files(gateway, "recordings") + Self.files(gateway, "payloads")
            return try all.count >= 5 && all.allSatisfy { try Self.isSealed($0) }
        }
        for session in try await Self.sessions(gateway, of: "alice") where session.target == "web-1" {
            let replay = try await gateway.command("sessions", "replay", session.id, token: carol)
            #expect(
                replay.status == 0 && (replay.output.contains("hello") || replay.output.contains("begun")), "\(replay)")
        }
        #expect(try await gateway.stop() == 0)
        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(verified.status == 0 && verified.output.contains("ok: evidence"), "\(verified)")
    }

    @Test("a rule of a kind that is none is refused, and a bucket that keeps copies for longer; a target may be gone")
    func configuration() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("retention-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "permit (principal, action, resource);".write(
            to: folder.appendingPathComponent("policy.cedar"), atomically: true, encoding: .utf8)
        func check(_ retention: String, sink: String = "") async throws -> RunningProcess.Finished {
            let text = """
                identity: {issuers: [{issuer: "http://127.0.0.1:9", audiences: [a]}]}
                policy: {files: [policy.cedar]}
                listeners: [{adapter: http, listen: "127.0.0.1:0"}]
                targets: [{name: ledger, kind: http, prefix: /ledger, url: "http://127.0.0.1:9"}]
                console: {listen: "127.0.0.1:0"}
                retention: {\(retention)}
                audit: {origin: test.sallyport.example/log, sinks: [\(sink)]}
                """
            try text.write(to: folder.appendingPathComponent("sallyport.yaml"), atomically: true, encoding: .utf8)
            return try await RunningProcess.run(try Tools.sallyport, ["config", "check"], in: folder)
        }
        for (retention, expected) in [
            ("default: {recording: 1d}", "unknown key \"recording\"; did you mean \"recordings\"?"),
            ("default: {recordings: 7w}", "\"recordings\" takes a duration"),
            ("default: {recordings: 0d}", "what is not to be kept is not to be recorded"),
        ] {
            let checked = try await check(retention)
            #expect(checked.status == 78 && checked.errors.contains(expected), "\(checked)")
        }
        // The rule of a target that is gone is for what it left; that it may be a mistake is said.
        let gone = try await check("targets: {old: {recordings: 7y}}")
        #expect(gone.status == 0 && gone.output.contains("note: retention.targets.old is for no target"), "\(gone)")
        func bucket(_ more: String) -> String {
            "{name: worm, type: s3, endpoint: \"https://s3.example.com\", bucket: b, access_key_id: \"env:A\", "
                + "secret_access_key: \"env:B\", \(more)}"
        }
        let rules = "default: {recordings: 400d}"
        let longer = try await check(rules, sink: bucket("retain: 7y"))
        #expect(
            longer.status == 0
                && longer.output.contains("note: recordings are deleted under retention.default.recordings: 400d"),
            "\(longer)")
        for more in ["retain: 400d", "retain: 7y, recordings: false"] {
            let right = try await check(rules, sink: bucket(more))
            #expect(right.status == 0 && !right.output.contains("note:"), "\(right)")
        }
        let own = try await check("targets: {ledger: {recordings: 7y}}", sink: bucket("retain: 7y"))
        #expect(own.status == 0, "\(own)")
        for (endpoint, expected) in [("/minio", "without the path /minio"), ("/?a=b", "without a query")] {
            let sink = bucket("retain: 1d").replacing("s3.example.com", with: "s3.example.com\(endpoint)")
            let wrong = try await check(rules, sink: sink)
            #expect(wrong.status == 78 && wrong.errors.contains(expected), "\(wrong)")
        }
    }
}
