import Foundation
import Testing

/// `sallyport login`, and what the commands after it do when the token that it got is about to expire.
@Suite("Signing in by command, end to end", .serialized)
struct LoginTests {
    private static func credentials(_ gateway: TestGateway) throws -> [String: Any] {
        let data = try Data(contentsOf: gateway.folder.appendingPathComponent("credentials.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// Signs `user` in as a person would: the command shows a code, the browser confirms it.
    private static func login(_ gateway: TestGateway, as user: String) async throws {
        let command = try RunningProcess(
            try Tools.sallyport,
            ["login", "--config", "sallyport.yaml", "--console", gateway.consoleURL, "--gateway", gateway.url],
            in: gateway.folder, environment: ["SALLYPORT_HOME": gateway.folder.path])
        try await command.says("confirm the code")
        let code = try #require(command.output.firstMatch(of: /user_code=([A-Z]{4}-[A-Z]{4})/)?.1)
        let confirmed = try await Curl().send([
            "\(gateway.issuer.url)/device", "--data-urlencode", "user_code=\(code)", "-d",
            "username=\(user)&decision=approve",
        ])
        #expect(confirmed.status == 200)
        #expect(try await command.exit() == 0, "\(command.output)")
    }

    @Test("a token that is about to expire is renewed by its refresh token, once for each, and nobody notices")
    func renewal() async throws {
        let functions = try await FunctionsRuntime()
        var options = TestGateway.Options(
            targets: """
                  - {name: payments, kind: http, prefix: /payments, url: "\(functions.url)"}
                """)
        options.upstreams = [functions]
        // Below the half minute before its end from which on a token is renewed.
        let gateway = try await TestGateway(options, issuer: try await EmbeddedIssuer(lifetime: 20))
        try await Self.login(gateway, as: "alice")
        let path = gateway.folder.appendingPathComponent("credentials.json").path
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        var refresh = Set([try #require(Self.credentials(gateway)["refresh_token"] as? String)])
        for use in 2...3 {
            let called = try await gateway.command("call", "payments/customer")
            #expect(called.status == 0 && called.output.contains("*******8741"), "\(called.errors)")
            refresh.insert(try #require(Self.credentials(gateway)["refresh_token"] as? String))
            #expect(refresh.count == use, "the issuer rotates refresh tokens, and the new one was not kept")
        }

        // Used up, it gets nobody in: the command says what to do, and asks the gateway nothing.
        var stale = try Self.credentials(gateway)
        stale["refresh_token"] = "used-before"
        try JSONSerialization.data(withJSONObject: stale).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o600)
        let refused = try await gateway.command("call", "payments/customer")
        #expect(refused.status == 77 && refused.errors.contains("sallyport login"), "\(refused)")

        try await Self.login(gateway, as: "alice")
        #expect(try await gateway.command("call", "payments/customer").status == 0)
        #expect(try await gateway.command("logout").status == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(try await gateway.command("call", "payments/customer").status == 77)
        #expect(try await gateway.stop() == 0)
        #expect(try await gateway.outcomes().count == 3)
    }
}
