import Foundation
import Identifiers
import Identity
import StrictJSON

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

extension IssuerTokenEndpoint.Grant {
    /// When the ID token ends; soon, where it does not say.
    var expiresAt: Timestamp { IDTokenClaims(idToken).expiresAt ?? Timestamp.now.adding(.seconds(300)) }
}
