import Foundation
import Testing

/// Calls that go away while the connection to their function is being opened.
@Suite("Vanished calls, end to end", .serialized)
struct VanishedCallTests {
    @Test("a connection that is being opened for a call that has gone serves the next one, and is not kept unused")
    func handshake() async throws {
        let certificates = try await TestCertificates()
        let function = try await PythonServer(
            "slow_handshake.py",
            ["--certificate", certificates.path("function.pem"), "--key", certificates.path("function.key")])
        var options = TestGateway.Options(
            targets: """
                  - name: payments
                    kind: http
                    prefix: /payments
                    url: "https://127.0.0.1:\(function.port)"
                    tls: {ca: "\(certificates.path("ca.pem"))"}
                    connect_timeout: 60s
                    idle_timeout: 1s
                """)
        options.upstreams = [function, certificates]
        // Each event loop has connections of its own.
        options.environment = ["NIO_SINGLETON_GROUP_LOOP_COUNT": "1"]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer"
        func count(_ name: String, after path: String = "count") async throws -> Int? {
            try await Curl().get("\(function.url)/\(path)").member(name) as? Int
        }
        let vanished = 5
        for _ in 0..<vanished { #expect(try await alice.get(url, "--max-time", "2").exit == 28) }
        // Two that wait at once need two.
        async let first = alice.get(url)
        async let second = alice.get(url)
        try await waitUntil { try await count("came") ?? 0 >= 2 }
        #expect(try await count("came", after: "release") == 2)
        let answers = try await [first, second]
        #expect(answers.map(\.status) == [200, 200])
        #expect(try await count("came") == 2)

        try await waitUntil { try await count("open") == 0 }
        #expect(try await alice.get(url).status == 200)
        #expect(try await gateway.stop() == 0)
        let kinds = try await gateway.outcomes().map(\.kind)
        #expect(kinds.count { $0 == "interrupted" } == vanished && kinds.count { $0 == "succeeded" } == 3, "\(kinds)")
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a connection whose caller has gone is let go when the handshake ends, as unused ones are")
    func nobodyWaits() async throws {
        let certificates = try await TestCertificates()
        let function = try await PythonServer(
            "slow_handshake.py",
            ["--certificate", certificates.path("function.pem"), "--key", certificates.path("function.key")])
        var options = TestGateway.Options(
            targets: """
                  - name: payments
                    kind: http
                    prefix: /payments
                    url: "https://localhost:\(function.port)"
                    tls: {ca: "\(certificates.path("ca.pem"))"}
                    idle_timeout: 1s
                    max_connections: 1
                """)
        options.upstreams = [function, certificates]
        options.environment = ["NIO_SINGLETON_GROUP_LOOP_COUNT": "1"]
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer())
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/customer"
        func open(after path: String = "count") async throws -> Int? {
            try await Curl().get("\(function.url)/\(path)").member("open") as? Int
        }
        #expect(try await alice.get(url, "--max-time", "2").exit == 28)
        #expect(try await open(after: "release") == 1)
        try await waitUntil { try await open() == 0 }
        // The one place that there is was given back.
        for _ in 0..<3 { #expect(try await alice.get(url).status == 200) }
        #expect(try await gateway.stop() == 0)
    }
}
