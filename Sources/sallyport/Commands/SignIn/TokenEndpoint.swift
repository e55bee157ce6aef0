import AsyncHTTPClient
import Foundation
import Identifiers
import NIOCore
import StrictJSON

/// An issuer's token endpoint (RFC 6749 section 3.2), as a public client or with a secret.
struct TokenEndpoint {
    let url: String
    let clientID: String
    let clientSecret: String?
    let http: HTTPClient

    struct Grant {
        let idToken: String
        let refreshToken: String?
        let expiresAt: Timestamp
    }

    enum Answer {
        case granted(Grant)
        /// RFC 6749 section 5.2: the code, and what the issuer says about it.
        case refused(String, String?)
    }

    func ask(_ grantType: String, _ fields: [(String, String)]) async throws -> Answer {
        let answer = try await post(to: url, [("grant_type", grantType)] + fields)
        if let code = answer["error"]?.string { return .refused(code, answer["error_description"]?.string) }
        guard let token = answer["id_token"]?.string else {
            throw CommandFailure(
                "\(url) gave no ID token; the client \(clientID) needs the scope openid", status: .unavailable)
        }
        return .granted(
            Grant(
                idToken: token, refreshToken: answer["refresh_token"]?.string,
                expiresAt: IDTokenClaims(token).expiresAt ?? Timestamp.now.adding(.seconds(300))))
    }

    /// Posts a form with the client's identity; the answer may be an OAuth error.
    func post(to url: String, _ fields: [(String, String)]) async throws -> JSONValue {
        try CommandHTTP.requireSafe(url)
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Accept", value: "application/json")
        var fields = fields + [("client_id", clientID)]
        if let clientSecret { fields.append(("client_secret", clientSecret)) }
        request.body = .bytes(ByteBuffer(string: Self.form(fields)))
        let status: UInt
        let body: ByteBuffer
        do {
            let response = try await http.execute(request, timeout: .seconds(20))
            status = response.status.code
            body = try await response.body.collect(upTo: 1 << 20)
        } catch {
            throw CommandHTTP.unreachable("the issuer", url, error)
        }
        guard let answer = try? JSONValue(parsing: body.readableBytesView), status == 200 || answer["error"] != nil
        else { throw CommandFailure("\(url) answered with status \(status)", status: .unavailable) }
        return answer
    }

    static func form(_ fields: [(String, String)]) -> String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
        func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: plain) ?? "" }
        return fields.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
    }
}

/// What an ID token says, for showing and for the nonce. It is not verified here: it came straight from the issuer over
/// TLS (OpenID Connect Core section 3.1.3.7), and the gateway verifies it at each use.
struct IDTokenClaims {
    private let claims: JSONValue

    init(_ token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        var text = parts.count == 3 ? String(parts[1]).replacing("-", with: "+").replacing("_", with: "/") : ""
        while text.count % 4 != 0 { text += "=" }
        claims = Data(base64Encoded: text).flatMap { try? JSONValue(parsing: Array($0)) } ?? .null
    }

    var expiresAt: Timestamp? {
        claims["exp"]?.double.flatMap { $0 > 0 && $0 < 1e11 ? Timestamp(milliseconds: UInt64($0 * 1000)) : nil }
    }
    var nonce: String? { claims["nonce"]?.string }

    /// How a person would call themselves.
    var name: String {
        ["email", "preferred_username", "name", "sub"].lazy.compactMap { claims[$0]?.string }.first ?? "somebody"
    }
}
