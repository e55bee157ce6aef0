import Foundation
import Testing

/// Whatever a caller sends is recorded; then everything that reads the record must be able to read it.
@Suite("Reading back what callers had recorded, end to end", .serialized)
struct OwnRecordTests {
    private static let policy = """
        @id("all-http") @record("full")
        permit (principal in Group::"payments", action in [Action::"http.read", Action::"http.write"], resource);
        @id("all-ssh") @record("full")
        permit (principal in Group::"payments", action in Action::"ssh", resource);
        @id("auditors-read") permit (principal in Group::"auditor", action in Action::"console.read", resource);
        """
    private static let deep = String(repeating: "[", count: 126) + String(repeating: "]", count: 126)

    private static func gateway() async throws -> TestGateway {
        let (nginx, host) = (try await Nginx(server: ""), try await OpenSSHServer([]))
        try nginx.serve("note", "{}")
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                \(host.target("web-1"))
                """)
        options.policy = policy
        options.sshListener = ""
        options.upstreams = [nginx, host]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test("a NUL in an SSH command and a deep body hide nothing from report, export, console and replay")
    func everyReader() async throws {
        let gateway = try await Self.gateway()
        let token = try await gateway.issuer.token(for: "alice")
        let carol = try await gateway.issuer.token(for: "carol")
        let file = gateway.folder.path + "/token"
        try token.write(toFile: file, atomically: true, encoding: .utf8)
        _ = try await PythonClient.run(
            "ssh_hostile.py",
            ["--port", "\(gateway.sshPort.orThrow())", "--mode", "nul", "--token-file", file])
        _ = try await Curl(token: token).post("\(gateway.url)/payments/note", json: Self.deep)

        // Every session is told from beginning to end.
        var replayed = ""
        try await waitUntil {
            let listed = try await gateway.command("sessions", "list", "--output", "json", token: carol)
            let sessions = try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]] ?? []
            guard sessions.count == 2 else { return false }
            replayed = ""
            for id in sessions.compactMap({ $0["id"] as? String }) {
                for format in ["text", "json"] {
                    let finished = try await gateway.command(
                        "sessions", "replay", id, "--output", format, token: carol)
                    guard finished.status == 0 else { throw TestFailure("\(finished)") }
                    replayed += finished.output
                }
            }
            return replayed.contains("http.post") && replayed.contains("ssh.exec")
        }
        #expect(replayed.contains("id\u{2400}") && replayed.contains(#"id\u0000"#), "\(replayed)")
        #expect(replayed.contains(Self.deep))

        let auditor = Curl(token: carol)
        for path in ["entries?limit=200", "search?kind=intent,refusal"] {
            let page = try await auditor.get("\(gateway.consoleURL)/api/v1/audit/\(path)")
            #expect(page.status == 200 && page.body.contains(#"id\u0000"#), "\(path): \(page)")
            #expect(page.body.contains(Self.deep), "\(path)")
        }
        let asked = try await RunningProcess.run(
            try Tools.sallyport,
            ["audit", "search", "--console", gateway.consoleURL, "--kind", "intent", "refusal", "--output", "json"],
            in: gateway.folder, environment: ["SALLYPORT_TOKEN": carol])
        #expect(asked.status == 0 && asked.output.contains(#"id\u0000"#), "\(asked)")

        #expect(try await gateway.stop() == 0)
        for format in ["jsonl", "csv", "ocsf", "cef"] {
            let exported = try await gateway.command(
                "audit", "export", "--caller", "alice@example.com", "--format", format, "--config", "sallyport.yaml")
            #expect(exported.status == 0 && exported.output.contains(Self.deep), "\(format): \(exported)")
            let shown = format == "jsonl" || format == "ocsf" ? #"id\u0000"# : "id\u{2400}"
            #expect(exported.output.contains(shown), "\(format)")
        }
        let folder = gateway.folder.path + "/report"
        let made = try await gateway.command("audit", "report", "--into", folder)
        #expect(made.status == 0, "\(made)")
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json"))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect((report["operations"] as? [String: Any])?["unreadable_entries"] as? Int == 0)
        let access = (report["access"] as? [String: Any])?["items"] as? [[String: Any]] ?? []
        #expect(Set(access.compactMap { $0["target"] as? String }) == ["payments", "web-1"], "\(access)")
        #expect(try await gateway.auditFault(bySchema: false) == nil)
    }
}
