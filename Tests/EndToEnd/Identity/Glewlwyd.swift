import Foundation

/// Glewlwyd, Debian's OpenID provider: alice is in the group payments, dave in none.
final class Glewlwyd: TestIssuer {
    let url: String
    let clientID = "sallyport"
    private let base: String
    private let folder: URL
    private let process: RunningProcess

    init() async throws {
        let port = try Tools.freePort()
        base = "http://127.0.0.1:\(port)"
        url = "\(base)/api/op"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("glewlwyd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = try RunningProcess(
            try Tools.python(), [Tools.fixture("glewlwyd_provider.py"), String(port), folder.path])
        try await process.says("ready")
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Signs in with the gateway's own `login`, whose device code `user` confirms.
    func token(for user: String) async throws -> String {
        try await signIn(user, home: folder.appendingPathComponent("home-\(user)")).token
    }

    /// - Returns: The token, and all that `sallyport login` said.
    func signIn(_ user: String, home: URL) async throws -> (token: String, said: String) {
        let login = try RunningProcess(
            try Tools.sallyport,
            ["login", "--issuer", url, "--client-id", clientID, "--scopes", "openid", "--print-token"],
            environment: ["SALLYPORT_HOME": home.path])
        try await login.says("and confirm the code")
        let words = login.output.split(whereSeparator: \.isWhitespace)
        guard let place = words.lastIndex(of: "code"), place + 1 < words.count else {
            throw TestFailure("no user code: \(login.output)")
        }
        try await confirm(String(words[place + 1]), as: user)
        guard try await login.exit() == 0 else { throw TestFailure("login: \(login.output)") }
        guard let token = login.output.split(whereSeparator: \.isWhitespace).last(where: { $0.hasPrefix("eyJ") })
        else { throw TestFailure("no token: \(login.output)") }
        return (String(token), login.output)
    }

    /// What a person does in a browser: sign in, let the client have the scope, confirm the code.
    private func confirm(_ userCode: String, as user: String) async throws {
        let jar = folder.appendingPathComponent("cookies-\(UUID().uuidString)").path
        let browser = Curl(options: ["-c", jar, "-b", jar])
        for (method, path, body) in [
            ("POST", "/api/auth/", #"{"username":"\#(user)","password":"password"}"#),
            ("PUT", "/api/auth/grant/\(clientID)", #"{"scope":"openid"}"#),
        ] {
            let answer = try await browser.post("\(base)\(path)", json: body, "-X", method)
            guard answer.status == 200 else { throw TestFailure("\(path): \(answer)") }
        }
        let confirmed = try await browser.get("\(base)/api/op/device?code=\(userCode)&g_continue")
        guard confirmed.headers["location"]?.contains("deviceComplete") == true else {
            throw TestFailure("the code was not confirmed: \(confirmed)")
        }
    }
}
