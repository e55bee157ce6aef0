import Foundation
import Testing

/// The disk under the state folder is full: nothing can be recorded, so nothing runs.
@Suite("Full disk, end to end", .serialized)
struct FullDiskTests {
    /// A gateway whose state folder is a small disk, before a function.
    private static func stage() async throws -> (TestGateway, SmallDisk, Nginx) {
        let nginx = try await Nginx(server: "")
        try nginx.serve("customer.json", #"{"ssn":"536-22-8741"}"#)
        // Mounted once the gateway's folder is there, and gone with the gateway.
        let mounted = Replaceable<SmallDisk>(nil)
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """)
        options.upstreams = [nginx, mounted]
        options.prepare = { folder in
            mounted.value = try SmallDisk(over: folder.appendingPathComponent("state"), megabytes: 24)
        }
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        return (gateway, try #require(mounted.value), nginx)
    }

    @Test(
        "every call is refused 503, the process lives, and calls run again when there is space",
        .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root; this machine does not let us"))
    func full() async throws {
        let (gateway, disk, nginx) = try await Self.stage()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer.json"
        #expect(try await alice.get(url).status == 200)

        for round in 0..<2 {
            try disk.fill()
            // Blocks that are begun still take an entry or two.
            var answer = try await alice.get(url)
            for _ in 0..<200 where answer.status == 200 {
                try disk.fill()
                answer = try await alice.get(url)
            }
            // Whatever the gateway itself lets go may make room for a call more, which then runs and is on record.
            var refused = 0
            for _ in 0..<500 where refused < 10 {
                try disk.fill()
                answer = try await alice.get(url)
                if answer.status == 200 { continue }
                refused += 1
                #expect(answer.status == 503, "\(answer)")
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.headers["retry-after"] != nil && answer.member("next_step") is String, "\(answer)")
                #expect(
                    ["audit-unavailable", "recording-unavailable"].contains(answer.member("rule") as? String ?? ""))
            }
            #expect(refused == 10)
            // A caller who is refused anyway, and one who cannot sign in, are told so or told 503: never let through.
            let export = try await alice.post("\(gateway.url)/payments/export", json: "{}")
            #expect([403, 503].contains(export.status), "\(export)")
            // The console is there, says why it does what has to be recorded no more, and does the rest.
            let carol = Curl(token: try await gateway.issuer.token(for: "carol"))
            #expect(try await carol.get("\(gateway.consoleURL)/healthz").status == 200)
            #expect(try await carol.get("\(gateway.consoleURL)/api/v1/me").status == 200)
            if round == 0 {
                // Its journal has room for some thousand views set aside; they are taken up here.
                let page = "\(gateway.consoleURL)/api/v1/policy"
                var view = try await carol.get(page)
                for _ in 0..<40 where view.status == 200 {
                    _ = try await carol.send(["\(page)#[1-250]", "-o", "/dev/null"])
                    view = try await carol.get(page)
                }
                #expect(view.status == 503 && view.member("rule") as? String == "audit-unavailable", "\(view)")
                #expect((view.member("detail") as? String)?.contains("no space left") == true, "\(view)")
            }
            #expect([401, 503].contains(try await Curl(token: "nonsense").get(url).status))
            #expect(try gateway.process.isRunning)

            try disk.free()
            answer = try await alice.get(url)
            for _ in 0..<100 where answer.status == 503 {
                try await Task.sleep(for: .milliseconds(100))
                answer = try await alice.get(url)
            }
            #expect(answer.status == 200 && answer.member("ssn") as? String == "*******8741", "round \(round)")
        }

        #expect(try await gateway.stop() == 0)
        let entries = try await gateway.auditEntries()
        let intents = entries.filter { $0["kind"] as? String == "intent" }
        let outcomes = RecordedOutcome.all(in: entries)
        #expect(outcomes.count == intents.count)
        // nginx's own log says what ran.
        let ran = nginx.accessLog.split(separator: "\n").count
        #expect(outcomes.filter { $0.kind == "succeeded" }.count == ran)
        #expect(try await gateway.auditFault() == nil)
        disk.unmount()
    }

    @Test(
        "on a read-only disk the gateway does not start and says why, and starts when the disk can be written",
        .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root; this machine does not let us"))
    func readOnly() async throws {
        let (gateway, disk, _) = try await Self.stage()
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        #expect(try await gateway.stop() == 0)
        try disk.remount(readOnly: true)
        let refused = try await RunningProcess.run(
            try Tools.sallyport, ["serve", "--config", "sallyport.yaml"], in: gateway.folder)
        #expect(refused.status != 0 && refused.errors.lowercased().contains("read-only file system"), "\(refused)")
        // What is there can be read all the same.
        let verified = try await gateway.command("audit", "verify")
        #expect(verified.status == 0, "\(verified)")
        try disk.remount(readOnly: false)
        try await gateway.start()
        #expect(try await alice.get("\(gateway.url)/payments/customer.json").status == 200)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
        disk.unmount()
    }
}
