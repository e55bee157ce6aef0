import Foundation
import Testing

/// Credentials that a token endpoint issues to the gateway: fetched once, renewed in time, and missed with a reason.
@Suite("Issued credentials, end to end", .serialized)
struct TokenCredentialTests {
    private static let secret = "s3cret+of/the=client"

    private static func gateway(_ credential: String, _ upstreams: [any Sendable]) async throws -> TestGateway {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)", credential: {\(credential)}}
                """)
        options.policy =
            #"@id("all") permit (principal in Group::"payments", action in Action::"http.read", resource);"#
        options.environment = ["TEST_CLIENT_SECRET": secret]
        options.upstreams = upstreams + [functions]
        return try await TestGateway(options, issuer: try await EmbeddedIssuer())
    }

    private static func oauth(_ endpoint: PythonServer, _ more: String = "") -> String {
        "type: oauth2, token_url: \"\(endpoint.url)/token\", client_id: \"gate way\", client_secret: \"env:TEST_CLIENT_SECRET\"\(more)"
    }

    private static func behave(_ endpoint: PythonServer, _ json: String) async throws {
        #expect(try await Curl().post("\(endpoint.url)/behave", json: json).status == 200)
    }

    private static func asked(_ endpoint: PythonServer) async throws -> [[String: Any]] {
        try #require(try await Curl().get("\(endpoint.url)/asked").json as? [[String: Any]])
    }

    /// The value of a field that the function got, as it says itself.
    private static func seen(_ name: String, _ answer: CurlAnswer) -> String? {
        (answer.member("headers") as? [[String]])?.first { $0[0].lowercased() == name }?[1]
    }

    @Test("client credentials are fetched once for many calls, as the standard says, and renewed before they end")
    func clientCredentials() async throws {
        let endpoint = try await PythonServer("token_endpoint.py")
        let gateway = try await Self.gateway(
            Self.oauth(endpoint, ", scope: \"read write\", audience: \"https://fn.example\""), [endpoint])
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"

        // Whoever needs the token while it is on its way waits for that one.
        let first = try await withThrowingTaskGroup(of: String?.self) { group in
            for _ in 0..<8 { group.addTask { Self.seen("authorization", try await alice.get(url)) } }
            return try await group.reduce(into: Set<String?>()) { $0.insert($1) }
        }
        #expect(first == ["Bearer token-1"])
        let asked = try await Self.asked(endpoint)
        #expect(asked.count == 1)
        let form = asked.first?["form"] as? [String: String]
        #expect(
            form == ["grant_type": "client_credentials", "scope": "read write", "audience": "https://fn.example"])
        // RFC 6749 section 2.3.1: both parts are form-encoded within Basic.
        let basic = Data("gate%20way:s3cret%2Bof%2Fthe%3Dclient".utf8).base64EncodedString()
        #expect(asked.first?["authorization"] as? String == "Basic \(basic)")
    }

    @Test("a token is renewed shortly before it ends")
    func renewal() async throws {
        let endpoint = try await PythonServer("token_endpoint.py")
        // Half a minute of its life is left for those who have it in hand, so this one is good for a second.
        try await Self.behave(endpoint, #"{"expires_in":31}"#)
        let gateway = try await Self.gateway(Self.oauth(endpoint, ", client_authentication: post"), [endpoint])
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"
        var seen: [String] = []
        for _ in 0..<400 where Set(seen).count < 3 {
            let answer = try await alice.get(url)
            #expect(answer.status == 200)
            seen.append(Self.seen("authorization", answer) ?? "none")
        }
        #expect(seen == seen.sorted() && Set(seen) == ["Bearer token-1", "Bearer token-2", "Bearer token-3"])
        let asked = try await Self.asked(endpoint)
        let form = asked.first?["form"] as? [String: String]
        #expect(form?["client_id"] == "gate way" && form?["client_secret"] == Self.secret)
        #expect(asked.allSatisfy { $0["authorization"] is NSNull })
    }

    @Test("an endpoint that gives no token makes calls 502 with a reason, and calls run again once it does")
    func failures() async throws {
        let endpoint = try await PythonServer("token_endpoint.py")
        let gateway = try await Self.gateway(Self.oauth(endpoint), [endpoint])
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"
        let modes = ["refuses", "fails", "garbage", "empty", "mac", "redirects", "hangs-up"]
        for mode in modes {
            try await Self.behave(endpoint, #"{"mode":"\#(mode)"}"#)
            let answer = try await alice.get(url)
            #expect(answer.status == 502, "\(mode): \(answer)")
            #expect(answer.headers["content-type"] == "application/problem+json", "\(mode)")
            #expect(answer.member("rule") as? String == "upstream-credential", "\(mode): \(answer)")
            #expect((answer.member("detail") as? String)?.contains("token endpoint") == true, "\(mode): \(answer)")
        }
        #expect(try await Self.asked(endpoint).allSatisfy { $0["path"] as? String == "/token" })
        try await Self.behave(endpoint, #"{"mode":"good"}"#)
        #expect(try await alice.get(url).status == 200)

        #expect(try await gateway.stop() == 0)
        let outcomes = try await gateway.outcomes()
        #expect(outcomes.map(\.kind).sorted() == modes.map { _ in "interrupted" } + ["succeeded"])
        let entries = try await gateway.command("audit", "export", "--config", "sallyport.yaml").output
        let basic = Data("gate%20way:s3cret%2Bof%2Fthe%3Dclient".utf8).base64EncodedString()
        let said = try gateway.process.output
        for leak in [Self.secret, basic, "token-"] {
            #expect(!entries.contains(leak) && !said.contains(leak), "\(leak)")
        }
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("an endpoint that stops in the middle of its answer makes the call a 502 with a reason, and is asked again")
    func stops() async throws {
        let endpoint = try await PythonServer("token_endpoint.py")
        let gateway = try await Self.gateway(Self.oauth(endpoint), [endpoint])
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"
        try await Self.behave(endpoint, #"{"mode":"stops"}"#)
        let answer = try await alice.get(url)
        #expect(answer.status == 502 && answer.member("rule") as? String == "upstream-credential", "\(answer)")
        #expect((answer.member("detail") as? String)?.contains("did not answer in time") == true, "\(answer)")
        // No number that it says is a fault of the gateway's.
        for number in ["9223372036854775807", "-9223372036854775808", "99999999999999999999", "0.5"] {
            try await Self.behave(endpoint, #"{"mode":"good","expires_in":\#(number)}"#)
            try await gateway.kill()
            try await gateway.start()
            let answer = try await alice.get(url)
            #expect(answer.status == 200, "\(number): \(answer)")
        }
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.auditFault() == nil)
    }

    @Test("a Google service account's key gets ID tokens for the target, in the field that is asked for")
    func google() async throws {
        let keys = FileManager.default.temporaryDirectory.appendingPathComponent("keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: keys, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: keys) }
        let openssl = try Tools.system("openssl")
        for arguments in [
            ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"],
            ["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"],
        ] {
            #expect(try await RunningProcess.run(openssl, arguments, in: keys).status == 0)
        }
        let endpoint = try await PythonServer(
            "token_endpoint.py", ["--public-key", keys.appendingPathComponent("public.pem").path])
        let account = [
            "type": "service_account", "client_email": "gate@project.iam.example",
            "private_key": try String(contentsOf: keys.appendingPathComponent("key.pem"), encoding: .utf8),
            "token_uri": "\(endpoint.url)/token",
        ]
        let file = keys.appendingPathComponent("account.json")
        try JSONSerialization.data(withJSONObject: account).write(to: file)
        chmod(file.path, 0o600)
        let gateway = try await Self.gateway(
            "type: google, key: \"file:\(file.path)\", audience: \"https://fn.example\", field: X-Serverless-Authorization",
            [endpoint])
        let alice = Curl(token: try await gateway.issuer.token(for: "alice"))
        let url = "\(gateway.url)/payments/echo"
        var tokens = Set<String>()
        for _ in 0..<3 {
            let answer = try await alice.get(url)
            #expect(answer.status == 200, "\(answer)")
            tokens.insert(Self.seen("x-serverless-authorization", answer) ?? "none")
            #expect(Self.seen("authorization", answer) == nil)
        }
        let asked = try await Self.asked(endpoint)
        #expect(asked.count == 1)
        // The function echoes the token that it got; on the way back each of its bytes is erased.
        let issued = try #require(asked.first?["id_token"] as? String)
        #expect(tokens == ["Bearer " + String(repeating: "*", count: issued.utf8.count)])
        let form = try #require(asked.first?["form"] as? [String: Any])
        #expect(form["grant_type"] as? String == "urn:ietf:params:oauth:grant-type:jwt-bearer")
        let assertion = try #require(form["assertion"] as? [String: Any])
        #expect(assertion["is_signed"] as? Bool == true)
        #expect(assertion["iss"] as? String == "gate@project.iam.example")
        #expect(assertion["aud"] as? String == "\(endpoint.url)/token")
        #expect(assertion["target_audience"] as? String == "https://fn.example")
        #expect((assertion["exp"] as? Int ?? 0) - (assertion["iat"] as? Int ?? 0) == 3600)

        // A token that is about to end is not used; where the next one cannot be had, nothing is sent.
        try await gateway.kill()
        try await Self.behave(endpoint, #"{"expires_in":10}"#)
        try await gateway.start()
        for _ in 0..<2 { #expect(try await alice.get(url).status == 200) }
        #expect(try await Self.asked(endpoint).count == 3)
        try await Self.behave(endpoint, #"{"mode":"refuses"}"#)
        let refused = try await alice.get(url)
        #expect(refused.status == 502 && refused.member("rule") as? String == "upstream-credential", "\(refused)")
    }
}
