import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import StrictJSON

/// An OpenID Connect provider for one's own machine: demonstrations, development and tests need no server to install.
///
/// Real in its protocol (discovery, key set, device flow, authorization code with PKCE, refresh tokens), not in its
/// security: nobody needs a password. It listens on loopback alone and says so loudly.
public struct LocalIssuer: Service {
    /// The issuer's URL, as its tokens say it.
    public let url: String
    private let port: Int
    private let users: [LocalUser]
    private let keys = SigningKeys()
    private let grants = Grants()
    private let tokenLifetime: Int
    private let logger: Logger

    /// - Parameters:
    ///   - port: On 127.0.0.1.
    ///   - tokenLifetime: In seconds.
    public init(port: Int, users: [LocalUser] = LocalUser.demo, tokenLifetime: Int = 3600, logger: Logger) {
        self.url = "http://127.0.0.1:\(port)"
        self.port = port
        self.users = users
        self.tokenLifetime = tokenLifetime
        self.logger = logger
    }

    public func run() async throws {
        logger.warning(
            "the local issuer signs in ANYBODY on this machine as ANYBODY, without a password: never use it for real",
            metadata: ["issuer": "\(url)", "users": "\(users.map(\.name).joined(separator: ", "))"])
        try await Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port), serverName: nil),
            logger: logger
        ).run()
    }

    /// Signs with a new key from now on; `keepingOld` false withdraws the old ones at once.
    public func rotateKeys(keepingOld: Bool) { keys.rotate(keepingOld: keepingOld) }

    /// An ID token for `user`, as if they had just signed in at the client.
    public func mint(user: LocalUser, clientID: String, nonce: String? = nil) async throws -> String {
        let now = Int64(Date().timeIntervalSince1970)
        var claims = [
            JSONMember("iss", .string(url)), JSONMember("sub", .string("local|\(user.name)")),
            JSONMember("aud", .string(clientID)), JSONMember("iat", .number(String(now))),
            JSONMember("exp", .number(String(now + Int64(tokenLifetime)))), JSONMember("email", .string(user.email)),
            JSONMember("email_verified", true), JSONMember("name", .string(user.name)),
            JSONMember("preferred_username", .string(user.name)),
            JSONMember("groups", .array(user.groups.map { .string($0) })),
        ]
        if let nonce { claims.append(JSONMember("nonce", .string(nonce))) }
        return try await keys.sign(.object(claims))
    }

    // MARK: Routes

    private var router: Router<BasicRequestContext> {
        let router = Router()
        router.get(".well-known/openid-configuration") { _, _ in Self.json(discovery, cacheFor: 300) }
        router.get("jwks") { _, _ in Self.json(keys.published, cacheFor: 60) }
        router.post("device_authorization") { request, _ in try await deviceAuthorization(Form(request)) }
        router.get("device") { request, _ in
            let code = request.uri.queryParameters["user_code"].map { String($0) } ?? ""
            return Self.html(Pages.device(userCode: code, users: users))
        }
        router.post("device") { request, _ in try await answerDevice(Form(request)) }
        router.get("authorize") { request, _ in authorizePage(Form(query: request.uri.query ?? "")) }
        router.post("authorize") { request, _ in try await authorize(Form(request)) }
        router.post("token") { request, _ in try await token(Form(request)) }
        router.get("userinfo") { _, _ in
            Self.error("invalid_token", "ask the ID token; it holds everything", status: .unauthorized)
        }
        return router
    }

    private var discovery: JSONValue {
        [
            "issuer": .string(url), "jwks_uri": .string("\(url)/jwks"),
            "authorization_endpoint": .string("\(url)/authorize"), "token_endpoint": .string("\(url)/token"),
            "device_authorization_endpoint": .string("\(url)/device_authorization"),
            "userinfo_endpoint": .string("\(url)/userinfo"), "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ["none"],
            "scopes_supported": ["openid", "email", "groups"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
            ],
        ]
    }

    private func deviceAuthorization(_ form: Form) -> Response {
        guard let clientID = form["client_id"] else { return Self.error("invalid_request", "client_id is missing") }
        guard let device = grants.openDevice(clientID: clientID) else {
            return Self.error("temporarily_unavailable", "too many requests are open", status: .serviceUnavailable)
        }
        return Self.json([
            "device_code": .string(device.deviceCode), "user_code": .string(device.userCode),
            "verification_uri": .string("\(url)/device"),
            "verification_uri_complete": .string("\(url)/device?user_code=\(device.userCode)"), "expires_in": 600,
            "interval": .number(String(Grants.interval)),
        ])
    }

    private func answerDevice(_ form: Form) -> Response {
        guard let user = users.first(where: { $0.name == form["username"] }), let code = form["user_code"] else {
            return Self.html(
                Pages.message("Not signed in", "There is no such user, or no code was given."), .badRequest)
        }
        let isApproval = form["decision"] == "approve"
        guard grants.answerDevice(userCode: code, isApproval ? .approved(user) : .denied) else {
            return Self.html(
                Pages.message("Not signed in", "There is no open request with this code; it may have expired."),
                .badRequest)
        }
        let text = isApproval ? "You are signed in as \(user.name); go back to the program." : "You refused."
        return Self.html(Pages.message("Done", text))
    }

    private func authorizePage(_ form: Form) -> Response {
        let names = ["client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"]
        if let problem = Self.problem(withAuthorization: form) {
            return Self.html(Pages.message("Not signed in", problem), .badRequest)
        }
        let hidden = names.compactMap { name in form[name].map { (name, $0) } }
        return Self.html(Pages.authorize(clientID: form["client_id"] ?? "", hidden: hidden, users: users))
    }

    private func authorize(_ form: Form) -> Response {
        if let problem = Self.problem(withAuthorization: form) {
            return Self.html(Pages.message("Not signed in", problem), .badRequest)
        }
        guard let user = users.first(where: { $0.name == form["username"] }), let clientID = form["client_id"],
            let redirect = form["redirect_uri"], let challenge = form["code_challenge"],
            var location = URLComponents(string: redirect)
        else { return Self.html(Pages.message("Not signed in", "There is no such user."), .badRequest) }
        let code = grants.openCode(
            Grants.Code(
                clientID: clientID, redirectURI: redirect, challenge: challenge, nonce: form["nonce"], user: user,
                expiresAt: Date(timeIntervalSinceNow: 60)))
        location.queryItems = (location.queryItems ?? []) + [URLQueryItem(name: "code", value: code)]
        if let state = form["state"] { location.queryItems?.append(URLQueryItem(name: "state", value: state)) }
        return Response(status: .found, headers: [.location: location.string ?? redirect, .cacheControl: "no-store"])
    }

    /// Codes go to this machine alone: with open redirects the page would send them anywhere.
    private static func problem(withAuthorization form: Form) -> String? {
        guard form["client_id"] != nil else { return "client_id is missing." }
        guard form["code_challenge"] != nil, form["code_challenge_method"] == "S256" else {
            return "A PKCE challenge with the method S256 is required."
        }
        guard let redirect = form["redirect_uri"].flatMap(URL.init(string:)), redirect.scheme == "http",
            let host = redirect.host, host == "127.0.0.1" || host == "localhost" || host == "::1"
        else { return "redirect_uri must lead to this machine, as http://127.0.0.1:PORT/…" }
        return nil
    }

    private func token(_ form: Form) async throws -> Response {
        guard let clientID = form["client_id"] else { return Self.error("invalid_client", "client_id is missing") }
        switch form["grant_type"] {
        case "urn:ietf:params:oauth:grant-type:device_code":
            switch grants.pollDevice(form["device_code"] ?? "", clientID: clientID) {
            case .pending: return Self.error("authorization_pending", "the person has not answered yet")
            case .slowDown: return Self.error("slow_down", "ask less often")
            case .denied: return Self.error("access_denied", "the person refused")
            case .expired: return Self.error("expired_token", "the code has expired")
            case .unknown: return Self.error("invalid_grant", "there is no such device code")
            case .approved(let user): return try await tokens(for: user, clientID: clientID, nonce: nil)
            }
        case "authorization_code":
            guard
                let code = grants.redeemCode(
                    form["code"] ?? "", clientID: clientID, redirectURI: form["redirect_uri"] ?? "",
                    verifier: form["code_verifier"] ?? "")
            else { return Self.error("invalid_grant", "the code is unknown, used, expired or not for this verifier") }
            return try await tokens(for: code.user, clientID: clientID, nonce: code.nonce)
        case "refresh_token":
            guard let user = grants.redeemRefresh(form["refresh_token"] ?? "", clientID: clientID) else {
                return Self.error("invalid_grant", "the refresh token is unknown, used or expired")
            }
            return try await tokens(for: user, clientID: clientID, nonce: nil)
        default: return Self.error("unsupported_grant_type", "this grant type is not supported")
        }
    }

    private func tokens(for user: LocalUser, clientID: String, nonce: String?) async throws -> Response {
        let token = try await mint(user: user, clientID: clientID, nonce: nonce)
        return Self.json([
            "access_token": .string(token), "id_token": .string(token), "token_type": "Bearer",
            "expires_in": .number(String(tokenLifetime)), "scope": "openid email groups",
            "refresh_token": .string(grants.openRefresh(clientID: clientID, user: user)),
        ])
    }

    // MARK: Answers

    private static func json(
        _ value: JSONValue, status: HTTPResponse.Status = .ok, cacheFor seconds: Int? = nil
    ) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "application/json", .cacheControl: seconds.map { "max-age=\($0)" } ?? "no-store",
            ], body: .init(byteBuffer: ByteBuffer(bytes: value.canonicalBytes)))
    }

    /// RFC 6749 section 5.2.
    private static func error(
        _ code: String, _ description: String, status: HTTPResponse.Status = .badRequest
    ) -> Response {
        json(["error": .string(code), "error_description": .string(description)], status: status)
    }

    private static func html(_ text: String, _ status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy:
                    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'",
            ], body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}

/// The fields of a form or a query; a name that stands twice is as good as absent.
private struct Form: Sendable {
    private let fields: [String: String]

    init(_ request: Request) async throws {
        let body = try await request.body.collect(upTo: 65_536)
        self.init(query: String(buffer: body))
    }

    init(query: String) {
        var fields: [String: String] = [:]
        var repeated: Set<String> = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = parts.count == 2 ? Self.decode(parts[1]) : "" else {
                continue
            }
            if fields.updateValue(value, forKey: name) != nil { repeated.insert(name) }
        }
        for name in repeated { fields[name] = nil }
        self.fields = fields
    }

    subscript(name: String) -> String? {
        guard let value = fields[name], !value.isEmpty else { return nil }
        return value
    }

    private static func decode(_ text: Substring) -> String? {
        text.replacingOccurrences(of: "+", with: " ").removingPercentEncoding
    }
}
