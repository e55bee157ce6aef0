import Foundation
import Testing

@Suite("Searching the log and replaying sessions, end to end", .serialized)
struct SearchAndReplayTests {
    private static let policy = """
        @id("payments-may-read") @mask("customer-pii") @record("full")
        permit (principal in Group::"payments", action in Action::"http.read", resource);
        @id("payments-may-write") @mask("customer-pii") @record("none")
        permit (principal in Group::"payments", action in Action::"http.write", resource);
        @id("no-export") forbid (principal, action, resource) when { resource.name like "export*" };
        @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
        """

    private func json(_ finished: RunningProcess.Finished) throws -> [String: Any] {
        try #require(
            try JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [String: Any], "\(finished)")
    }

    private func entries(_ finished: RunningProcess.Finished) throws -> [[String: Any]] {
        try #require(try json(finished)["entries"] as? [[String: Any]]).map {
            try #require($0["entry"] as? [String: Any])
        }
    }

    @Test("what people did is found by who, what, which rule and which words, in the files and at the console")
    func search() async throws {
        let gateway = try await TestGateway.payments(policy: Self.policy)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let carol = try await gateway.issuer.token(for: "carol")
        for number in 0..<5 {
            #expect(try await alice.get("\(gateway.url)/payments/customer.json?n=\(number)").status == 200)
        }
        #expect(try await alice.get("\(gateway.url)/payments/export.json?n=9").status == 403)

        // What was not signed yet is found too.
        let refused = try entries(
            try await gateway.command(
                "audit", "search", "--config", "sallyport.yaml", "--rule", "no-export", "--output", "json"))
        #expect(refused.count == 1 && refused[0]["kind"] as? String == "refusal")

        func local(_ arguments: [String]) async throws -> [[String: Any]] {
            let finished = try await RunningProcess.run(
                try Tools.sallyport, ["audit", "search", "--config", "sallyport.yaml", "--output", "json"] + arguments,
                in: gateway.folder)
            #expect(finished.status == 0 && finished.errors.isEmpty, "\(finished)")
            return try entries(finished)
        }
        func remote(_ arguments: [String]) async throws -> [[String: Any]] {
            let finished = try await RunningProcess.run(
                try Tools.sallyport,
                ["audit", "search", "--console", gateway.consoleURL, "--output", "json"] + arguments,
                in: gateway.folder, environment: ["SALLYPORT_TOKEN": carol])
            #expect(finished.status == 0, "\(finished)")
            return try entries(finished)
        }
        try await waitUntil { try await remote(["--rule", "no-export"]).count == 1 }
        for (arguments, count) in [
            (["--caller", "alice@example.com", "--kind", "intent"], 5),
            (["--action", "http.get", "--kind", "intent"], 5),
            (["--text", "customer.json?n=3", "--kind", "intent"], 1),
            (["--decision", "deny", "--target", "payments"], 1),
            (["--kind", "outcome", "--caller", "alice@example.com", "--limit", "3"], 3), (["--rule", "no-exp"], 0),
            (["--kind", "intent", "--until", "2026-01-01"], 0), (["--text", "no such words"], 0),
        ] as [([String], Int)] {
            let (there, here) = (try await remote(arguments), try await local(arguments))
            #expect(here.count == count, "\(arguments)")
            #expect(here.map { $0["id"] as? String } == there.map { $0["id"] as? String }, "\(arguments)")
        }
        let table = try await gateway.command("audit", "search", "--config", "sallyport.yaml", "--rule", "no-export")
        #expect(table.output.contains("deny no-export") && table.output.contains("export.json"), "\(table)")
        // Who used the console is found by the name that people know them by.
        let reads = try await local(["--caller", "carol@example.com", "--kind", "console"])
        #expect(!reads.isEmpty && reads.allSatisfy { $0["action"] as? String == "console.audit.read" })
        let nobody = try await gateway.command(
            "audit", "search", "--config", "sallyport.yaml", "--caller", "zoe@example.com")
        #expect(nobody.output == "no entries\n" && nobody.errors.contains("try the subject"), "\(nobody)")

        // A gateway keeps its index itself; one that is wrong it makes anew, and so does a person.
        let reindex = ["audit", "reindex", "--config", "sallyport.yaml"]
        let denied = try await RunningProcess.run(try Tools.sallyport, reindex, in: gateway.folder)
        #expect(denied.status == 77 && denied.errors.contains("stop the gateway first"), "\(denied)")
        #expect(try await gateway.stop() == 0)
        let file = gateway.stateFolder.appendingPathComponent("index.sqlite")
        for name in ["index.sqlite", "index.sqlite-wal", "index.sqlite-shm"] {
            try? FileManager.default.removeItem(at: gateway.stateFolder.appendingPathComponent(name))
        }
        let without = try await gateway.command(
            "audit", "search", "--config", "sallyport.yaml", "--rule", "no-export", "--output", "json")
        #expect(try entries(without).count == 1 && without.errors.contains("audit reindex"), "\(without)")
        let made = try await RunningProcess.run(try Tools.sallyport, reindex, in: gateway.folder)
        #expect(made.status == 0 && made.output.contains("indexed "), "\(made)")
        #expect(try await local(["--rule", "no-export"]).count == 1)

        try Data("no database".utf8).write(to: file)
        try await gateway.start()
        try await waitUntil { try await remote(["--rule", "no-export"]).count == 1 }
        #expect(try gateway.process.output.contains("made anew"))
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("every session can be replayed, from a time on, with rules and outcomes, however little was recorded")
    func replay() async throws {
        let gateway = try await TestGateway.payments(policy: Self.policy)
        let token = try await gateway.issuer.token(for: "alice")
        let carol = try await gateway.issuer.token(for: "carol")
        // Both over one connection, which is one session.
        let called = try await RunningProcess.run(
            try Tools.system("curl"),
            [
                "-sS", "-H", "Authorization: Bearer \(token)", "\(gateway.url)/payments/customer.json",
                "\(gateway.url)/payments/export.json",
            ])
        #expect(called.status == 0 && called.output.contains("8741"), "\(called)")
        var id = ""
        try await waitUntil {
            let listed = try await gateway.command("sessions", "list", "--output", "json", token: carol)
            let sessions = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]] ?? []
            id = sessions.first?["id"] as? String ?? ""
            return !id.isEmpty
        }
        let replayed = try await gateway.command("sessions", "replay", id, token: carol)
        #expect(replayed.status == 0, "\(replayed)")
        for part in [
            "session \(id)  alice@example.com → payments (http)  started ", "recorded: commands and answers",
            "• began: from 127.0.0.1", "▸ http.get · allowed by payments-may-read",
            "method: GET", "*******8741", "◂ 200", "masked: 1 value by", "refused by no-export; nothing was forwarded",
        ] {
            #expect(replayed.output.contains(part), "\(part) in \(replayed.output)")
        }
        #expect(!replayed.output.contains("536-22"))
        let later = try await gateway.command("sessions", "replay", id, "--at", "+1h", token: carol)
        #expect(later.output.contains("nothing happened after that") && !later.output.contains("8741"), "\(later)")
        let lines = try await gateway.command("sessions", "replay", id, "--output", "json", token: carol)
        let objects = try lines.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(objects.first?["recorded"] as? String == "full")
        #expect((objects.first?["caller"] as? [String: Any])?["label"] as? String == "alice@example.com")
        #expect((objects.first?["target"] as? [String: Any])?["name"] as? String == "payments")
        let kinds = objects.compactMap { ($0["entry"] as? [String: Any])?["kind"] as? String }
        #expect(kinds.starts(with: ["session-start", "intent", "outcome", "refusal"]), "\(kinds)")
        #expect(objects.contains { ($0["recorded"] as? [String: Any])?["kind"] as? String == "response" })
        #expect(try await gateway.command("sessions", "replay", id, "--at", "soon", token: carol).status == 64)

        #expect(try await gateway.stop() == 0)
    }

    @Test("a session of which policy records nothing is told from the log")
    func unrecorded() async throws {
        let gateway = try await TestGateway.payments(
            policy: Self.policy.replacing("@record(\"full\")", with: "@record(\"none\")"),
            extra: "recording: {minimum: none}")
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let carol = try await gateway.issuer.token(for: "carol")
        #expect(try await alice.get("\(gateway.url)/payments/customer.json?n=7").status == 200)
        var replayed = ""
        try await waitUntil {
            let listed = try await gateway.command("sessions", "list", "--output", "json", token: carol)
            let sessions = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]] ?? []
            guard let id = sessions.first?["id"] as? String else { return false }
            replayed = try await gateway.command("sessions", "replay", id, token: carol).output
            return replayed.contains("◂ 200")
        }
        #expect(replayed.contains("nothing beside the audit log (@record(\"none\"))"), "\(replayed)")
        #expect(replayed.contains("customer.json?n=7") && replayed.contains("masked: 1 value by"), "\(replayed)")
        #expect(!replayed.contains("method: GET") && !replayed.contains("8741"))
        #expect(try await gateway.stop() == 0)
    }

    @Test("sessions are listed by a period of dates or moments, and an id that is none is told without a gateway")
    func listed() async throws {
        let gateway = try await TestGateway.payments(policy: Self.policy)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let carol = try await gateway.issuer.token(for: "carol")
        #expect(try await alice.get("\(gateway.url)/payments/export.json").status == 403)
        func list(_ arguments: String...) async throws -> [[String: Any]] {
            let finished = try await RunningProcess.run(
                try Tools.sallyport, ["sessions", "list", "--output", "json"] + arguments, in: gateway.folder,
                environment: ["SALLYPORT_CONSOLE": gateway.consoleURL, "SALLYPORT_TOKEN": carol])
            #expect(finished.status == 0, "\(finished)")
            return try #require(JSONSerialization.jsonObject(with: Data(finished.output.utf8)) as? [[String: Any]])
        }
        try await waitUntil { try await !list().isEmpty }
        #expect(try await list("--from", "2026-01-01", "--until", "2999-01-01").count == 1)
        #expect(try await list("--from", "2999-01-01T00:00:00Z").isEmpty)
        #expect(try await list("--to", "2026-01-01").isEmpty)
        // Only what was refused: no policy had a say in what is recorded.
        let id = try #require(try await list().first?["id"] as? String)
        let replayed = try await gateway.command("sessions", "replay", id, token: carol)
        #expect(replayed.output.contains("recorded: nothing, as no command ran"), "\(replayed)")
        #expect(!replayed.output.contains("@record"), "\(replayed)")
        #expect(try await gateway.stop() == 0)
    }

    /// What cannot be meant, and a part of what is said to it; nobody has to be signed in, and nothing has to run.
    private static let slips: [([String], String)] = [
        (["sessions", "list", "--from", "yesterday"], "--from is a moment such as"),
        (["sessions", "list", "--from", "2026-11-24", "--until", "2026-11-23"], "nothing lies between"),
        (["sessions", "show", "01a2"], "is not the id of a session"),
        (["sessions", "terminate", "01a2", "--justify", "x"], "is not the id of a session"),
        (["sessions", "recordings", "01a2"], "is not the id of a session"),
        (["sessions", "replay", "01a2"], "is not the id of a session"),
        (["approvals", "show", "01a2"], "is not the id of a ticket"),
        (["approvals", "approve", "01a2", "--justify", "x"], "is not the id of a ticket"),
        (["retention", "hold", "release", "01a2", "--reason", "x"], "is not the id of a hold"),
        (["retention", "hold", "add", "--session", "01a2", "--reason", "x"], "is not the id of a session"),
        (["retention", "hold", "add", "--caller", "bob@example.com", "--reason", "x"], "takes ISSUER|SUBJECT"),
        (["audit", "report", "--from", "2026-11-24", "--until", "2026-11-24"], "nothing lies between"),
        (
            ["policy", "replay", "--to", "x.cedar", "--from", "2026-11-24", "--until", "2026-11-23"],
            "nothing lies between"
        ),
    ]

    /// The same of a command that looks for entries.
    private static let slipsOfEntries: [([String], String)] = [
        (["--decision", "denied"], "--decision is one of allow, deny, approval"),
        (["--session", "xyz"], "is not the id of a session"),
        (["--kind", "refusals"], #"did you mean "refusal"?"#),
        (["--kind", "intent,outcomes"], #"did you mean "outcome"?"#),
        (["--kind", ","], "--kind takes kinds of entries"),
        (["--from", "2026-11-24", "--to", "2026-11-23"], "nothing lies between"),
    ]

    @Test("what no entry, session or ticket can match is refused, as finding nothing would look like evidence")
    func slips() async throws {
        var slips = Self.slips
        for command in ["search", "export"] {
            slips += Self.slipsOfEntries.map { (["audit", command] + $0.0, $0.1) }
        }
        for (arguments, expected) in slips {
            let refused = try await RunningProcess.run(try Tools.sallyport, arguments)
            #expect(refused.status == 64 && refused.output.isEmpty, "\(arguments): \(refused)")
            #expect(refused.errors.contains(expected), "\(arguments): \(refused)")
        }
    }
}
