import Foundation

/// `oidc-provider-mock`: a provider that puts any claims into a token, as other providers would.
final class MockProvider: TestIssuer {
    let url: String
    let clientID = "sallyport"
    private let process: RunningProcess

    /// - Parameter users: The claims of each user as a JSON object, `sub` among them.
    init(users: [String]) async throws {
        let port = try Tools.freePort()
        url = "http://127.0.0.1:\(port)"
        process = try RunningProcess(
            try Tools.python("oidc-provider-mock"),
            ["--port", String(port)] + users.flatMap { ["--user-claims", $0] })
        try await Tools.waitForPort(port, of: process)
    }

    /// The authorization code flow, with the form that a person would fill in.
    func token(for user: String) async throws -> String {
        let redirect = "http://127.0.0.1/callback"
        let curl = Curl()
        let chosen = try await curl.send([
            "\(url)/oauth2/authorize?response_type=code&client_id=\(clientID)&scope=openid+email+profile"
                + "&state=s&redirect_uri=\(redirect)",
            "-d", "sub=\(user)",
        ])
        let location = chosen.headers["location"].flatMap { URLComponents(string: $0) }
        guard let code = location?.queryItems?.first(where: { $0.name == "code" })?.value else {
            throw TestFailure("no code: \(chosen)")
        }
        let answer = try await curl.send([
            "\(url)/oauth2/token", "-d", "grant_type=authorization_code", "-d", "code=\(code)", "-d",
            "client_id=\(clientID)", "-d", "client_secret=any", "--data-urlencode", "redirect_uri=\(redirect)",
        ])
        guard let token = answer.member("id_token") as? String else { throw TestFailure("no token: \(answer)") }
        return token
    }
}
