import Crypto
import Foundation
import Identifiers
import Identity
import StrictJSON

/// An OpenID provider in memory: real keys, real tokens, real discovery documents, and no socket.
public final class KitIssuer: DocumentFetcher {
    public static let url = "https://issuer.kit.example"
    public static let audience = "kit"

    private let key = P256.Signing.PrivateKey()
    /// What somebody signs with who is not the issuer.
    private let strangersKey = P256.Signing.PrivateKey()
    private let now: @Sendable () -> Timestamp

    init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    public func fetch(_ url: String) async throws -> FetchedDocument {
        let document: JSONValue
        if url == "\(Self.url)/keys" {
            let point = key.publicKey.rawRepresentation
            document = [
                "keys": [
                    [
                        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "kit",
                        "x": .string(Self.base64URL(point.prefix(32))), "y": .string(Self.base64URL(point.suffix(32))),
                    ]
                ]
            ]
        } else {
            document = [
                "issuer": .string(Self.url), "jwks_uri": .string("\(Self.url)/keys"),
                "id_token_signing_alg_values_supported": ["ES256"],
            ]
        }
        return FetchedDocument(bytes: document.canonicalBytes, maximumAge: .seconds(3600))
    }

    /// A token as the issuer signs it for `person`.
    public func token(for person: KitPerson) throws -> String { try token(person, signedWith: key) }

    /// A token that says all the right things, signed by somebody else.
    public func forgedToken(for person: KitPerson) throws -> String { try token(person, signedWith: strangersKey) }

    private func token(_ person: KitPerson, signedWith key: P256.Signing.PrivateKey) throws -> String {
        let seconds = Int64(now().milliseconds / 1000)
        let header: JSONValue = ["alg": "ES256", "kid": "kit", "typ": "JWT"]
        let claims: JSONValue = [
            "iss": .string(Self.url), "sub": .string(person.name), "aud": .string(Self.audience),
            "email": .string("\(person.name)@kit.example"), "iat": .number(String(seconds)),
            "exp": .number(String(seconds + 3600)), "groups": .array(person.groups.map { .string($0) }),
        ]
        let signed = "\(Self.base64URL(header.canonicalBytes)).\(Self.base64URL(claims.canonicalBytes))"
        let signature = try key.signature(for: Data(signed.utf8)).rawRepresentation
        return "\(signed).\(Self.base64URL(signature))"
    }

    /// RFC 4648 section 5, without padding.
    private static func base64URL(_ bytes: some Sequence<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}

/// Somebody whom the kit's issuer knows.
public struct KitPerson: Sendable, Hashable {
    public let name: String
    public let groups: [String]

    public init(_ name: String, groups: [String]) {
        self.name = name
        self.groups = groups
    }

    /// Whom the kit's policies let call.
    public static let caller = KitPerson("casey", groups: ["kit-callers"])
    /// Who decides what `caller` asks for.
    public static let approver = KitPerson("alex", groups: ["kit-approvers"])
    /// Signed in, and in no group that any policy names.
    public static let outsider = KitPerson("oscar", groups: [])
}
