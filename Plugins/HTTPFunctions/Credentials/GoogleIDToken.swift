import Foundation
import JWTKit
import NIOCore
import StrictJSON

/// An ID token of a Google service account, which Cloud Run and Cloud Functions ask for: the account's key signs an
/// assertion (RFC 7523), Google's token endpoint answers with a token for the audience.
struct GoogleIDTokenRequest: Sendable {
    let key: CredentialSecret
    let audience: String

    private struct Assertion: JWTPayload {
        let iss: String
        let sub: String
        let aud: String
        let targetAudience: String
        let iat: Int
        let exp: Int

        private enum CodingKeys: String, CodingKey {
            case iss, sub, aud, iat, exp
            case targetAudience = "target_audience"
        }

        func verify(using algorithm: some JWTAlgorithm) {}
    }

    func fetch() async throws -> IssuedToken {
        guard let account = try? JSONValue(parsing: key.current), let email = account["client_email"]?.string,
            let pem = account["private_key"]?.string, let endpoint = account["token_uri"]?.string
        else {
            throw CredentialError(
                reason: "The service account's key is not Google's JSON with client_email, private_key and token_uri.")
        }
        let now = Int(Date().timeIntervalSince1970)
        let assertion = Assertion(
            iss: email, sub: email, aud: endpoint, targetAudience: audience, iat: now, exp: now + 3600)
        let keys = JWTKeyCollection()
        let signed: String
        do {
            await keys.add(rsa: try Insecure.RSA.PrivateKey(pem: pem), digestAlgorithm: .sha256)
            var header = JWTHeader()
            header.typ = "JWT"
            signed = try await keys.sign(assertion, header: header)
        } catch {
            throw CredentialError(reason: "The service account's private key cannot sign.")
        }
        let answer = try await TokenEndpoint.post(
            endpoint,
            [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", signed)])
        guard let token = answer["id_token"]?.string, !token.isEmpty else {
            throw CredentialError(reason: "The token endpoint \(endpoint) gave no ID token.")
        }
        return IssuedToken(text: token, seconds: Self.lifetime(of: token, now: Int64(now)))
    }

    /// Seconds until `exp`; a minute when the token does not tell.
    static func lifetime(of token: String, now: Int64) -> Int64 {
        let parts = token.split(separator: ".")
        guard parts.count == 3 else { return 60 }
        var text = parts[1].replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: text), let claims = try? JSONValue(parsing: Array(data)),
            let end = claims["exp"]?.integer
        else { return 60 }
        // Times before 1970 are none, and would overflow.
        return max(0, max(0, end) - now)
    }
}
