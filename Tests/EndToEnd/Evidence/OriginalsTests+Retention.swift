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

    @Test("a copy of the log alone accuses nobody, and files that no entry names are told and are no fault")
    func copies() async throws {
        let gateway = try await Self.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        #expect(try await alice.get("\(gateway.url)/payments/plain.json").status == 200)
        #expect(try await gateway.stop() == 0)
        // Of a session in which nothing was masked no file is left.
        let files = try Self.files(gateway)
        let file = try #require(files.first)
        #expect(files.count == 1, "\(files)")
        func verify(_ arguments: String...) async throws -> RunningProcess.Finished {
            try await RunningProcess.run(
                try Tools.sallyport, ["audit", "verify", "--evidence"] + arguments, in: gateway.folder)
        }
        let whole = try await verify()
        #expect(whole.status == 0 && !whole.output.contains("no entry names"), "\(whole)")
        let stray = file.deletingLastPathComponent().appendingPathComponent("stray-1.sealed")
        try Data("x".utf8).write(to: stray)
        let more = try await verify()
        #expect(more.status == 0 && more.output.contains("1 files that no entry names, originals/"), "\(more)")

        let copy = gateway.folder.appendingPathComponent("copy")
        try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: gateway.auditFolder, to: copy.appendingPathComponent("audit"))
        try FileManager.default.copyItem(
            at: gateway.stateFolder.appendingPathComponent("log.vkey"), to: copy.appendingPathComponent("log.vkey"))
        let alone = try await verify("--directory", "copy/audit")
        #expect(alone.status == 69 && alone.output.contains("no evidence lies beside this copy"), "\(alone)")
        #expect(!alone.output.contains("WRONG"), "\(alone)")
        // Some of it is there: then what is missing is.
        try FileManager.default.createDirectory(
            at: copy.appendingPathComponent("originals"), withIntermediateDirectories: true)
        let partly = try await verify("--directory", "copy/audit")
        #expect(partly.status == 1 && partly.output.contains("is missing"), "\(partly)")
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
        // What is gone cannot be held against anything.
        #expect(checked.output.contains("not checked: 3 values masked by 1 commands"), "\(checked)")
        #expect(!checked.output.contains("ok:"), "\(checked)")
        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(
            verified.status == 0 && verified.output.contains("under the rule retention.default.originals: 1s"),
            "\(verified)")
    }
}
