import Foundation
import Testing

/// The log on its way to places that are away, slow, full of errors, or gone in the middle.
@Suite("Sinks of the audit log, end to end", .serialized)
struct SinkTests {
    private static let certificates = Task { try await TestCertificates() }

    /// A gateway whose sinks are these lines of YAML; `FOLDER` stands for its folder.
    private func gateway(
        sinks: String, extra: String = "", environment: [String: String] = [:]
    ) async throws -> TestGateway {
        try await TestGateway.payments(extra: extra, environment: environment) { folder in
            let file = folder.appendingPathComponent("sallyport.yaml")
            let configuration = try String(contentsOf: file, encoding: .utf8)
            try configuration.replacing(
                "audit: {origin: test.sallyport.example/log}",
                with: """
                    audit:
                      origin: test.sallyport.example/log
                      sinks:
                    \(sinks.replacing("FOLDER", with: folder.path))
                    """
            ).write(to: file, atomically: true, encoding: .utf8)
        }
    }

    /// Calls a function many times; ends quietly when the gateway does.
    private func load(_ gateway: TestGateway, calls: Int = 200) async throws {
        let token = try await gateway.issuer.token(for: "alice")
        _ = try await RunningProcess.run(
            try Tools.system("curl"),
            [
                "-s", "-o", "/dev/null", "-H", "Authorization: Bearer \(token)",
                "\(gateway.url)/payments/customer.json?n=[1-\(calls)]",
            ])
    }

    /// The ids of the signed log's entries, in its order.
    private func signedIDs(_ gateway: TestGateway) async throws -> [String] {
        try await lines(gateway).map { try #require(Self.member("id", of: $0)) }
    }

    private func lines(_ gateway: TestGateway) async throws -> [String] {
        let finished = try await gateway.command("audit", "export", "--signed-only", "--config", "sallyport.yaml")
        guard finished.status == 0 else { throw TestFailure("\(finished)") }
        return finished.output.split(separator: "\n").map(String.init)
    }

    private static func member(_ name: String, of line: String) -> String? {
        ((try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any])?[name] as? String
    }

    private func kept(_ path: String) -> [String] {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map(String.init)
    }

    /// Calls while the gateway is killed and started again, twice.
    private func loadWithKills(_ gateway: TestGateway) async throws {
        for _ in 0..<2 {
            async let calls: Void = load(gateway)
            try await Task.sleep(for: .milliseconds(700))
            try await gateway.kill()
            try await calls
            try await gateway.start()
        }
        try await load(gateway)
    }

    @Test(
        "a file gets every entry once and in order, goes on in a new one when it is moved away, and mends a torn line")
    func file() async throws {
        let gateway = try await gateway(sinks: "    - {name: archive, type: file, path: FOLDER/archive.jsonl}")
        let path = gateway.folder.path + "/archive.jsonl"
        try await load(gateway, calls: 100)
        try await waitUntil { try await self.kept(path) == self.lines(gateway) && self.kept(path).count > 200 }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try await load(gateway, calls: 20)
        // What was signed before these calls were is not yet what is waited for.
        try await waitUntil {
            let new = self.kept(path)
            let lines = try await self.lines(gateway)
            return !new.isEmpty && self.kept(path + ".1") + new == lines
        }

        #expect(try await gateway.stop() == 0)
        let before = kept(path)
        let torn = try #require(FileHandle(forWritingAtPath: path))
        try torn.seekToEnd()
        try torn.write(contentsOf: Data("{\"half\":".utf8))
        try torn.close()
        try await gateway.start()
        // What was signed when it stopped came while it was away.
        try await waitUntil { try await self.kept(path + ".1") + self.kept(path) == self.lines(gateway) }
        #expect(kept(path).starts(with: before) && kept(path).count > before.count)

        let doctor = try await gateway.command("doctor", "--config", "sallyport.yaml")
        #expect(doctor.output.contains("archive has "), "\(doctor)")
        let metrics = try await RunningProcess.run(
            try Tools.system("curl"), ["-sS", "\(gateway.consoleURL)/metrics"])
        #expect(
            metrics.output.contains("sallyport_sink_waiting_entries{sink=\"archive\",type=\"file\"} 0"), "\(metrics)")

        // Another log in the place of the one that was delivered is not sent after it.
        #expect(try await gateway.stop() == 0)
        let count = kept(path).count
        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        try await waitUntil { try gateway.process.output.contains("it was set back or replaced") }
        #expect(kept(path).count == count)
    }

    @Test("a syslog receiver over TLS misses nothing, though it dies and the gateway is killed")
    func syslog() async throws {
        let certificates = try await Self.certificates.value
        let port = try Tools.freePort()
        let gateway = try await gateway(
            sinks: """
                    - {name: siem, type: syslog, address: "localhost:\(port)", ca: \(certificates.path("ca.pem")),
                       certificate: \(certificates.path("client.pem")), key: "file:\(certificates.path("client.key"))",
                       facility: local3}
                """)
        let keep = gateway.folder.path + "/syslog.jsonl"
        func receiver() async throws -> RunningProcess {
            let process = try RunningProcess(
                try Tools.python(),
                [
                    Tools.fixture("syslog_receiver.py"), "--port", String(port), "--certificate",
                    certificates.path("named.pem"), "--key", certificates.path("named.key"), "--clients",
                    certificates.path("ca.pem"), "--keep", keep,
                ])
            try await Tools.waitForPort(port, of: process)
            return process
        }
        // Nobody is there yet: commands run all the same.
        try await load(gateway, calls: 50)
        try await waitUntil { try gateway.process.output.contains("cannot be reached over TLS") }
        var process = try await receiver()
        try await waitUntil { self.kept(keep).count > 20 }
        async let calls: Void = loadWithKills(gateway)
        try await waitUntil { self.kept(keep).count > 400 }
        process.signal(SIGKILL)
        _ = try await process.exit()
        process = try await receiver()
        try await calls

        try await waitUntil(within: 90) {
            let received = Set(self.messages(keep).compactMap { Self.member("id", of: $0) })
            return try await self.signedIDs(gateway).allSatisfy(received.contains)
        }
        let records = kept(keep).compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
        #expect(records.allSatisfy { $0["wrong"] == nil }, "\(records.compactMap { $0["wrong"] }.prefix(3))")
        #expect(records.allSatisfy { $0["facility"] as? Int == 19 })
        // The sequence of a message is the place of its entry in the log.
        let ids = try await signedIDs(gateway)
        for record in records {
            let meta = (record["data"] as? [String: Any])?["meta"] as? [String: Any]
            let sequence = try #require((meta?["sequenceId"] as? String).flatMap { Int($0) })
            let text = try #require(record["text"] as? String)
            #expect(ids.indices.contains(sequence - 1) && Self.member("id", of: text) == ids[sequence - 1])
        }
        #expect(try await gateway.auditFault() == nil)
    }

    private func messages(_ keep: String) -> [String] { kept(keep).compactMap { Self.member("text", of: $0) } }

    @Test(
        "a receiver whose certificate is another host's, or from another authority, gets nothing",
        arguments: ["other", "stranger"])
    func wrongReceiver(name: String) async throws {
        let certificates = try await Self.certificates.value
        let port = try Tools.freePort()
        let keep = certificates.path("wrong-\(name).jsonl")
        let process = try RunningProcess(
            try Tools.python(),
            [
                Tools.fixture("syslog_receiver.py"), "--port", String(port), "--certificate",
                certificates.path("\(name).pem"), "--key", certificates.path("\(name).key"), "--keep", keep,
            ])
        try await Tools.waitForPort(port, of: process)
        let gateway = try await gateway(
            sinks: """
                    - {name: siem, type: syslog, address: "127.0.0.1:\(port)", ca: \(certificates.path("ca.pem"))}
                """)
        try await waitUntil { try gateway.process.output.contains("cannot be reached over TLS") }
        #expect(kept(keep).isEmpty)
    }

    @Test("a collector that is busy, drops requests and dies misses nothing, though the gateway is killed")
    func collector() async throws {
        let certificates = try await Self.certificates.value
        let port = try Tools.freePort()
        let gateway = try await gateway(
            sinks: """
                    - {name: collector, type: https, url: "https://127.0.0.1:\(port)/events", format: ocsf, batch: 100,
                       ca: \(certificates.path("ca.pem")), header: {value: "env:COLLECTOR_TOKEN"}}
                """, environment: ["COLLECTOR_TOKEN": "Bearer collector-secret"])
        let keep = gateway.folder.path + "/collector.jsonl"
        func collector(_ troubles: String) async throws -> RunningProcess {
            let process = try RunningProcess(
                try Tools.python(),
                [
                    Tools.fixture("collector.py"), "--port", String(port), "--certificate",
                    certificates.path("gateway.pem"), "--key", certificates.path("gateway.key"), "--keep", keep,
                    "--troubles", troubles, "--limit", "60000",
                ])
            try await Tools.waitForPort(port, of: process)
            return process
        }
        var process = try await collector("503,429,drop,503,die")
        try await load(gateway, calls: 100)
        #expect(try await process.exit(within: 60) == 7)
        try await waitUntil { try gateway.process.output.contains("answered 503") }
        process = try await collector("")
        try await loadWithKills(gateway)
        try await waitUntil(within: 90) {
            let received = Set(self.events(keep))
            return try await self.signedIDs(gateway).allSatisfy(received.contains)
        }
        // Batches came whole: a request that was too large was made smaller, and none was cut.
        #expect(kept(keep).contains { $0.contains("\"batch\"") })
        #expect(try !gateway.process.output.contains("collector-secret"))
        _ = process
    }

    /// The ids of the entries whose events a collector has acknowledged.
    private func events(_ keep: String) -> [String] {
        kept(keep).compactMap { line in
            let event = (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
            return (event?["metadata"] as? [String: Any])?["uid"] as? String
        }
    }

    /// A session that sends so many bytes.
    private func longSession(_ gateway: TestGateway, bytes: Int) async throws {
        let body = gateway.folder.appendingPathComponent("body.txt")
        try String(repeating: "0123456789abcde\n", count: 8 << 10).write(to: body, atomically: true, encoding: .utf8)
        let token = try await gateway.issuer.token(for: "alice")
        // There is no such function; what was asked of it is recorded all the same.
        _ = try await RunningProcess.run(
            try Tools.system("curl"),
            [
                "-s", "-o", "/dev/null", "-H", "Authorization: Bearer \(token)", "-H", "Content-Type: text/plain",
                "--data-binary", "@\(body.path)", "\(gateway.url)/payments/echo?n=[1-\(bytes >> 17)]",
            ])
    }

    @Test("a bucket under Object Lock holds a log that verifies by itself, and its owner cannot delete or shorten it")
    func objectStore() async throws {
        let store = try await ObjectStoreServer()
        _ = try await store.client("make", "evidence", "with-lock")
        _ = try await store.client("make", "plain")
        func sink(_ name: String, _ bucket: String) -> String {
            "    - {name: \(name), type: s3, endpoint: \"\(store.url)\", bucket: \(bucket), prefix: gateway-1, retain: 7d, "
                + "interval: 500ms, part_size: 5MiB, access_key_id: \"env:S3_ID\", secret_access_key: \"env:S3_KEY\"}"
        }
        let gateway = try await gateway(
            sinks: sink("worm", "evidence") + "\n" + sink("no-lock", "plain"),
            // At rest recordings are sealed; they leave as they were written.
            extra: "retention: {default: {recordings: 400d}}",
            environment: ObjectStoreServer.environment)
        try await loadWithKills(gateway)
        try await longSession(gateway, bytes: 24 << 20)
        // However slow the machine is: more than two whole bundles.
        while try await lines(gateway).count <= 512 { try await load(gateway, calls: 100) }
        let size = try await lines(gateway).count
        try await waitUntil(within: 120) {
            let cursor = self.kept(gateway.stateFolder.path + "/sinks/worm.json").first ?? ""
            let value = (try? JSONSerialization.jsonObject(with: Data(cursor.utf8))) as? [String: Any]
            return (value?["next"] as? Int ?? 0) >= size
        }
        #expect(try await gateway.stop() == 0)

        // A bucket that locks nothing gets nothing.
        #expect(try gateway.process.output.contains("has no Object Lock"))
        #expect((try await store.client("list", "plain")["keys"] as? [String]) == [])

        let copy = gateway.folder.path + "/copy"
        _ = try await store.client("download", "evidence", copy)
        let verifiers = try await ForeignVerifiers(
            key: gateway.stateFolder.path + "/log.vkey", folder: gateway.folder)
        let log = URL(fileURLWithPath: copy + "/gateway-1")
        for verified in [
            try await verifiers.ours(log), try await verifiers.python("log", log.path),
            try await verifiers.go("log", log.path),
        ] {
            #expect(verified.status == 0, "\(verified)")
        }
        let fetched = try String(contentsOf: log.appendingPathComponent("checkpoint"), encoding: .utf8)
        #expect(fetched.split(separator: "\n").dropFirst().first.flatMap { Int($0) } ?? 0 >= size)

        // The recordings of sessions that ended are there, byte by byte as the log has their digests.
        let digests = Set(
            try await gateway.auditEntries().compactMap { ($0["recording"] as? [String: Any])?["sha256"] as? String })
        let recordings = try FileManager.default.subpathsOfDirectory(atPath: log.path + "/recordings")
            .filter { $0.hasSuffix(".jsonl") }
        #expect(!recordings.isEmpty)
        // One of them in parts.
        let sizes = try recordings.map { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(log.path)/recordings/\(name)")
            return attributes[.size] as? Int ?? 0
        }
        #expect(sizes.contains { $0 > 10 << 20 }, "\(sizes)")
        for name in recordings {
            let copied = try await RunningProcess.run(
                try Tools.system("sha256sum"), ["\(log.path)/recordings/\(name)"])
            #expect(digests.contains(String(copied.output.prefix(64))), "\(name)")
            let atRest = try await RunningProcess.run(
                try Tools.system("sha256sum"), ["\(gateway.stateFolder.path)/recordings/\(name)"])
            #expect(atRest.output.prefix(64) != copied.output.prefix(64), "\(name) is not sealed at rest")
        }

        let attack = try await store.client("attack", "evidence")
        #expect((attack["deleted"] as? [String]) == [] && (attack["weakened"] as? [String]) == [])
        #expect(attack["left"] as? Int == attack["versions"] as? Int && attack["left"] as? Int ?? 0 > 6)
        let until = try #require(attack["until"] as? [String])
        #expect(until.allSatisfy { $0.hasPrefix("COMPLIANCE ") })
        // As long as the configuration says, also for what was put in parts.
        #expect(attack["days"] as? [Int] == [7], "\(until)")
    }

    @Test("a bucket holds what witnesses and the time-stamping authority said of the log, and its copy shows it")
    func statements() async throws {
        let store = try await ObjectStoreServer()
        _ = try await store.client("make", "evidence", "with-lock")
        let tsa = FileManager.default.temporaryDirectory.appendingPathComponent("tsa-\(UUID().uuidString)")
        Leftovers.add(folder: tsa)
        let authority = try await PythonServer("timestamp_authority.py", ["--folder", tsa.path])
        let gateway = try await gateway(
            sinks: "    - {name: worm, type: s3, endpoint: \"\(store.url)\", bucket: evidence, prefix: gateway-1, "
                + "retain: 7d, interval: 500ms, access_key_id: \"env:S3_ID\", secret_access_key: \"env:S3_KEY\"}",
            environment: ObjectStoreServer.environment)
        #expect(try await gateway.stop() == 0)
        let key = gateway.stateFolder.path + "/log.vkey"
        let witness = try await RunningWitness(log: key, in: gateway.folder)
        try gateway.configureWitnesses([(witness.url, witness.key)], quorum: 1)
        try gateway.configure(
            "  quorum: 1", "  quorum: 1\n  timestamps: {url: \"\(authority.url)\", interval: 1s}")

        /// The sizes of the checkpoints whose stamps are in the bucket.
        func stamped() async throws -> [Int] {
            let keys = try await store.client("list", "evidence")["keys"] as? [String] ?? []
            guard keys.contains("gateway-1/checkpoint.witnessed") else { return [] }
            return keys.compactMap { $0.firstMatch(of: /^gateway-1\/timestamps\/(\d+)\.tsr$/).flatMap { Int($0.1) } }
        }
        // A gateway that starts again goes on where the one before it ended.
        for count in [1, 3] {
            try await gateway.start()
            // Only a log that grew is stamped again.
            try await waitUntil(within: 60) {
                try await self.load(gateway, calls: 5)
                return try await stamped().count >= count
            }
            #expect(try await gateway.stop() == 0)
        }
        withExtendedLifetime(authority) {}

        let copy = gateway.folder.path + "/copy"
        _ = try await store.client("download", "evidence", copy)
        let log = URL(fileURLWithPath: copy + "/gateway-1")
        let verifiers = try await ForeignVerifiers(key: key, folder: gateway.folder)
        let ours = try await verifiers.ours(log, "--witness", witness.key)
        #expect(
            ours.status == 0 && ours.output.contains("were witnessed") && ours.output.contains("were time-stamped at"),
            "\(ours)")
        let python = try await verifiers.python("log", log.path, "--witness", witness.key)
        #expect(python.status == 0, "\(python)")
        let stamps = try await PythonClient.run(
            "timestamp_verify.py", [log.path + "/timestamps", tsa.path + "/ca.pem"])
        #expect((stamps["wrong"] as? [String: String]) == [:])
        #expect((stamps["verified"] as? [String: String])?.count ?? 0 >= 3)
        // Proofs can be made from the copy, with the witness's word in them.
        let proof = gateway.folder.path + "/entry.tlog-proof"
        for command in [
            ["prove", "1", "--directory", log.path, "--file", proof],
            ["check-proof", proof, "--key", key, "--witness", witness.key],
        ] {
            let finished = try await RunningProcess.run(try Tools.sallyport, ["audit"] + command)
            #expect(finished.status == 0, "\(finished)")
        }
    }
}
