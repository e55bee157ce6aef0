import Foundation
import Testing

/// Python's `requests`, the caller that most scripts are.
@Suite("Python requests, end to end", .serialized)
struct RequestsTests {
    @Test("one session makes many calls on one connection, uploads in chunks and reads streams")
    func session() async throws {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"}
                """)
        options.upstreams = [functions]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let got = try await PythonClient.run(
            "requests_caller.py",
            ["--url", "\(gateway.url)/payments", "--token", try await gateway.issuer.token(for: "alice")])
        func part(_ name: String) -> [String: Any] { got[name] as? [String: Any] ?? [:] }
        #expect(got["statuses"] as? [Int] == (0..<20).map { $0 % 5 == 4 ? 403 : 200 }, "\(got)")
        #expect(part("chunked")["status"] as? Int == 200 && part("chunked")["first"] as? Int == 50_000)
        #expect(part("stream")["events"] as? Int == 5 && part("stream")["ssn"] as? [String] == ["*******8741"])
        #expect(part("customer")["ssn"] as? String == "*******8741")
        #expect(got["form"] as? String == "name=Dana+%26+co&n=1")
        #expect(got["head"] as? Int == 200 && got["too_large"] as? Int == 413 && got["after"] as? Int == 200)
        #expect(try await gateway.stop() == 0)
        let sessions = try await gateway.auditEntries().filter { $0["kind"] as? String == "session-start" }
        // One for each connection: the answer 413 ended the first.
        #expect(sessions.count == 2, "\(sessions.count)")
        #expect(try await gateway.auditFault() == nil)
    }
}
