import Crypto
import Foundation
import Hummingbird
import Identity
import Logging

/// Signing in with the browser of this machine: the authorization code comes back to a port of loopback (RFC 8252
/// section 7.3), bound to this process by PKCE (RFC 7636) and `state`.
struct BrowserSignIn {
    let endpoint: IssuerTokenEndpoint
    let metadata: IssuerMetadata
    let scopes: [String]
    /// Where the browser comes back to; 0 for any free port.
    let port: Int

    private static let patience = Duration.seconds(300)

    func run() async throws -> IssuerTokenEndpoint.Grant {
        guard let authorize = metadata.authorizationEndpoint else {
            throw CommandFailure(
                "\(metadata.issuer) has no authorization endpoint; `sallyport login` uses the device flow",
                status: .unavailable)
        }
        let request = AuthorizationRequest()
        let (redirect, query) = try await answer(to: request, at: authorize)
        if let code = query["error"] {
            throw CommandFailure(
                "the issuer refused (\(Terminal.plain(code))): \(Terminal.plain(query["error_description"] ?? "no reason given"))",
                status: .refused)
        }
        // RFC 9207: where the issuer says who it is, it must be the one that was asked.
        if let issuer = query["iss"], issuer != metadata.issuer {
            throw CommandFailure("the answer came from \(Terminal.plain(issuer)), another issuer", status: .refused)
        }
        let answer = try await endpoint.ask(
            "authorization_code",
            [("code", query["code"] ?? ""), ("redirect_uri", redirect), ("code_verifier", request.verifier)])
        switch answer {
        case .refused(let code, let text):
            throw CommandFailure(
                "the issuer refused (\(Terminal.plain(code))): \(Terminal.plain(text ?? "no reason given"))",
                status: .refused)
        case .granted(let grant):
            guard IDTokenClaims(grant.idToken).nonce == request.nonce else {
                throw CommandFailure("the ID token is not the answer to this sign-in (nonce)", status: .refused)
            }
            return grant
        }
    }

    /// Shows the page and waits for the browser to come back.
    private func answer(
        to request: AuthorizationRequest, at authorize: String
    ) async throws -> (redirect: String, query: [String: String]) {
        let (ports, portFound) = AsyncStream.makeStream(of: Int.self)
        let (answers, answered) = AsyncStream.makeStream(of: [String: String].self)
        let router = Router()
        router.get("callback") { incoming, _ in
            let query = Dictionary(
                incoming.uri.queryParameters.map { (String($0.key), String($0.value)) }, uniquingKeysWith: { a, _ in a }
            )
            // Whatever else finds the port (another page, a port scan) does not know the state.
            guard query["state"] == request.state else { return Self.page("This is not the answer to this sign-in.") }
            answered.yield(query)
            return Self.page("You are signed in; go back to the terminal.")
        }
        var logger = Logger(label: "sallyport.login")
        // That the server is ended while the browser still holds its connection is no news.
        logger.logLevel = .critical
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
            onServerRunning: { channel in portFound.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        return try await withThrowingTaskGroup(of: (redirect: String, query: [String: String])?.self) { group in
            defer { group.cancelAll() }
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                throw CommandFailure("nobody signed in; run `sallyport login --browser` again", status: .refused)
            }
            group.addTask {
                for await port in ports {
                    let redirect = "http://127.0.0.1:\(port)/callback"
                    Self.show(
                        request.url(authorize, clientID: endpoint.clientID, redirect: redirect, scopes: scopes))
                    for await query in answers {
                        // The page has to reach the browser before the server goes away.
                        try await Task.sleep(for: .milliseconds(200))
                        return (redirect, query)
                    }
                }
                return nil
            }
            while let found = try await group.next() { if let found { return found } }
            throw CommandFailure("the sign-in was interrupted", status: .refused)
        }
    }

    private static func page(_ text: String) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: "<!doctype html><title>Sallyport</title><p>\(text)</p>\n")))
    }

    private static func show(_ url: String) {
        Terminal.note("Open  \(url)")
        // Best effort: where no browser can be started, the person has the URL.
        for program in ["/usr/bin/open", "/usr/bin/xdg-open"]
        where FileManager.default.isExecutableFile(atPath: program) {
            let browser = Process()
            browser.executableURL = URL(fileURLWithPath: program)
            browser.arguments = [url]
            browser.standardOutput = FileHandle.nullDevice
            browser.standardError = FileHandle.nullDevice
            try? browser.run()
            return
        }
    }
}

/// The unguessable parts of one authorization request.
struct AuthorizationRequest: Sendable {
    let state = Self.random()
    let nonce = Self.random()
    let verifier = Self.random()

    /// RFC 7636 section 4.2, S256.
    var challenge: String { Self.base64URL(Data(SHA256.hash(data: Data(verifier.utf8)))) }

    func url(_ authorize: String, clientID: String, redirect: String, scopes: [String]) -> String {
        let form = HTTPFormPoster.encode([
            ("response_type", "code"), ("client_id", clientID), ("redirect_uri", redirect),
            ("scope", scopes.joined(separator: " ")), ("state", state), ("nonce", nonce),
            ("code_challenge", challenge), ("code_challenge_method", "S256"),
        ])
        return authorize + (authorize.contains("?") ? "&" : "?") + form
    }

    private static func random() -> String {
        base64URL(SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) })
    }

    private static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
