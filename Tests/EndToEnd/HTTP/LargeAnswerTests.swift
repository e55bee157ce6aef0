import Foundation
import Testing

/// Answers larger than any memory that the gateway may take for them.
@Suite("Large answers, end to end", .serialized)
struct LargeAnswerTests {
    private static func gateway(_ function: PythonServer) async throws -> TestGateway {
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(function.url)"}
                """)
        options.upstreams = [function]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    /// The most memory that the gateway ever had, in MiB.
    private static func peak(_ gateway: TestGateway) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(gateway.process.pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard
            let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({
                Int($0)
            })
        else { throw TestFailure("no VmHWM in \(status)") }
        return kilobytes / 1024
    }

    @Test("1 GiB of JSON is masked to its last record in bounded memory")
    func gibibyte() async throws {
        let function = try await PythonServer("large_answer.py")
        let gateway = try await Self.gateway(function)
        let token = try await gateway.issuer.token(for: "alice")
        // Counted as it comes: what is not masked, and what is.
        let counted = try await PythonClient.run(
            "large_caller.py", ["--url", "\(gateway.url)/payments/\(1 << 30)", "--token", token], within: 900)
        let records = counted["records"] as? Int ?? 0
        #expect(records > 1_000_000)
        #expect(counted["masked_ssn"] as? Int == records && counted["masked_card"] as? Int == records, "\(counted)")
        #expect(counted["clear"] as? Int == 0 && counted["is_whole"] as? Bool == true, "\(counted)")
        #expect(try Self.peak(gateway) < 200)
        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.outcomes()
        #expect(outcomes.map(\.kind) == ["succeeded"])
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a caller who stops reading holds the function back, not the answer in memory")
    func backpressure() async throws {
        let function = try await PythonServer("large_answer.py")
        let gateway = try await Self.gateway(function)
        let token = try await gateway.issuer.token(for: "alice")
        let stalled = try await PythonClient.run(
            "large_caller.py",
            ["--url", "\(gateway.url)/payments/\(1 << 30)", "--token", token, "--stall", "\(function.url)/sent"],
            within: 300)
        let sent = try #require(stalled["sent"] as? Int)
        #expect(sent > 0 && sent < 64 << 20, "the function could send \(sent) bytes to a caller who does not read")
        #expect(try Self.peak(gateway) < 200)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.outcomes().map(\.kind) == ["interrupted"])
    }
}
