import AsyncHTTPClient
import Foundation
import Identity
import NIOCore
import StrictJSON

/// Posts a form to a token endpoint (RFC 6749 section 3.2).
enum TokenEndpoint {
    /// Lives as long as the process. It follows no redirects: a secret goes where the configuration says and nowhere
    /// else.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))

    /// - Parameters:
    ///   - authorization: The value of `Authorization`, where the client authenticates so.
    ///   - limit: For the whole answer, its body's last byte included.
    /// - Throws: `CredentialError`
    static func post(
        _ url: String, _ form: [(name: String, value: String)], authorization: String? = nil,
        within limit: Duration = .seconds(10)
    ) async throws -> JSONValue {
        guard url.hasPrefix("https://") || isLoopback(url) else {
            throw CredentialError(reason: "The token endpoint \(url) is neither https nor on this machine.")
        }
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
        request.headers.add(name: "Accept", value: "application/json")
        if let authorization { request.headers.add(name: "Authorization", value: authorization) }
        let body = form.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
        request.body = .bytes(ByteBuffer(string: body))
        let answer: WholeAnswer
        do {
            answer = try await client.wholeAnswer(to: request, upTo: 1 << 20, within: limit)
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw CredentialError(reason: "The token endpoint \(url) did not answer in time.")
        } catch {
            throw CredentialError(reason: "The token endpoint \(url) cannot be reached (\(error)).")
        }
        let json = try? JSONValue(parsing: Array(answer.body.readableBytesView))
        guard answer.status == 200, let json else {
            // Only the error's name: what else stands there could be the secret that was sent.
            let name = json?["error"]?.string.map { " (\($0.prefix(64)))" } ?? ""
            throw CredentialError(
                reason: "The token endpoint \(url) answered with status \(answer.status)\(name).")
        }
        return json
    }

    private static func isLoopback(_ url: String) -> Bool {
        guard let parsed = URL(string: url), parsed.scheme == "http", let host = parsed.host else { return false }
        return host == "localhost" || host == "::1" || host == "127.0.0.1"
    }

    /// Everything but the unreserved characters of RFC 3986.
    static func encode(_ text: String) -> String {
        var unreserved = CharacterSet.alphanumerics.intersection(CharacterSet(charactersIn: "\u{0}"..."\u{7f}"))
        unreserved.insert(charactersIn: "-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }
}

/// OAuth 2.0 client credentials (RFC 6749 section 4.4).
struct ClientCredentialsRequest: Sendable {
    let tokenURL: String
    let clientID: String
    let secret: CredentialSecret
    let scope: String?
    let audience: String?
    let sendsSecretInForm: Bool

    func fetch() async throws -> IssuedToken {
        var form = [(name: "grant_type", value: "client_credentials")]
        if let scope { form.append(("scope", scope)) }
        if let audience { form.append(("audience", audience)) }
        var authorization: String?
        if sendsSecretInForm {
            form += [("client_id", clientID), ("client_secret", secret.current)]
        } else {
            // RFC 6749 section 2.3.1: each part is form-encoded before it goes into Basic.
            authorization =
                "Basic "
                + BasicCredential.encode(
                    user: TokenEndpoint.encode(clientID), password: TokenEndpoint.encode(secret.current))
        }
        let answer = try await TokenEndpoint.post(tokenURL, form, authorization: authorization)
        guard let token = answer["access_token"]?.string, !token.isEmpty,
            answer["token_type"]?.string?.lowercased() == "bearer"
        else { throw CredentialError(reason: "The token endpoint \(tokenURL) gave no bearer token.") }
        return IssuedToken(text: token, seconds: answer["expires_in"]?.integer ?? 300)
    }
}
