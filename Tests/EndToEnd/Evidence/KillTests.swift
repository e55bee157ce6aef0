import Foundation
import Testing

/// What `kill -9` leaves behind, while callers go on calling.
@Suite("Killed gateways, end to end", .serialized)
struct KillTests {
    /// Each takes a start and a verification.
    private static let kills = 200

    @Test("again and again under load: each call that was forwarded is on record, and the tree only grows")
    func loop() async throws {
        let stage = try await CountedCalls()
        let gateway = stage.gateway
        let token = try await gateway.issuer.token(for: "alice")
        let flood = try stage.flood(token)
        defer { flood.signal(SIGKILL) }
        let key = gateway.stateFolder.path + "/log.vkey"
        let kept = gateway.folder.path + "/kept"
        let checkpoint = gateway.auditFolder.path + "/checkpoint"
        var sizes: [Int] = []
        var random = SystemRandomNumberGenerator()
        for round in 0..<Self.kills {
            let before = stage.arrived.count
            if round > 0 { try await gateway.start() }
            try await waitUntil { stage.arrived.count > before }
            try await Task.sleep(for: .milliseconds(Int.random(in: 20...120, using: &random)))
            try await gateway.kill()

            var arguments = ["audit", "verify", "--directory", gateway.auditFolder.path, "--key", key]
            if round > 0 { arguments += ["--since", kept] }
            let verified = try await RunningProcess.run(try Tools.sallyport, arguments)
            try #require(verified.status == 0, "kill \(round): \(verified.output)\(verified.errors)")
            try Data(contentsOf: URL(fileURLWithPath: checkpoint)).write(to: URL(fileURLWithPath: kept))
            let text = try String(contentsOfFile: kept, encoding: .utf8)
            sizes.append(try #require(text.split(separator: "\n").dropFirst().first.flatMap { Int($0) }))
            if round % 20 == 19 {
                let lost = stage.arrived.subtracting(try await stage.recorded())
                try #require(lost.isEmpty, "after kill \(round): \(lost.prefix(5))")
            }
        }
        #expect(sizes == sizes.sorted() && (sizes.last ?? 0) > (sizes.first ?? 0) + Self.kills * 2, "\(sizes)")

        try await gateway.start()
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault(bySchema: false) == nil)
        let arrived = stage.arrived
        #expect(arrived.count > Self.kills / 2, "\(arrived.count)")
        #expect(arrived.subtracting(try await stage.recorded()).isEmpty)
        // The kills came amid the work: some starts had something to take in that was not signed yet.
        let recoveries = try await gateway.auditEntries().compactMap { $0["recovery"] as? String }
        #expect(recoveries.contains { $0.contains("replayed from journals") }, "\(recoveries.suffix(3))")
    }

    @Test("a torn last record is dropped, and told where people and auditors look")
    func tornRecord() async throws {
        let stage = try await CountedCalls()
        let alice = Curl(token: try await stage.gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(stage.gateway.url)/payments/customer.json?n=1").status == 200)
        try await stage.gateway.kill()
        let folder = stage.gateway.auditFolder.appendingPathComponent(".state/journals")
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().first { !$0.hasPrefix("control") })
        var bytes = try Data(contentsOf: folder.appendingPathComponent(name))
        // Half of a record where the next one goes: the rest of the file is room that was set aside.
        let end = (bytes.lastIndex { $0 != 0 } ?? 0) + 1
        let half = Data([1, 2, 3, 4, 200, 0, 0, 0, 9, 9])
        if end + half.count <= bytes.count {
            bytes.replaceSubrange(end..<(end + half.count), with: half)
        } else {
            bytes += half
        }
        try bytes.write(to: folder.appendingPathComponent(name))

        try await stage.gateway.start()
        try await stage.gateway.process.says("bytes of an unfinished record in journal")
        #expect(try await stage.gateway.stop() == 0)
        #expect(try await stage.gateway.auditFault() == nil)
        let recoveries = try await stage.gateway.auditEntries().compactMap { $0["recovery"] as? String }
        #expect(recoveries.contains { $0.contains("bytes of an unfinished record") }, "\(recoveries)")
        #expect(try await stage.recorded().contains("1"))
    }

    @Test("a second gateway on the same log does not start, and the first goes on")
    func second() async throws {
        let stage = try await CountedCalls()
        let gateway = stage.gateway
        let text = try String(contentsOf: gateway.folder.appendingPathComponent("sallyport.yaml"), encoding: .utf8)
        try text.replacing(":\(gateway.port)\"", with: ":\(try Tools.freePort())\"")
            .replacing(":\(gateway.consolePort)\"", with: ":\(try Tools.freePort())\"")
            .write(to: gateway.folder.appendingPathComponent("second.yaml"), atomically: true, encoding: .utf8)
        let second = try await gateway.command("serve", "--config", "second.yaml")
        #expect(second.status == 78, "\(second)")
        #expect(second.errors.contains("another gateway (process \(try gateway.process.pid)) is using the audit log"))
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json?n=1").status == 200)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }
}
