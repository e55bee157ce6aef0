import Audit
import Foundation
import GatewayCore
import Identifiers
import Testing

// What a gateway without rules left, which is sealed once there are some.

extension RetentionTests {
    /// One command that is forwarded and one that is refused, each too large for an entry: both stand beside the log.
    ///
    /// - Returns: The id of the one that is refused.
    private static func largeCommands(_ gateway: TestGateway) async throws -> String {
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let large = #"{"note":"\#(String(repeating: "x", count: 50_000))"}"#
        _ = try await alice.post("\(gateway.url)/payments/note", json: large)
        let refused = try await alice.post("\(gateway.url)/payments/export", json: large)
        #expect(refused.status == 403, "\(refused)")
        let beside = try await gateway.auditEntries().filter { ($0["command"] as? [String: Any])?["beside"] != nil }
        #expect(Set(beside.compactMap { $0["kind"] as? String }) == ["intent", "refusal"])
        let refusal = try #require(beside.first { $0["kind"] as? String == "refusal" })
        return try #require(refusal["id"] as? String)
    }

    /// At its next start the gateway has rules.
    private static func addRules(_ gateway: TestGateway) throws {
        let file = gateway.folder.appendingPathComponent("sallyport.yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        try "\(text)\nretention: {default: {payloads: 90d, recordings: 400d}}\n"
            .write(to: file, atomically: true, encoding: .utf8)
    }

    private static func waitUntilPayloadsAreSealed(_ gateway: TestGateway) async throws {
        try await waitUntil {
            let payloads = files(gateway, "payloads")
            return try payloads.count == 2 && payloads.allSatisfy { try isSealed($0) }
        }
    }

    @Test("commands too large for an entry that a killed gateway left are sealed and checked, a refused one as well")
    func killedBeforeRules() async throws {
        let gateway = try await TestGateway.payments()
        let refused = try await Self.largeCommands(gateway)
        let payloads = Self.files(gateway, "payloads")
        #expect(payloads.count == 2)
        for path in payloads { #expect(try !Self.isSealed(path), "\(path)") }
        try await gateway.kill()
        try Self.addRules(gateway)
        try await gateway.start()
        try await Self.waitUntilPayloadsAreSealed(gateway)
        #expect(try await gateway.stop() == 0)

        let verified = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(verified.status == 0 && verified.output.contains("ok: evidence"), "\(verified)")
        let path = try #require(payloads.first { $0.hasSuffix("/\(refused).json") })
        try FileManager.default.removeItem(atPath: path)
        let missing = try await gateway.command("audit", "verify", "--evidence", "--config", "sallyport.yaml")
        #expect(
            missing.status == 1 && missing.output.contains("payloads/\(refused).json is missing"), "\(missing)")
    }

    @Test("what is sealed by a clock that is years behind the log is dated by the log's newest entry")
    func killedAheadOfTheClock() async throws {
        let gateway = try await TestGateway.payments()
        _ = try await Self.largeCommands(gateway)
        try await gateway.kill()
        // The machine's clock cannot be set here: so it is the log that is ten years ahead of it.
        let ahead = Timestamp.now.adding(.seconds(10 * 365 * 86_400))
        try Self.append(ControlEntry.stop(reason: "power cut", at: ahead).bytes, to: gateway)
        try Self.addRules(gateway)
        try await gateway.start()
        try await Self.waitUntilPayloadsAreSealed(gateway)
        #expect(try await gateway.stop() == 0)

        let keys = gateway.stateFolder.appendingPathComponent("retention/keys")
        let names = try FileManager.default.contentsOfDirectory(atPath: keys.path).filter { $0.hasSuffix(".key") }
        #expect(!names.isEmpty)
        for name in names {
            let data = try Data(contentsOf: keys.appendingPathComponent(name))
            let key = try JSONSerialization.jsonObject(with: data) as? [String: Any]
            let from = try #require(key?["from"] as? String)
            // Its period is a month.
            #expect(from.prefix(7) == ahead.description.prefix(7), "\(from)")
        }
    }

    /// Puts an entry into the log of a gateway that is not running.
    private static func append(_ entry: [UInt8], to gateway: TestGateway) throws {
        let log = try AuditLog(
            AuditOptions(
                directory: gateway.auditFolder.path, origin: "test.sallyport.example/log",
                keyPath: gateway.stateFolder.appendingPathComponent("audit-signing.key").path))
        try log.append(entry)
        try log.integrateNow()
    }
}
