import Foundation
import Testing

@Suite("Witnesses of the audit log, end to end", .serialized)
struct WitnessingTests {
    /// The number of entries that a checkpoint's text names.
    private static func size(_ checkpoint: String) -> Int? {
        checkpoint.split(separator: "\n").dropFirst().first.flatMap { Int($0) }
    }

    private static func size(of gateway: TestGateway) throws -> Int {
        let text = try String(contentsOf: gateway.auditFolder.appendingPathComponent("checkpoint"), encoding: .utf8)
        guard let size = size(text) else { throw TestFailure("\(text) is no checkpoint") }
        return size
    }

    @Test("what a witness cosigned can be checked by strangers, and a log made anew with the same key is found")
    func witnessed() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer.json"
        #expect(try await alice.get(url).status == 200)
        #expect(try await gateway.stop() == 0)

        let key = gateway.stateFolder.path + "/log.vkey"
        let old = gateway.folder.path + "/old"
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint", toPath: old)
        let witness = try await RunningWitness(log: key, in: gateway.folder)
        #expect(try await witness.monitored().status == 404)
        try gateway.configureWitnesses([(witness.url, witness.key)], quorum: 1)
        try await gateway.start()
        #expect(try await alice.get(url).status == 200)
        let verifiers = try await ForeignVerifiers(key: key, folder: gateway.folder)
        try await waitUntil {
            try await verifiers.ours(gateway.auditFolder, "--witness", witness.key).output.contains("were witnessed")
        }
        try await waitUntil { try await gateway.shownCheckpoint().body.contains("— witness.example/w1 ") }
        #expect(try await gateway.stop() == 0)
        let python = try await verifiers.python("log", gateway.auditFolder.path, "--witness", witness.key)
        #expect(python.status == 0, "\(python)")
        let kept = gateway.folder.path + "/kept"
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint.witnessed", toPath: kept)

        // Monitors see what it saw, and nothing of logs that it does not know.
        let monitored = try await witness.monitored()
        #expect(monitored.status == 200 && monitored.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(monitored.body.contains("— witness.example/w1 ") && monitored.body.hasPrefix("\(TestGateway.origin)\n"))
        #expect(try Self.size(monitored.body) ?? 0 >= Self.size(String(contentsOfFile: kept, encoding: .utf8)) ?? 1)
        for log in [TestGateway.originDigest.uppercased(), String(repeating: "0", count: 64), "..", "w1"] {
            #expect(try await witness.monitored(log).status == 404, "\(log)")
        }

        try await Self.prove(gateway, verifiers, witness, since: old)

        // Somebody who has the machine starts the log again, with the key that it had.
        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        try await waitUntil { try gateway.process.output.contains("contradicts what was shown before") }
        #expect(try await gateway.shownCheckpoint().status == 404)
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

    /// Proofs that leave the machine hold the witness's word.
    ///
    /// - Parameter old: A file with a checkpoint of before.
    private static func prove(
        _ gateway: TestGateway, _ verifiers: ForeignVerifiers, _ witness: RunningWitness, since old: String
    ) async throws {
        let (proof, grew) = (gateway.folder.path + "/entry.tlog-proof", gateway.folder.path + "/grew")
        for made in [
            try await gateway.command("audit", "prove", "1", "--file", proof),
            try await gateway.command("audit", "consistency", old, "--file", grew, "--witness", witness.key),
            try await gateway.command("audit", "consistency", "1", "--file", grew + "-1", "--witness", witness.key),
        ] {
            #expect(made.status == 0, "\(made)")
        }
        for checked in [
            try await gateway.command("audit", "check-proof", proof, "--witness", witness.key),
            try await verifiers.python("proof", proof, "--witness", witness.key),
            try await verifiers.go("proof", proof),
            try await verifiers.python("consistency", grew, "--since", old, "--witness", witness.key),
            try await verifiers.go("consistency", grew, old),
        ] {
            #expect(checked.status == 0, "\(checked)")
        }
        // Another's word was not asked for, and is not there.
        let other = try await RunningWitness("other", log: verifiers.key, in: gateway.folder)
        let refused = try await gateway.command("audit", "check-proof", proof, "--witness", other.key)
        #expect(refused.status == 1 && refused.errors.contains("0 of the 1 witnesses"), "\(refused)")
        #expect(try await verifiers.python("proof", proof, "--witness", other.key).status == 1)
    }

    @Test("a witness says where it listens and under which key, and in one sentence why it cannot")
    func listening() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("witness-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        func arguments(_ name: String, _ listen: String, log: String) -> [String] {
            [
                "witness", "--name", name, "--log", log, "--listen", listen, "--directory",
                "\(folder.path)/\(UUID())",
            ]
        }
        let place = "127.0.0.1:\(try Tools.freePort())"
        let witness = try RunningProcess(try Tools.sallyport, arguments("w.example/w1", place, log: log))
        try await witness.says("listens on \(place), key w.example/w1+")
        #expect(witness.output.hasPrefix("w.example/w1+"), "\(witness.output)")
        for (name, listen, log, status, words) in [
            ("w.example/w2", place, log, 69, "cannot listen on \(place) (Address already in use)"),
            ("w.example/w2", "127.0.0.1:99999", log, 64, "a port from 0 to 65535"),
            ("w 2", place, log, 64, "\"w 2\" cannot be a witness's name"),
            ("w.example/w2", place, "nofile", 69, "--log takes the log's public key"),
        ] as [(String, String, String, Int32, String)] {
            let refused = try await RunningProcess.run(try Tools.sallyport, arguments(name, listen, log: log))
            #expect(refused.status == status && refused.errors.contains(words), "\(refused)")
        }
        try await witness.stop()
    }

    @Test("with one of three witnesses down a quorum of two goes on, and a quorum of three waits until it is back")
    func quorum() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer.json"
        #expect(try await alice.get(url).status == 200)
        #expect(try await gateway.stop() == 0)

        let key = gateway.stateFolder.path + "/log.vkey"
        var witnesses: [RunningWitness] = []
        for name in ["w1", "w2", "w3"] {
            witnesses.append(try await RunningWitness(name, log: key, in: gateway.folder))
        }
        let port = try await witnesses[2].end()
        try gateway.configureWitnesses(witnesses.map { (url: $0.url, key: $0.key) }, quorum: 2)
        func verify(_ quorum: Int) async throws -> RunningProcess.Finished {
            try await gateway.command(
                "audit", "verify", "--witness", witnesses[0].key, "--witness", witnesses[1].key, "--witness",
                witnesses[2].key, "--quorum", String(quorum))
        }
        try await gateway.start()
        #expect(try await alice.get(url).status == 200)
        try await waitUntil { try await gateway.shownCheckpoint().status == 200 }
        #expect(try gateway.process.output.contains("witness=witness.example/w3"))
        let two = try await verify(2)
        #expect(two.status == 0 && two.output.contains("were witnessed"), "\(two)")
        let three = try await verify(3)
        #expect(three.status == 1 && three.output.contains("2 of the 3 witnesses that are asked for"), "\(three)")
        let proof = gateway.folder.path + "/entry.tlog-proof"
        #expect(try await gateway.command("audit", "prove", "1", "--file", proof).status == 0)
        for (quorum, status) in [("2", 0), ("3", 1)] as [(String, Int32)] {
            let checked = try await gateway.command(
                "audit", "check-proof", proof, "--witness", witnesses[0].key, "--witness", witnesses[1].key,
                "--witness", witnesses[2].key, "--quorum", quorum)
            #expect(checked.status == status, "\(checked)")
        }

        // All three are asked for: two cosign what came since, and strangers are not shown it.
        #expect(try await gateway.stop() == 0)
        try gateway.configure("quorum: 2", "quorum: 3")
        try await gateway.start()
        let shown = try await gateway.shownCheckpoint()
        #expect(shown.status == 200)
        #expect(try await alice.get(url).status == 200)
        let before = try #require(Self.size(shown.body))
        try await waitUntil { try Self.size(of: gateway) > before }
        let size = try Self.size(of: gateway)
        for witness in witnesses[..<2] {
            try await waitUntil { try await Self.size(witness.monitored().body) ?? 0 >= size }
        }
        #expect(try await gateway.shownCheckpoint().body == shown.body)
        #expect(try await verify(3).status == 1)
        #expect(try await verify(2).status == 0)

        witnesses[2] = try await RunningWitness("w3", log: key, in: gateway.folder, port: port)
        try await waitUntil { try await Self.size(gateway.shownCheckpoint().body) ?? 0 >= size }
        let signatures = try await gateway.shownCheckpoint().body.split(separator: "\n").filter { $0.hasPrefix("— ") }
        #expect(signatures.count == 4, "\(signatures)")
        let all = try await verify(3)
        #expect(all.status == 0, "\(all)")
        #expect(try await gateway.stop() == 0)
    }

    @Test("a witness that is not ours cosigns beside one that is, says its size to who forgot it, and finds a fork")
    func foreign() async throws {
        let gateway = try await TestGateway.payments()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer.json"
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        #expect(try await gateway.stop() == 0)
        let key = gateway.stateFolder.path + "/log.vkey"
        let old = gateway.folder.path + "/old"
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint", toPath: old)
        let foreign = try await ForeignWitness(log: key, in: gateway.folder)
        let ours = try await RunningWitness(log: key, in: gateway.folder)
        try gateway.configureWitnesses([(foreign.url, foreign.key), (ours.url, ours.key)], quorum: 2)
        try await gateway.start()
        try await waitUntil { try await gateway.shownCheckpoint().body.contains("— aics.example/w1 ") }
        #expect(try await gateway.stop() == 0)

        // A gateway that starts knows no witness's size; this one answers 409 with it.
        let before = try Self.size(of: gateway)
        try await gateway.start()
        try await foreign.process.says("POST /add-checkpoint -> 409")
        #expect(try await alice.get(url).status == 200)
        try await waitUntil { try await Self.size(gateway.shownCheckpoint().body) ?? 0 > before }
        #expect(try await gateway.shownCheckpoint().body.contains("— aics.example/w1 "))
        #expect(try await gateway.stop() == 0)

        // The verifier of the same author agrees, with both witnesses.
        let verifiers = try await ForeignVerifiers(key: key, folder: gateway.folder)
        let witnessed = gateway.auditFolder.path + "/checkpoint.witnessed"
        let both = ["--witness-key", foreign.key, "--witness-key", ours.key, "--quorum", "2"]
        let (log, entry) = (gateway.auditFolder.path, gateway.folder.path + "/entry")
        for checked in [
            try await verifiers.aics(["verify-checkpoint", "--note", witnessed] + both),
            try await verifiers.aics(
                ["verify-inclusion", "--tiles", log, "--checkpoint", witnessed, "--index", "2", "--entry-out", entry]
                    + both),
            try await verifiers.aics(
                ["verify-consistency", "--tiles", log, "--checkpoint", witnessed, "--old-checkpoint", old] + both),
            try await verifiers.ours(gateway.auditFolder, "--witness", foreign.key, "--witness", ours.key),
            try await verifiers.python("log", log, "--witness", foreign.key, "--witness", ours.key),
        ] {
            #expect(checked.status == 0, "\(checked)")
        }
        let own = try await verifiers.aics(["verify-checkpoint", "--note", log + "/checkpoint"] + both)
        #expect(own.status == 1 && own.output.contains("quorum not met"), "\(own)")

        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        try await waitUntil {
            try gateway.process.output.split(separator: "\n").contains {
                $0.contains("contradicts what was shown before: aics.example/w1")
            }
        }
        #expect(try await gateway.shownCheckpoint().status == 404)
        #expect(try await gateway.stop() == 0)
        withExtendedLifetime((foreign, ours)) {}
    }
}
