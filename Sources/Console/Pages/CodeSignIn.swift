import AsyncHTTPClient
import Crypto
import Foundation
import GatewayCore
import HTTPTypes
import Hummingbird
import Identifiers
import Identity
import StrictJSON
import Synchronization

/// Signing in at an issuer with a browser: authorization code with PKCE (RFC 6749 section 4.1, RFC 7636, OpenID Connect
/// Core 1.0 section 3.1).
///
/// The ID token that comes back is verified by the gateway's authenticator like any other; this only fetches it, and
/// makes sure that it was asked for by this very browser (`state`, bound to a cookie) and for this sign-in (`nonce`).
final class CodeSignIn: Sendable {
    /// How long a person may take at the issuer.
    static let patience: Duration = .seconds(600)
    static let most = 10_000
    static let largestAnswer = 1 << 20

    private struct Attempt {
        let issuer: Int
        let verifier: String
        let nonce: String
        let browser: String
        let path: ReturnPath
        let expiresAt: Timestamp
    }

    let issuers: [ConsoleOptions.Issuer]
    private let redirectURL: String
    private let isEncrypted: Bool
    private let now: @Sendable () -> Timestamp
    private let attempts = Mutex<[String: Attempt]>([:])

    init(
        _ issuers: [ConsoleOptions.Issuer], url: String, isEncrypted: Bool, now: @escaping @Sendable () -> Timestamp
    ) {
        self.issuers = issuers
        redirectURL = "\(url)/sign-in/callback"
        self.isEncrypted = isEncrypted
        self.now = now
    }

    /// Sends the browser to the issuer.
    func begin(_ exchange: Exchange) async throws -> Response {
        let query = try exchange.query("number", "return_to")
        guard let number = try query.number("number", in: 0...max(0, issuers.count - 1)),
            issuers.indices.contains(number)
        else { throw Problem.badRequest("The issuer is not named.", next: "Begin at /sign-in.") }
        let issuer = issuers[number]
        let endpoint = try await metadata(issuer).authorizationEndpoint
        guard let endpoint, var url = URLComponents(string: endpoint) else {
            throw Self.unusable(issuer, "no endpoint")
        }
        let state = WebSessions.random()
        let attempt = Attempt(
            issuer: number, verifier: WebSessions.random(), nonce: WebSessions.random(), browser: WebSessions.random(),
            path: ReturnPath(query["return_to"]), expiresAt: now().adding(Self.patience))
        remember(attempt, as: state)
        url.percentEncodedQuery = Self.encode(
            [
                ("response_type", "code"), ("client_id", issuer.clientID), ("redirect_uri", redirectURL),
                ("scope", issuer.scopes.joined(separator: " ")), ("state", state), ("nonce", attempt.nonce),
                ("code_challenge", Data(SHA256.hash(data: Data(attempt.verifier.utf8))).base64URL),
                ("code_challenge_method", "S256"),
            ], after: url.percentEncodedQuery)
        guard let location = url.string else { throw Self.unusable(issuer, "no endpoint") }
        return .seeOther(location, headers: [.setCookie: cookie(attempt.browser, seconds: 600)])
    }

    /// Takes what the issuer sent the browser back with.
    ///
    /// - Returns: An ID token, not verified yet, and where the person wanted to go.
    func finish(_ exchange: Exchange) async throws -> (token: String, path: ReturnPath) {
        let query = exchange.anyQuery
        guard let state = query["state"], let attempt = attempts.withLock({ $0.removeValue(forKey: state) }),
            now() < attempt.expiresAt, exchange.cookie(cookieName) == attempt.browser
        else {
            throw Problem(
                .badRequest, "sign-in-unknown", "This sign-in was not begun in this browser, or took too long.",
                next: "Begin again at /sign-in.")
        }
        let issuer = issuers[attempt.issuer]
        // RFC 9207: the answer of another issuer must not be taken for this one's.
        if let named = query["iss"], named != issuer.issuer { throw Self.unusable(issuer, "another issuer answered") }
        guard let code = query["code"] else {
            throw Problem(
                .forbidden, "sign-in-refused",
                "\(issuer.name) did not sign you in: \((query["error_description"] ?? query["error"] ?? "no code").prefix(200)).",
                next: "Begin again at /sign-in, or ask the issuer's administrators.")
        }
        let token = try await redeem(code, attempt.verifier, at: issuer)
        guard Self.nonce(of: token) == attempt.nonce else {
            throw Self.unusable(issuer, "its token is of another sign-in")
        }
        return (token, attempt.path)
    }

    private func redeem(_ code: String, _ verifier: String, at issuer: ConsoleOptions.Issuer) async throws -> String {
        guard let endpoint = try await metadata(issuer).tokenEndpoint, HTTPDocumentFetcher.isAcceptable(endpoint) else {
            throw Self.unusable(issuer, "its token endpoint is missing or not encrypted")
        }
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURL),
            ("client_id", issuer.clientID), ("code_verifier", verifier),
        ]
        var request = HTTPClientRequest(url: endpoint)
        request.method = .POST
        request.headers.add(name: "Accept", value: "application/json")
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        if let secret = try issuer.clientSecret?() { form.append(("client_secret", secret)) }
        request.body = .bytes(Array(Self.encode(form, after: nil).utf8))
        let whole: WholeAnswer
        do {
            whole = try await issuer.client.wholeAnswer(to: request, upTo: Self.largestAnswer, within: .seconds(10))
        } catch {
            throw Self.unusable(issuer, "it cannot be reached")
        }
        let answer = try? JSONValue(parsing: Array(whole.body.readableBytesView), maximumDepth: 32)
        guard whole.status == 200, let token = answer?["id_token"]?.string else {
            throw Self.unusable(
                issuer, "it gave no ID token (\(answer?["error"]?.string?.prefix(100) ?? "status \(whole.status)"))")
        }
        return token
    }

    private func metadata(_ issuer: ConsoleOptions.Issuer) async throws -> IssuerMetadata {
        do {
            return try await IssuerMetadata.fetch(issuer.issuer, through: issuer.fetcher)
        } catch {
            throw Self.unusable(issuer, "it cannot be reached")
        }
    }

    private func remember(_ attempt: Attempt, as state: String) {
        let time = now()
        attempts.withLock { attempts in
            if attempts.count >= Self.most { attempts = attempts.filter { $0.value.expiresAt > time } }
            if attempts.count >= Self.most, let oldest = attempts.min(by: { $0.value.expiresAt < $1.value.expiresAt }) {
                attempts[oldest.key] = nil
            }
            attempts[state] = attempt
        }
    }

    private var cookieName: String { isEncrypted ? "__Host-sallyport-sign-in" : "sallyport-sign-in" }

    /// Lax, since the browser comes back from another site.
    private func cookie(_ value: String, seconds: Int) -> String {
        "\(cookieName)=\(value); Path=/; HttpOnly; SameSite=Lax; Max-Age=\(seconds)\(isEncrypted ? "; Secure" : "")"
    }

    private static func nonce(of token: String) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var payload = String(parts[1].replacing("-", with: "+").replacing("_", with: "/"))
        payload += String(repeating: "=", count: (4 - payload.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: payload) else { return nil }
        return (try? JSONValue(parsing: [UInt8](data), maximumDepth: 32))?["nonce"]?.string
    }

    private static func unusable(_ issuer: ConsoleOptions.Issuer, _ why: String) -> Problem {
        Problem(
            .badGateway, "issuer-unusable", "Signing in with \(issuer.name) did not work: \(why).",
            next: "Begin again at /sign-in; if it lasts, tell the gateway's operators.")
    }

    /// RFC 3986 unreserved characters stay, all others are escaped.
    private static func encode(_ fields: [(String, String)], after query: String?) -> String {
        var allowed = CharacterSet()
        allowed.insert(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        let encoded = fields.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")"
        }
        return ((query.map { [$0] } ?? []) + encoded).joined(separator: "&")
    }
}
