import GatewayCore
import HTTPTypes
import Hummingbird
import Identifiers

/// What the pages know of a browser: its cookie, and where its forms come from.
struct Browser: Sendable {
    let sessions: WebSessions
    /// The origins of our own pages, e.g. `https://gate.example`.
    let origins: Set<String>
    let isEncrypted: Bool

    /// `__Host-` keeps other hosts of the domain, and plain HTTP, from setting it (RFC 6265bis section 4.1.3.2).
    private var cookieName: String { isEncrypted ? "__Host-sallyport" : "sallyport" }

    func session(of exchange: Exchange) -> WebSession? { secret(of: exchange).flatMap(sessions.find) }

    /// The session, or the way to the page where one signs in.
    func requiredSession(of exchange: Exchange, for path: String) throws -> WebSession {
        guard let session = session(of: exchange) else { throw SignInNeeded(path: path) }
        return session
    }

    func begin(_ session: String, at path: ReturnPath) -> Response {
        .seeOther(path.path, headers: [.setCookie: cookie(session, seconds: nil)])
    }

    /// Begins a session when the browser comes back from an issuer. It would not send a strict cookie along a redirect
    /// that another site began, so our own page is what leads on.
    func beginAfterIssuer(_ session: String, at path: ReturnPath) -> Response {
        var headers: HTTPFields = [.setCookie: cookie(session, seconds: nil)]
        if let refresh = HTTPField.Name("Refresh") { headers[refresh] = "0; url=\(path.path)" }
        return .page(
            PageFrame.page("Signed in", session: nil, #"<p><a href="\#(path.path)">Continue</a></p>"#), headers: headers
        )
    }

    func end(_ exchange: Exchange) -> Response {
        if let secret = secret(of: exchange) { sessions.end(secret) }
        return .seeOther("/", headers: [.setCookie: cookie("", seconds: 0)])
    }

    /// Refuses a form that does not come from a page of ours. Browsers send `Origin` with every POST.
    func requireOwnOrigin(_ exchange: Exchange) throws {
        let sent = exchange.request.headers[values: .origin]
        guard sent.count == 1, let origin = sent.first, origins.contains(origin.lowercased()) else {
            throw Problem(
                .forbidden, "foreign-origin", "The form was not sent by a page of this console.",
                next: "Open the console at \(origins.sorted().first ?? "its address") and try again there.")
        }
        if let site = HTTPField.Name("Sec-Fetch-Site").flatMap({ exchange.request.headers[$0] }), site != "same-origin"
        {
            throw Problem(
                .forbidden, "foreign-origin", "The form was sent from another site.",
                next: "Open the console itself and try again there.")
        }
    }

    /// The fields of a form of a person who is signed in, once it is certain that it is our own form.
    func form(_ exchange: Exchange, _ session: WebSession) async throws -> FormFields {
        try requireOwnOrigin(exchange)
        let fields = try await exchange.formBody()
        guard session.isOwnForm(fields["csrf"]) else {
            throw Problem(
                .forbidden, "form-expired", "The form is not of this session.", next: "Load the page again and repeat.")
        }
        return fields
    }

    private func cookie(_ value: String, seconds: Int?) -> String {
        let age = seconds.map { "; Max-Age=\($0)" } ?? ""
        return "\(cookieName)=\(value); Path=/; HttpOnly; SameSite=Strict\(isEncrypted ? "; Secure" : "")\(age)"
    }

    private func secret(of exchange: Exchange) -> String? { exchange.cookie(cookieName) }
}

/// Thrown by pages that only people who are signed in may see.
struct SignInNeeded: Error {
    /// Where to go on afterwards.
    let path: String
}

extension HTTPField.Name {
    static var origin: Self { Self("Origin") ?? .referer }
}
