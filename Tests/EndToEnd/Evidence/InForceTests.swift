import Foundation
import Testing

/// What the log says of policies, the configuration and the key of pseudonyms, over starts and reloads.
@Suite("What is in force and what changed, end to end", .serialized)
struct InForceTests {
    private static let told = ["pseudonym-key", "configuration", "policy-load"]

    /// Entries that tell what is in force, in their order.
    private static func entries(_ gateway: TestGateway) async throws -> [[String: Any]] {
        try await gateway.auditEntries().filter { told.contains($0["kind"] as? String ?? "") }
    }

    /// `change name` of each change.
    private static func changes(_ entry: [String: Any]?) -> [String] {
        (entry?["changes"] as? [[String: Any]] ?? []).map {
            "\($0["change"] ?? "") \($0["id"] ?? $0["setting"] ?? "")"
        }
    }

    private static func edit(_ gateway: TestGateway, _ file: String, _ change: (String) -> String) throws {
        let url = gateway.folder.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        let new = change(text)
        try #require(new != text)
        try new.write(to: url, atomically: true, encoding: .utf8)
    }

    private static func reload(_ gateway: TestGateway, saying words: String = "policies loaded") async throws {
        try gateway.process.signal(SIGHUP)
        try await waitUntil { try gateway.process.output.contains(words) }
    }

    @Test("a first start says all of it, a reload what it changed, the next start what changed meanwhile, else nothing")
    func policies() async throws {
        let gateway = try await TestGateway.payments()
        try Self.edit(gateway, "policy.cedar") {
            $0.replacing("like \"refund*\" || resource.name", with: "like \"refund-of-536-22-8741*\" || resource.name")
                .replacing("@id(\"auditors-read\")", with: "@id(\"auditors-look\")")
        }
        try await Self.reload(gateway)
        #expect(try await gateway.stop() == 0)
        var entries = try await Self.entries(gateway)
        #expect(entries.map { $0["kind"] as? String } == Self.told + ["policy-load"])
        let first = entries[2]
        #expect(first["by"] as? String == "start" && first["previous"] == nil && first["since"] == nil)
        #expect(Self.changes(first).count == 6 && Self.changes(first).allSatisfy { $0.hasPrefix("added ") })
        #expect(Self.changes(entries[1]).contains("added audit.origin"))
        let second = try #require(entries.last)
        #expect(second["by"] as? String == "SIGHUP" && second["previous"] as? String == first["policy"] as? String)
        #expect(
            Self.changes(second) == ["changed payments-may-write", "added auditors-look", "removed auditors-read"])
        let start = try #require(try await gateway.auditEntries().first { $0["kind"] as? String == "start" })
        #expect(start["policy"] as? String == first["policy"] as? String)
        #expect(start["configuration"] as? String == entries[1]["digest"] as? String)
        #expect(start["pseudonym_key"] as? String == entries[0]["key"] as? String)
        #expect(entries[0]["change"] as? String == "created")

        // Nothing changed since.
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        #expect(try await Self.entries(gateway).count == 4)

        // While the gateway was down.
        try Self.edit(gateway, "policy.cedar") { "// Reviewed in November.\n" + $0.replacing("15m", with: "30m") }
        try await gateway.start()
        try Self.edit(gateway, "policy.cedar") { $0 + "\npermit (principal" }
        try await Self.reload(gateway, saying: "policies not loaded")
        #expect(try await gateway.stop() == 0)
        entries = try await Self.entries(gateway)
        try #require(entries.count == 6)
        #expect(entries[4]["by"] as? String == "start")
        #expect(entries[4]["previous"] as? String == second["policy"] as? String)
        #expect(Self.changes(entries[4]) == ["changed refunds-need-approval"])
        #expect(entries[5]["refused"] != nil && entries[5]["changes"] == nil && entries[5]["policy"] == nil)
        #expect(try await gateway.auditFault() == nil)

        try await Self.expectReport(gateway)
        let log = try await gateway.command("audit", "export", "--config", "sallyport.yaml").output
        #expect(!log.contains("536-22-8741") && log.contains("refund-of-«US_SSN:"))
    }

    /// The examiner's report tells each change, for people and for programs.
    private static func expectReport(_ gateway: TestGateway) async throws {
        let folder = gateway.folder.path + "/report"
        let made = try await gateway.command("audit", "report", "--framework", "ffiec", "--into", folder)
        try #require(made.status == 0, "\(made)")
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/report.json"))
        let report = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let policy = try #require(report["policy"] as? [String: Any])
        let loads = try #require(policy["items"] as? [[String: Any]])
        #expect(loads.count == 4 && changes(loads[1]).contains("removed auditors-read"))
        let configurations = try #require(policy["configuration"] as? [[String: Any]])
        #expect(configurations.count == 1 && changes(configurations[0]).contains("added audit.origin"))
        let page = try String(contentsOfFile: folder + "/report.html", encoding: .utf8)
        for words in [
            "removed <strong>auditors-read</strong>", "changed <strong>refunds-need-approval</strong>",
            "within 30m", "added <strong>audit.origin</strong>", "refused, and what was stays: policy.cedar:",
        ] { #expect(page.contains(words), "\(words)") }
    }

    @Test("another configuration is told by its settings, and no secret is anywhere in the log or beside it")
    func configuration() async throws {
        let secrets = ["hunter2-hunter2-hunter2-hunter2-hunter2", "alpha-5a1t", "bravo-5a1t", "charlie-5a1t"]
        let gateway = try await TestGateway.payments(environment: ["HOOK_KEY": secrets[0]])
        #expect(try await gateway.stop() == 0)
        try Self.edit(gateway, "sallyport.yaml") {
            $0.replacing(
                "{groups: [approver]}",
                with:
                    "{groups: [approver], webhook: {url: \"https://hooks.example/T0/alpha-5a1t\", secret: \"env:HOOK_KEY\"}}"
            ).replacing(
                "log}", with: "log, durability: disk, timestamps: {url: \"https://u:charlie-5a1t@tsa.example/\"}}")
        }
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        var entries = try await Self.entries(gateway)
        try #require(entries.map { $0["kind"] as? String } == Self.told + ["configuration"])
        #expect(
            Self.changes(entries[3]) == [
                "added approvals.webhook.url", "added approvals.webhook.secret",
                "added approvals.webhook.secret (contents)", "added audit.durability", "added audit.timestamps.url",
            ])
        let added = try #require(entries[3]["changes"] as? [[String: Any]])
        #expect(added[0]["hidden"] as? Bool == true && added[0]["after"] == nil)
        #expect(added[1]["after"] as? String == "env:HOOK_KEY" && added[3]["after"] as? String == "disk")
        #expect(added[2]["hidden"] as? Bool == true && added[2]["after"] == nil)
        #expect(entries[3]["previous"] as? String == entries[1]["digest"] as? String)

        try Self.edit(gateway, "sallyport.yaml") {
            "# Laid out anew.\n"
                + $0.replacing("alpha-5a1t", with: "bravo-5a1t").replacing("state: state", with: "state: \"state\"")
        }
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        entries = try await Self.entries(gateway)
        #expect(Self.changes(entries.last) == ["changed approvals.webhook.url"] && entries.count == 5)
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        #expect(try await Self.entries(gateway).count == 5)

        let log = try await gateway.command("audit", "export", "--config", "sallyport.yaml").output
        for secret in secrets { #expect(!log.contains(secret)) }
        for file in try FileManager.default.subpathsOfDirectory(atPath: gateway.stateFolder.path) {
            guard let data = FileManager.default.contents(atPath: "\(gateway.stateFolder.path)/\(file)") else {
                continue
            }
            for secret in secrets { #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) is in \(file)") }
        }
        let attributes = try FileManager.default.attributesOfItem(
            atPath: gateway.stateFolder.path + "/in-force.json")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a file that is lost, damaged or older than the log has everything told again, and the gateway starts")
    func lost() async throws {
        let gateway = try await TestGateway.payments()
        let file = gateway.stateFolder.path + "/in-force.json"
        let old = try Data(contentsOf: URL(fileURLWithPath: file))
        // Nothing can be written in its place: as if the process had ended after the entry.
        try FileManager.default.createDirectory(atPath: file + ".new", withIntermediateDirectories: true)
        try Self.edit(gateway, "policy.cedar") { $0.replacing("15m", with: "30m") }
        try await Self.reload(gateway)
        try await waitUntil { try gateway.process.output.contains("recorded again at the next start") }
        try await gateway.kill()
        #expect(FileManager.default.contents(atPath: file) == old)
        try FileManager.default.removeItem(atPath: file + ".new")
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        var entries = try await Self.entries(gateway)
        try #require(entries.count == 5)
        #expect(entries[3]["by"] as? String == "SIGHUP" && entries[4]["by"] as? String == "start")
        for entry in entries[3...] {
            #expect(Self.changes(entry) == ["changed refunds-need-approval"] && entry["since"] == nil)
        }

        let losses: [(String) throws -> Void] = [
            { try FileManager.default.removeItem(atPath: $0) },
            { try Data("{\"v\":1".utf8).write(to: URL(fileURLWithPath: $0)) },
            {
                try FileManager.default.removeItem(atPath: $0)
                try FileManager.default.createDirectory(atPath: $0, withIntermediateDirectories: false)
            },
        ]
        for (index, lose) in losses.enumerated() {
            try lose(file)
            try await gateway.start()
            #expect(try await gateway.stop() == 0)
            entries = try await Self.entries(gateway)
            let again = entries.suffix(3)
            #expect(entries.count == 8 + index * 3 && again.map { $0["kind"] as? String } == Self.told)
            #expect(again.allSatisfy { $0["since"] as? String == "unknown" && $0["previous"] == nil })
            #expect(Self.changes(again.last).allSatisfy { $0.hasPrefix("in-force ") })
        }
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        entries = try await Self.entries(gateway)
        #expect(entries.count == 3 && entries.allSatisfy { $0["since"] == nil })

        // The key that keyed digests are made with is another one: nothing joins any more.
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        let known = try await Self.entries(gateway).last { $0["kind"] as? String == "pseudonym-key" }
        try FileManager.default.removeItem(atPath: gateway.stateFolder.path + "/pseudonym.key")
        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        let replaced = try #require(try await Self.entries(gateway).last)
        #expect(replaced["kind"] as? String == "pseudonym-key" && replaced["change"] as? String == "created")
        #expect(replaced["previous"] as? String == known?["key"] as? String && replaced["previous"] != nil)
        #expect(replaced["key"] as? String != replaced["previous"] as? String)
        #expect(try await gateway.auditFault() == nil)
    }
}
