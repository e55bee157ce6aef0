import Foundation
import Testing

@Suite("Rotating the log's key, end to end", .serialized)
struct KeyRotationCommandTests {
    @Test("strangers with the old key go on through the overlap, a witness too, and the verifier beyond it")
    func rotated() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer.json"
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        let running = try await gateway.command("audit", "rotate-key")
        #expect(running.status == 69 && running.errors.contains("another gateway (process"), "\(running)")
        #expect(try await gateway.stop() == 0)

        let old = gateway.folder.path + "/old.vkey"
        let kept = gateway.folder.path + "/kept"
        try FileManager.default.copyItem(atPath: gateway.stateFolder.path + "/log.vkey", toPath: old)
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint", toPath: kept)
        let rotated = try await gateway.command("audit", "rotate-key", "--reason", "yearly", "--output", "json")
        let answer = try #require(
            try JSONSerialization.jsonObject(with: Data(rotated.output.utf8)) as? [String: Any], "\(rotated)")
        let entry = try #require(answer["entry"] as? Int)

        try await gateway.start()
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        #expect(try await gateway.stop() == 0)
        let proof = gateway.folder.path + "/rotation.tlog-proof"
        let proved = try await gateway.command("audit", "prove", String(entry), "--file", proof)
        #expect(proved.status == 0, "\(proved)")
        for key in [old, gateway.stateFolder.path + "/log.vkey"] {
            let verifiers = try await ForeignVerifiers(key: key, folder: gateway.folder)
            for found in [
                try await verifiers.ours(gateway.auditFolder, "--since", kept),
                try await verifiers.go("log", gateway.auditFolder.path),
                try await verifiers.go("proof", proof),
                try await verifiers.python("log", gateway.auditFolder.path),
                try await verifiers.python("proof", proof),
                try await RunningProcess.run(
                    try Tools.sallyport, ["audit", "check-proof", proof, "--key", key]),
                try await gateway.command("audit", "consistency", kept, "--key", key),
            ] {
                #expect(found.status == 0, "\(found)")
            }
        }
        // The script knows no rotations: what was kept of before is the old key's alone, and it takes both.
        let current = try await ForeignVerifiers(key: gateway.stateFolder.path + "/log.vkey", folder: gateway.folder)
        let grew = gateway.folder.path + "/grew"
        #expect(try await gateway.command("audit", "consistency", kept, "--file", grew).status == 0)
        for (what, path) in [("log", gateway.auditFolder.path), ("consistency", grew)] {
            let alone = try await current.python(what, path, "--since", kept)
            #expect(alone.status == 1 && alone.errors.contains("not signed by"), "\(alone)")
            let both = try await current.python(what, path, old, "--since", kept)
            #expect(both.status == 0, "\(both)")
        }
        let entries = try await gateway.auditEntriesInLogOrder()
        #expect(entries.first?["kind"] as? String == "key-creation")
        #expect(entries[entry]["kind"] as? String == "key-rotation" && entries[entry]["reason"] as? String == "yearly")

        // Not trusted any longer: from the next start on the new key signs alone. What the first rotation promised ends
        // with it, which has to be said.
        let promised = try #require(answer["overlap_until"] as? String)
        let early = try await gateway.command("audit", "rotate-key", "--overlap-days", "0")
        #expect(early.status == 77 && early.errors.contains("until \(promised)"), "\(early)")
        #expect(early.errors.contains("--end-overlap"), "\(early)")
        let again = try await gateway.command("audit", "rotate-key", "--overlap-days", "0", "--end-overlap")
        #expect(again.status == 0 && again.output.contains("new key: "), "\(again)")
        #expect(again.output.contains("signs nothing more, and its private half was destroyed"), "\(again)")
        try await gateway.start()
        try await waitUntil {
            let checkpoint = try String(
                contentsOf: gateway.auditFolder.appendingPathComponent("checkpoint"), encoding: .utf8)
            return checkpoint.split(separator: "\n").filter { $0.hasPrefix("— ") }.count == 1
        }
        #expect(try await gateway.stop() == 0)
        let verifiers = try await ForeignVerifiers(key: old, folder: gateway.folder)
        let ours = try await verifiers.ours(gateway.auditFolder, "--since", kept)
        #expect(ours.status == 0 && ours.output.contains("through its rotations in entries \(entry), "), "\(ours)")
        #expect(try await verifiers.python("log", gateway.auditFolder.path).status == 1)
        // The file that `current` names holds the newest key by now.
        let script = try await current.python("log", gateway.auditFolder.path, old, "--since", kept)
        #expect(script.status == 0, "\(script)")
        #expect(try await gateway.auditEntries().contains { $0["kind"] as? String == "key-retirement" })
        #expect(!FileManager.default.fileExists(atPath: gateway.stateFolder.path + "/audit-signing.key.retiring"))
    }

    @Test("a key that this version cannot sign with is told by its line in the configuration")
    func unknownKey() async throws {
        let gateway = try await TestGateway.payments()
        #expect(try await gateway.stop() == 0)
        let file = gateway.folder.appendingPathComponent("sallyport.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        try text.replacing(
            "audit: {origin: test.sallyport.example/log}",
            with: "audit: {origin: test.sallyport.example/log, signing_key: \"pkcs11:token=hsm\"}"
        ).write(to: file, atomically: true, encoding: .utf8)
        let refused = try await gateway.command("serve")
        #expect(refused.status == 78 && refused.errors.contains("give file:PATH"), "\(refused)")
    }
}
