import GatewayCore
import Hummingbird
import Identity
import Markup

/// Signing in with a browser, by an issuer or with a token that one has already.
struct SignInPages: Sendable {
    let backend: any ConsoleBackend
    let browser: Browser
    let codeSignIn: CodeSignIn?

    var routes: [Route] {
        var routes = [
            Route(.get, "/sign-in", for: .person, page),
            Route(.post, "/sign-in", for: .person, takeToken),
            Route(.post, "/sign-out", for: .person, signOut),
        ]
        if let codeSignIn {
            routes.append(Route(.get, "/sign-in/issuer", for: .person, codeSignIn.begin))
            routes.append(
                Route(.get, "/sign-in/callback", for: .person) { exchange in
                    let (token, path) = try await codeSignIn.finish(exchange)
                    let caller = try await backend.signIn(token, from: exchange.client)
                    return browser.beginAfterIssuer(browser.sessions.begin(caller), at: path)
                })
        }
        return routes
    }

    private func page(_ exchange: Exchange) async throws -> Response {
        .page(form(ReturnPath(try exchange.query("return_to")["return_to"]), fault: nil))
    }

    private func takeToken(_ exchange: Exchange) async throws -> Response {
        // Else another site could sign a person in as somebody else and have them decide in that name.
        try browser.requireOwnOrigin(exchange)
        _ = try exchange.query()
        let fields = try await exchange.formBody()
        let path = ReturnPath(fields["return_to"])
        let pasted = (fields["token"] ?? "").filter { !$0.isWhitespace }
        do {
            guard !pasted.isEmpty else { throw SignInError.missing }
            let caller = try await backend.signIn(pasted, from: exchange.client)
            return browser.begin(browser.sessions.begin(caller), at: path)
        } catch let error as SignInError {
            let problem = Problem(error) ?? .unexpected
            return .page(form(path, fault: problem), status: problem.status)
        }
    }

    private func signOut(_ exchange: Exchange) async throws -> Response {
        _ = try exchange.query()
        guard let session = browser.session(of: exchange) else { return browser.end(exchange) }
        _ = try await browser.form(exchange, session)
        return browser.end(exchange)
    }

    private func form(_ path: ReturnPath, fault: Problem?) -> HTML {
        let warning: HTML = fault.map { #"<p class="warning">\#($0.detail) \#($0.nextStep)</p>"# } ?? ""
        let issuers: [HTML] = (codeSignIn?.issuers ?? []).enumerated().map { number, issuer in
            """
            <p><a href="/sign-in/issuer?number=\(number)&amp;return_to=\(path.path)">Sign in with \(issuer.name)</a></p>

            """
        }
        return PageFrame.page(
            "Sign in", session: nil,
            """
            \(warning)\(issuers)
            <form method="post" action="/sign-in">
            <input type="hidden" name="return_to" value="\(path.path)">
            <p><label>A token, as <code>sallyport login --print-token</code> shows it:<br>
            <input type="password" name="token" autocomplete="off" required></label></p>
            <p><button>Sign in with this token</button></p>
            </form>
            """)
    }
}
