import Foundation
import Testing

/// A witness in a process of its own, as another team runs it.
private final class RunningWitness: Sendable {
    let url: String
    let key: String
    private let process: RunningProcess

    init(log: String, in folder: URL) async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        process = try RunningProcess(
            try Tools.sallyport,
            [
                "witness", "--name", "witness.example/w1", "--log", log, "--listen", "127.0.0.1:\(port)", "--directory",
                folder.path + "/witness",
            ])
        try await Tools.waitForPort(port, of: process)
        key = try String(contentsOfFile: folder.path + "/witness/witness.vkey", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }
}

@Suite("Witnesses of the audit log, end to end", .serialized)
struct WitnessingTests {
    @Test("what a witness cosigned can be checked by strangers, and a log made anew with the same key is found")
    func witnessed() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let carol = Curl(token: try await gateway.issuer.token(for: "carol"))
        let url = "\(gateway.url)/payments/customer.json"
        #expect(try await alice.get(url).status == 200)
        #expect(try await gateway.stop() == 0)

        let key = gateway.stateFolder.path + "/log.vkey"
        let witness = try await RunningWitness(log: key, in: gateway.folder)
        let file = gateway.folder.appendingPathComponent("sallyport.yaml")
        let configuration = try String(contentsOf: file, encoding: .utf8)
        try configuration.replacing(
            "audit: {origin: test.sallyport.example/log}",
            with: """
                audit:
                  origin: test.sallyport.example/log
                  witnesses: [{url: "\(witness.url)", key: "\(witness.key)"}]
                """
        ).write(to: file, atomically: true, encoding: .utf8)
        try await gateway.start()
        #expect(try await alice.get(url).status == 200)
        let verifiers = try await ForeignVerifiers(key: key, folder: gateway.folder)
        try await waitUntil {
            try await verifiers.ours(gateway.auditFolder, "--witness", witness.key).output.contains("were witnessed")
        }
        try await waitUntil {
            try await carol.get("\(gateway.consoleURL)/tlog/checkpoint").body.contains("— witness.example/w1 ")
        }
        #expect(try await gateway.stop() == 0)
        let python = try await verifiers.python("log", gateway.auditFolder.path, "--witness", witness.key)
        #expect(python.status == 0, "\(python)")
        let kept = gateway.folder.path + "/kept"
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint.witnessed", toPath: kept)

        // Somebody who has the machine starts the log again, with the key that it had.
        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        try await waitUntil { try gateway.process.output.contains("contradicts what was shown before") }
        #expect(try await carol.get("\(gateway.consoleURL)/tlog/checkpoint").status == 404)
        #expect(try await gateway.stop() == 0)
        #expect(try await verifiers.ours(gateway.auditFolder).status == 0)
        for found in [
            try await verifiers.ours(gateway.auditFolder, "--witness", witness.key),
            try await verifiers.ours(gateway.auditFolder, "--since", kept),
            try await verifiers.python("log", gateway.auditFolder.path, "--since", kept),
            try await verifiers.python("log", gateway.auditFolder.path, "--witness", witness.key),
        ] {
            #expect(found.status == 1, "\(found)")
        }
    }
}
