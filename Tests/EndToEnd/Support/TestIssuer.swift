import Foundation

/// An OpenID provider that a test signs people in at.
protocol TestIssuer: Sendable {
    var url: String { get }
    var clientID: String { get }
    /// An ID token for `user` (alice: payments, bob: approver, carol: auditor), obtained as a person would.
    func token(for user: String) async throws -> String
}

/// The embedded provider of the gateway (`sallyport issuer`), shared by the suites that are not about identity.
final class EmbeddedIssuer: TestIssuer {
    let url: String
    let clientID = "sallyport-cli"
    private let process: RunningProcess

    /// - Parameter lifetime: Of its tokens, in seconds; below zero for such as have ended when they are issued.
    init(lifetime: Int = 3600) async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        process = try RunningProcess(
            try Tools.sallyport, ["issuer", "--port", String(port), "--lifetime=\(lifetime)"])
        try await Tools.waitForPort(port, of: process)
    }

    /// The device flow (RFC 8628) with the person's part done by `curl`.
    func token(for user: String) async throws -> String {
        let curl = Curl()
        let metadata = try await curl.get("\(url)/.well-known/openid-configuration")
        guard let device = metadata.member("device_authorization_endpoint") as? String,
            let tokens = metadata.member("token_endpoint") as? String
        else { throw TestFailure("no discovery document at \(url): \(metadata)") }
        let started = try await curl.send([device, "-d", "client_id=\(clientID)&scope=openid email groups"])
        guard let userCode = started.member("user_code") as? String,
            let deviceCode = started.member("device_code") as? String,
            let page = started.member("verification_uri") as? String
        else { throw TestFailure("no device code: \(started)") }
        let approved = try await curl.send([
            page, "--data-urlencode", "user_code=\(userCode)", "-d", "username=\(user)&decision=approve",
        ])
        guard approved.status == 200 else { throw TestFailure("the device page said \(approved)") }
        for _ in 0..<20 {
            let answer = try await curl.send([
                tokens, "-d", "client_id=\(clientID)&device_code=\(deviceCode)", "--data-urlencode",
                "grant_type=urn:ietf:params:oauth:grant-type:device_code",
            ])
            if let token = answer.member("id_token") as? String { return token }
            try await Task.sleep(for: .milliseconds(500))
        }
        throw TestFailure("no token for \(user)")
    }
}

/// Google's functions-framework with the functions of `Tests/EndToEnd/Fixtures/functions.py`.
final class FunctionsRuntime: Sendable {
    let url: String
    let process: RunningProcess

    init(environment: [String: String] = [:]) async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        let source = Tools.fixture("functions.py")
        process = try RunningProcess(
            try Tools.python("functions-framework"),
            ["--target", "handle", "--source", source, "--host", "127.0.0.1", "--port", String(port)],
            environment: environment)
        try await Tools.waitForPort(port, of: process)
    }
}
