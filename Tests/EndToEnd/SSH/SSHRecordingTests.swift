import Foundation
import Testing

@Suite("Recordings of SSH sessions, end to end", .serialized)
struct SSHRecordingTests {
    private static let everything =
        #"@id("all") @record("full") permit (principal, action in Action::"ssh", resource);"#

    /// Events of all recordings: kind and text.
    private static func events(_ gateway: TestGateway) async throws -> [(kind: String, text: String)] {
        let lines = try await RunningProcess.run(
            "/bin/sh", ["-c", "cat $(find \(gateway.stateFolder.path) -name '*.cast')"])
        return lines.output.split(separator: "\n").compactMap { line in
            let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any]
            guard let event, event.count == 3, let kind = event[1] as? String, let text = event[2] as? String else {
                return nil
            }
            return (kind, text)
        }
    }

    @Test("a shell without a terminal is recorded as whole as one with a terminal", arguments: [false, true])
    func shell(recordsInput: Bool) async throws {
        let fixture = try await SSHFixture(
            policy: Self.everything, target: recordsInput ? ", record_input: true" : "")
        let answer = try await fixture.alice.tool(
            "ssh", ["-T", "web-1@127.0.0.1"], input: "head -c 200000 /dev/zero | tr '\\0' x; echo; echo the end >&2\n")
        #expect(answer.output.utf8.count == 200_001 && answer.errors == "the end\n", "\(answer.errors)")
        #expect(try await fixture.gateway.stop() == 0)
        let events = try await Self.events(fixture.gateway)
        let shown = events.filter { $0.kind == "o" }.map(\.text).joined()
        #expect(shown.utf8.count == 200_001 + "the end\n".utf8.count && shown.contains("the end\n"))
        #expect(events.contains { $0.kind == "i" && $0.text.contains("head -c 200000") } == recordsInput)
    }

    @Test("what is to be recorded in full is not forwarded")
    func forward() async throws {
        let fixture = try await SSHFixture(policy: Self.everything)
        var alice = fixture.alice
        alice.options = ["-o", "LogLevel=INFO"]
        let answer = try await alice.tool("ssh", ["-W", "127.0.0.1:\(fixture.server.port)", "web-1@127.0.0.1"])
        #expect(answer.status != 0 && answer.errors.contains("Policy wants a full recording"), "\(answer)")
    }

    @Test(
        "with a full disk nothing new runs, what runs ends with the reason, and commands run again when there is space",
        .enabled(if: SmallDisk.isPossible, "mounting a small file system needs root; this machine does not let us"))
    func fullDisk() async throws {
        let server = try await OpenSSHServer()
        // Mounted once the gateway's folder is there, and gone with the gateway.
        let mounted = Replaceable<SmallDisk>(nil)
        var options = TestGateway.Options(targets: server.target("web-1"))
        options.policy = Self.everything
        options.sshListener = ""
        options.upstreams = [server, mounted]
        options.prepare = { folder in
            mounted.value = try SmallDisk(over: folder.appendingPathComponent("state"), megabytes: 24)
        }
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let disk = try #require(mounted.value)
        let alice = try await OpenSSHClient.key(try await gateway.issuer.token(for: "alice"), gateway)
        let begun = server.folder.path + "/begun"
        async let running = alice.run(
            "web-1", "touch \(begun); while :; do head -c 4096 /dev/zero | tr '\\0' y || exit; sleep 0.05; done")
        try await waitUntil { FileManager.default.fileExists(atPath: begun) }
        try disk.fill()
        let ended = try await running
        #expect(ended.status == 126, "\(ended.status) \(ended.errors)")
        #expect(ended.errors.contains("cannot be recorded any more, so it ends"), "\(ended.errors)")

        var refused = try await alice.run("web-1", "echo leaked")
        for _ in 0..<100 where refused.status == 0 {
            try disk.fill()
            refused = try await alice.run("web-1", "echo leaked")
        }
        #expect(refused.status == 126 && refused.output.isEmpty, "\(refused)")
        #expect(refused.errors.contains("cannot be recorded"), "\(refused)")
        #expect(try gateway.process.isRunning)

        try disk.free()
        var answer = try await alice.run("web-1", "echo again")
        for _ in 0..<100 where answer.status != 0 {
            try await Task.sleep(for: .milliseconds(100))
            answer = try await alice.run("web-1", "echo again")
        }
        #expect(answer.output == "again\n", "\(answer)")
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
        disk.unmount()
    }
}
