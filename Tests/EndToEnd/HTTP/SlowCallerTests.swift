import Foundation
import Testing

/// Callers who send too slowly, or nothing: each is answered 408 where it had begun, and closed.
@Suite("Slow callers, end to end", .serialized)
struct SlowCallerTests {
    private static func gateway() async throws -> TestGateway {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"}
                """)
        options.upstreams = [functions]
        options.listener = ", header_timeout: 500ms, body_timeout: 500ms, idle_timeout: 1s"
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    @Test("what stays unfinished is 408 and closed, what never begins is closed, and the function sees none of it")
    func unfinished() async throws {
        let gateway = try await Self.gateway()
        let token = try await gateway.issuer.token(for: "alice")
        let head = "POST /payments/echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
        let cases: [(name: String, bytes: String, rule: String?)] = [
            ("head without its end", head, "http-head-timeout"),
            ("request line without its end", "POST /pay", "http-head-timeout"),
            ("length without body", "\(head)Content-Length: 10\r\n\r\n", "http-body-timeout"),
            ("half a body", "\(head)Content-Length: 10\r\n\r\nhello", "http-body-timeout"),
            ("half a chunk", "\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhe", "http-body-timeout"),
            ("chunks without an end", "\(head)Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "http-body-timeout"),
            ("nothing", "", nil),
        ]
        for (name, bytes, rule) in cases {
            // Ends by the gateway's closing: where it did not, this would wait for its whole patience.
            let answer = try await RawSocket.exchange(Array(bytes.utf8), port: gateway.port, patience: 60)
            guard let rule else {
                #expect(answer.isEmpty, "\(name): \(answer)")
                continue
            }
            #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(name): \(answer)")
            #expect(answer.contains("application/problem+json") && answer.contains(rule), "\(name): \(answer)")
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2, "\(name): \(answer)")
        }
        #expect(try await Curl(token: token).get("\(gateway.url)/payments/customer").status == 200)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.outcomes().map(\.command) == ["GET /customer"])
    }

    @Test("a head that trickles in byte by byte gains no time by it")
    func trickle() async throws {
        let gateway = try await Self.gateway()
        let token = try await gateway.issuer.token(for: "alice")
        let result = try await PythonClient.run(
            "trickling_caller.py", ["--port", String(gateway.port), "--silent-connections", "200"])
        #expect(result["status"] as? Int == 408, "\(result)")
        #expect(result["fields_sent"] as? Int ?? 1000 < 1000)
        // 200 callers who say nothing do not keep one who does from an answer.
        #expect(result["silent_open"] as? Int == 0, "\(result)")
        #expect(try await Curl(token: token).get("\(gateway.url)/payments/customer").status == 200)
    }
}
