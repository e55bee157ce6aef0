import Foundation

/// Canaille, an OpenID provider in Python: alice is in the group payments, bob in approver, dave in none.
final class Canaille: TestIssuer {
    let url: String
    let clientID = "sallyport"
    /// Where `sallyport login --browser` and the console are come back to; registered with their ports.
    let redirectPort: Int
    let consolePort: Int
    private let port: Int
    private let folder: URL
    private let process: Replaceable<RunningProcess>

    init() async throws {
        port = try Tools.freePort()
        redirectPort = try Tools.freePort()
        consolePort = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("canaille-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = Replaceable(nil)
        try await start(keys: ["first"])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// - Parameter keys: The first signs, the others are only published.
    func start(keys: [String]) async throws {
        let started = try RunningProcess(
            try Tools.python(),
            [
                Tools.fixture("canaille_provider.py"), String(port), folder.path, keys.joined(separator: ","),
                "http://127.0.0.1:\(redirectPort)/callback",
                "http://127.0.0.1:\(consolePort)/sign-in/callback",
            ])
        process.value = started
        try await started.says("ready", within: 300)
    }

    func stop() async throws { try await process.value?.stop() }

    func token(for user: String) async throws -> String {
        let login = try RunningProcess(
            try Tools.sallyport,
            [
                "login", "--browser", "--redirect-port", String(redirectPort), "--issuer", url, "--client-id", clientID,
                "--scopes", "openid email groups", "--print-token",
            ],
            environment: ["SALLYPORT_HOME": folder.appendingPathComponent("home-\(user)").path])
        try await login.says("code_challenge_method=S256")
        guard let page = login.output.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("http") })
        else { throw TestFailure("no page: \(login.output)") }
        let seen = try await Browser.walk(String(page), user: user)
        guard seen.contains("You are signed in"), try await login.exit() == 0,
            let token = login.output.split(whereSeparator: \.isWhitespace).last(where: { $0.hasPrefix("eyJ") })
        else { throw TestFailure("login: \(login.output)\nbrowser: \(seen)") }
        return String(token)
    }
}

/// A person's browser, which fills in sign-in pages.
enum Browser {
    /// - Returns: The last page with its status before it, or that of `then`, fetched after the sign-in.
    static func walk(_ url: String, user: String, then: String? = nil) async throws -> String {
        let walked = try await RunningProcess.run(
            try Tools.python(),
            [Tools.fixture("browser.py"), url, user, "correct horse battery"] + (then.map { [$0] } ?? []))
        guard walked.status == 0 else { throw TestFailure("browser: \(walked.errors)") }
        return walked.output
    }
}
