import NIOCore
import StrictJSON

/// The SASL mechanism OAUTHBEARER (RFC 7628), as PostgreSQL 18 speaks it.
enum OAuthBearer {
    static let mechanism = "OAUTHBEARER"

    /// Where a client gets a token.
    struct Metadata: Sendable {
        let issuer: String
        let scope: String

        /// RFC 7628, section 3.2.2.
        var json: [UInt8] {
            JSONValue.object([
                JSONMember("status", .string("invalid_token")),
                JSONMember("openid-configuration", .string("\(issuer)/.well-known/openid-configuration")),
                JSONMember("scope", .string(scope)),
            ]).canonicalBytes
        }
    }

    enum InitialResponse: Equatable {
        case token(String)
        /// An empty one: the client wants to know where to get it.
        case none
    }

    /// Reads a SASLInitialResponse: `n,,^Aauth=Bearer TOKEN^A^A`.
    static func token(inInitialResponse payload: ByteBuffer) throws(ProtocolViolation) -> InitialResponse {
        var reader = MessageReader(payload, of: "SASLInitialResponse")
        guard try reader.string() == mechanism else {
            throw ProtocolViolation("client selected an invalid SASL authentication mechanism")
        }
        guard let response = try reader.value(),
            let text = String(validating: response.readableBytesView, as: UTF8.self)
        else { throw ProtocolViolation("OAUTHBEARER: no initial response") }
        try reader.end()
        // The GS2 header: no channel binding, no authorization identity.
        guard text.hasPrefix("n,,\u{1}") || text.hasPrefix("y,,\u{1}"), text.hasSuffix("\u{1}\u{1}") else {
            throw ProtocolViolation("OAUTHBEARER: malformed message")
        }
        var authorization: Substring?
        for pair in text.dropFirst(4).dropLast(2).split(separator: "\u{1}", omittingEmptySubsequences: true) {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ProtocolViolation("OAUTHBEARER: malformed message")
            }
            guard pair[..<equals] == "auth" else { continue }
            guard authorization == nil else { throw ProtocolViolation("OAUTHBEARER: more than one authorization") }
            authorization = pair[pair.index(after: equals)...]
        }
        guard let authorization else { throw ProtocolViolation("OAUTHBEARER: no authorization") }
        if authorization.isEmpty { return .none }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw ProtocolViolation("OAUTHBEARER: the authorization is no bearer token")
        }
        return .token(String(parts[1].drop { $0 == " " }))
    }
}
