import Foundation
import Testing

// Originals under retention, which are evidence like any other.

extension OriginalsTests {
    @Test("kept for a period they are sealed at rest too, and open, are checked and verified as before")
    func retained() async throws {
        let gateway = try await Self.payments { $0.extra = "retention: {default: {originals: 90d}}" }
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        #expect(try await gateway.stop() == 0)
        let (command, session) = try #require(try await Self.sealed(gateway).first)
        let file = try #require(try Self.files(gateway).first)
        #expect(try Data(contentsOf: file).starts(with: Data("sallyport-sealed/1\n".utf8)))
        let opened = try await Self.open(command, gateway, ["--config", "sallyport.yaml"])
        #expect(opened.status == 0, "\(opened)")
        #expect(Self.parse(opened.output).map(\.value).contains("536-22-8741"))
        let checked = try await gateway.command("audit", "check-masking", session)
        #expect(checked.status == 0, "\(checked)")
        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(verified.status == 0 && verified.output.contains("2 files as they were recorded"), "\(verified)")
        try FileManager.default.removeItem(at: file)
        let missing = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(missing.status == 1 && missing.output.contains("the log knows of no deletion"), "\(missing)")
    }

    @Test("deleted when due they are gone under a rule, which whoever opens, checks and verifies is told")
    func deletedWhenDue() async throws {
        let gateway = try await Self.payments {
            $0.extra = "retention: {default: {originals: 1s}, grace: 1s, interval: 200ms}"
        }
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        try await waitUntil(within: 30) {
            try await gateway.auditEntries().contains {
                $0["kind"] as? String == "retention-delete" && $0["step"] as? String == "done"
                    && $0["evidence"] as? String == "originals" && $0["items"] as? Int == 1
            }
        }
        #expect(try await gateway.stop() == 0)
        let (command, session) = try #require(try await Self.sealed(gateway).first)
        let opened = try await Self.open(command, gateway, ["--config", "sallyport.yaml"])
        #expect(opened.status != 0 && opened.errors.contains("retention.default.originals: 1s"), "\(opened)")
        try await gateway.start()
        let carol = try await gateway.issuer.token(for: "carol")
        let asked = try await Self.open(command, gateway, ["--console", gateway.consoleURL], token: carol)
        #expect(asked.status != 0 && asked.errors.contains("retention.default.originals: 1s"), "\(asked)")
        #expect(try await gateway.stop() == 0)
        let checked = try await gateway.command("audit", "check-masking", session)
        #expect(checked.status == 0 && checked.output.contains("retention.default.originals: 1s"), "\(checked)")
        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(
            verified.status == 0 && verified.output.contains("under the rule retention.default.originals: 1s"),
            "\(verified)")
    }
}
