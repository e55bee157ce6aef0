import Foundation
import Testing

/// nginx with static files as the function: compression, conditional requests, ranges.
@Suite("nginx as the function, end to end", .serialized)
struct StaticServerTests {
    private static let customer =
        #"{"name":"Dana Reyes","ssn":"536-22-8741","card":"4111 1111 1111 1111","note":"\#(String(repeating: "n", count: 2000))"}"#

    private static func gateway(_ nginx: Nginx, policy: String? = nil) async throws -> TestGateway {
        try nginx.serve("customer.json", customer)
        try nginx.serve("stubborn.json", customer)
        try nginx.serve("pixel.png", "\u{89}PNG 4111111111111111")
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "http://127.0.0.1:\(nginx.port)"}
                """)
        if let policy { options.policy = policy }
        options.upstreams = [nginx]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    /// Compresses what may be compressed; `stubborn.json` whatever was asked for, as careless functions do.
    private static func nginx() async throws -> Nginx {
        let nginx = try await Nginx(
            server: """
                gzip on;
                gzip_types application/json;
                gzip_min_length 1;
                gzip_proxied any;
                location = /stubborn.json { gzip off; gzip_static always; }
                """)
        let plain = nginx.folder.appendingPathComponent("html/stubborn.json")
        try Data(customer.utf8).write(to: plain)
        let zipped = try await RunningProcess.run(try Tools.system("gzip"), ["--keep", plain.path])
        guard zipped.status == 0 else { throw TestFailure(zipped.errors) }
        return nginx
    }

    @Test("under masking rules answers are asked for uncompressed, and what stays compressed or partial is refused")
    func masked() async throws {
        let nginx = try await Self.nginx()
        let gateway = try await Self.gateway(nginx)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"), options: ["--compressed"])

        let customer = try await alice.get("\(gateway.url)/payments/customer.json")
        #expect(customer.status == 200 && customer.headers["content-encoding"] == nil)
        #expect(customer.member("ssn") as? String == "*******8741")
        // What describes nginx's bytes does not describe those that the caller gets.
        #expect(customer.headers["etag"] == nil && customer.headers["accept-ranges"] == nil)

        let stubborn = try await alice.get("\(gateway.url)/payments/stubborn.json")
        #expect(stubborn.status == 502 && stubborn.headers["content-type"] == "application/problem+json")
        #expect((stubborn.member("detail") as? String)?.contains("compressed") == true, "\(stubborn)")
        #expect(stubborn.member("rule") as? String == "not-inspectable")

        let part = try await alice.get("\(gateway.url)/payments/customer.json", "-r", "10-60")
        #expect(part.status == 502 || part.member("ssn") as? String == "*******8741", "\(part)")
        #expect(!part.body.contains("536-22"))
        let pixel = try await alice.get("\(gateway.url)/payments/pixel.png")
        #expect(pixel.status == 502 && !pixel.body.contains("4111111111111111"))

        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("without rules compressed and partial answers pass as they are")
    func unmasked() async throws {
        let nginx = try await Self.nginx()
        let gateway = try await Self.gateway(
            nginx, policy: #"@id("read") permit (principal, action in Action::"http.read", resource);"#)
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"), options: ["--compressed"])
        for file in ["customer.json", "stubborn.json"] {
            let answer = try await alice.get("\(gateway.url)/payments/\(file)")
            #expect(answer.status == 200 && answer.headers["content-encoding"] == "gzip", "\(file): \(answer)")
            #expect(answer.body == Self.customer)
        }
        let plain = Curl(token: alice.token)
        let whole = try await plain.get("\(gateway.url)/payments/customer.json")
        let tag = try #require(whole.headers["etag"])
        let same = try await plain.get("\(gateway.url)/payments/customer.json", "-H", "If-None-Match: \(tag)")
        #expect(same.status == 304 && same.body.isEmpty)
        let part = try await plain.get("\(gateway.url)/payments/customer.json", "-r", "1-6")
        #expect(part.status == 206 && part.body == #""name""#)
        let head = try await plain.send(["-I", "\(gateway.url)/payments/customer.json"])
        #expect(head.status == 200 && head.headers["content-length"] == String(Self.customer.utf8.count))
        #expect(try await plain.get("\(gateway.url)/payments/none.json").status == 404)
        #expect(try await plain.get("\(gateway.url)/payments/pixel.png").status == 200)
    }
}
