import Foundation
import Testing

@Suite("Time stamps of the audit log, end to end", .serialized)
struct TimestampTests {
    /// A gateway whose checkpoints an authority stamps every second.
    private static func gateway(_ answer: String) async throws -> (TestGateway, authority: URL) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tsa-\(UUID().uuidString)")
        Leftovers.add(folder: folder)
        let authority = try await PythonServer(
            "timestamp_authority.py", ["--folder", folder.path, "--answer", answer])
        let nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """)
        options.upstreams = [nginx, authority]
        options.audit = ", timestamps: {url: \"\(authority.url)\", interval: 1s}"
        return (try await TestGateway(options, issuer: try await EmbeddedIssuer()), folder)
    }

    @Test("an authority that openssl runs stamps the signed checkpoint, and openssl verifies what it said")
    func stamped() async throws {
        let (gateway, authority) = try await Self.gateway("right")
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let stamps = gateway.auditFolder.appendingPathComponent("timestamps")
        func sizes() -> [Int] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: stamps.path)) ?? []
            return names.compactMap { $0.hasSuffix(".tsr") ? Int($0.dropLast(4)) : nil }.sorted()
        }
        try await waitUntil { !sizes().isEmpty }
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        try await waitUntil { sizes().count >= 2 }
        #expect(try await gateway.stop() == 0)

        let newest = try #require(sizes().last)
        for size in sizes() {
            let verified = try await RunningProcess.run(
                try Tools.system("openssl"),
                [
                    "ts", "-verify", "-data", "\(stamps.path)/\(size).checkpoint", "-in", "\(stamps.path)/\(size).tsr",
                    "-CAfile", "\(authority.path)/ca.pem",
                ])
            #expect(
                verified.status == 0 && "\(verified.output)\(verified.errors)".contains("Verification: OK"),
                "\(verified)")
        }
        func foreign() async throws -> (verified: [String: String], wrong: [String: String]) {
            let answer = try await PythonClient.run("timestamp_verify.py", [stamps.path, "\(authority.path)/ca.pem"])
            return (answer["verified"] as? [String: String] ?? [:], answer["wrong"] as? [String: String] ?? [:])
        }
        let told = try await foreign()
        #expect(told.wrong.isEmpty && told.verified.keys.compactMap { Int($0) }.sorted() == sizes(), "\(told)")
        let report = try await gateway.command("audit", "verify")
        #expect(report.status == 0 && report.output.contains("\(newest) of them were time-stamped at 20"), "\(report)")
        // To the second, as that library reads it.
        let time = try #require(told.verified[String(newest)]).prefix(19)
        #expect(report.output.contains("time-stamped at \(time)"), "\(time): \(report.output)")
        let doctor = try await gateway.command("doctor")
        #expect(doctor.output.contains("entries up to \(newest) were time-stamped at"), "\(doctor.output)")

        // One stamp in another's place, and a stamped checkpoint that somebody changed.
        let copy = try Data(contentsOf: stamps.appendingPathComponent("\(newest).tsr"))
        let other = sizes()[0]
        try Data(contentsOf: stamps.appendingPathComponent("\(other).tsr")).write(
            to: stamps.appendingPathComponent("\(newest).tsr"))
        let swapped = try await gateway.command("audit", "verify")
        #expect(swapped.status == 1)
        #expect(swapped.output.contains("timestamps/\(newest).tsr: the time stamp is not of these bytes"), "\(swapped)")
        #expect(try await foreign().wrong.keys.sorted() == [String(newest)])
        try copy.write(to: stamps.appendingPathComponent("\(newest).tsr"))
        try FileManager.default.removeItem(at: stamps.appendingPathComponent("\(other).checkpoint"))
        let missing = try await gateway.command("audit", "verify")
        #expect(
            missing.status == 1 && missing.output.contains("timestamps/\(other).tsr: the checkpoint that it stamps"),
            "\(missing)")
    }

    @Test("a log that was made anew with its own keys does not fit the stamps that were kept")
    func rewritten() async throws {
        let (gateway, _) = try await Self.gateway("right")
        let stamps = gateway.auditFolder.appendingPathComponent("timestamps")
        try await waitUntil { FileManager.default.fileExists(atPath: stamps.path) }
        try await waitUntil { try await gateway.command("audit", "verify").output.contains("were time-stamped at") }
        #expect(try await gateway.stop() == 0)
        let kept = gateway.folder.appendingPathComponent("kept")
        try FileManager.default.moveItem(at: stamps, to: kept)
        try FileManager.default.removeItem(at: gateway.auditFolder)
        try await gateway.start()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        for _ in 0..<3 { #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200) }
        #expect(try await gateway.stop() == 0)
        try? FileManager.default.removeItem(at: stamps)
        #expect(try await gateway.auditFault() == nil)
        try FileManager.default.copyItem(at: kept, to: stamps)
        let report = try await gateway.command("audit", "verify")
        #expect(report.status == 1 && report.output.contains("is another than when it was stamped at"), "\(report)")
    }

    @Test(
        "an authority that does not do its work is told of, and calls go on",
        arguments: [
            ("of-other-bytes", "the time stamp is not of these bytes"), ("refused", "the authority refused (status 2)"),
            ("nonsense", "the answer is no time stamp"), ("error", "it has the status 500"),
        ])
    func failing(answer: String, told: String) async throws {
        let (gateway, _) = try await Self.gateway(answer)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        try await gateway.process.says(told)
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        let doctor = try await gateway.command("doctor")
        #expect(doctor.output.contains("the log has no time stamp yet"), "\(doctor.output)")
        #expect(try await gateway.stop() == 0)
        #expect(!FileManager.default.fileExists(atPath: gateway.auditFolder.appendingPathComponent("timestamps").path))
        #expect(try await gateway.auditFault() == nil)
    }
}
