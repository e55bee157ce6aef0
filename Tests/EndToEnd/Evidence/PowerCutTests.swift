import Foundation
import Testing

/// A disk that fails from one moment to the next under a gateway that works, and loses what was not synchronized.
@Suite(
    "Failing disk, end to end", .serialized,
    .enabled(if: FailingDisk.isPossible, "cutting off a file system needs root and ext4; this machine does not let us"))
struct PowerCutTests {
    @Test(
        "calls are refused with the reason, the console is there, and what was promised to be on the disk is",
        arguments: ["process", "disk"])
    func cut(durability: String) async throws {
        let mounted = Replaceable<FailingDisk>(nil)
        let stage = try await CountedCalls { options in
            options.audit = ", durability: \(durability)"
            options.upstreams.append(mounted)
            options.prepare = { folder in
                mounted.value = try FailingDisk(over: folder.appendingPathComponent("state"), megabytes: 256)
            }
        }
        let disk = try #require(mounted.value)
        let gateway = stage.gateway
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let carol = Curl(token: try await gateway.issuer.token(for: "carol"))
        let flood = try stage.flood(try await gateway.issuer.token(for: "alice"))
        defer { flood.signal(SIGKILL) }
        try await waitUntil { stage.arrived.count > 200 }
        let kept = gateway.folder.path + "/kept"
        try FileManager.default.copyItem(atPath: gateway.auditFolder.path + "/checkpoint", toPath: kept)
        // One that was followed by another is on the disk.
        let newer = gateway.auditFolder.path + "/checkpoint"
        try await waitUntil {
            FileManager.default.contents(atPath: newer) != FileManager.default.contents(atPath: kept)
        }
        try disk.cut()

        // What is in the kernel's memory already may still be served at `process`, until the disk is next waited for.
        let url = "\(gateway.url)/payments/customer.json"
        try await waitUntil { try await alice.get(url).status == 503 }
        for _ in 0..<20 {
            let answer = try await alice.get(url)
            #expect(answer.status == 503, "\(answer)")
            #expect(
                ["audit-unavailable", "recording-unavailable"].contains(answer.member("rule") as? String ?? ""),
                "\(answer)")
        }
        flood.signal(SIGKILL)
        try await waitUntil { try await carol.get("\(gateway.consoleURL)/readyz").status == 503 }
        #expect(try await carol.get("\(gateway.consoleURL)/healthz").status == 200)
        #expect(try await carol.get("\(gateway.consoleURL)/api/v1/me").status == 200)
        #expect(try gateway.process.isRunning)

        try await gateway.kill()
        try disk.replug()
        try await gateway.start()
        #expect(try await alice.get(url).status == 200)
        #expect(try await gateway.stop() == 0)
        let verified = try await gateway.command("audit", "verify", "--config", "sallyport.yaml", "--since", kept)
        #expect(verified.status == 0, "\(verified)")
        #expect(try await gateway.auditFault() == nil)
        if durability == "disk" {
            let lost = stage.arrived.subtracting(try await stage.recorded())
            #expect(lost.isEmpty, "\(lost.prefix(5)) of \(stage.arrived.count)")
        }
        disk.unmount()
    }
}
