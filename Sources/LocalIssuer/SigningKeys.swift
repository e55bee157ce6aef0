import Crypto
import Foundation
import StrictJSON
import Synchronization

/// The issuer's signing keys: the newest signs, older ones stay published until they are withdrawn.
final class SigningKeys: Sendable {
    private struct Key {
        let id: String
        let signing: P256.Signing.PrivateKey
    }

    private let keys: Mutex<[Key]>

    init() { keys = Mutex([Self.make(1)]) }

    /// Makes a new key and signs with it from now on; `keepingOld` false withdraws the others at once.
    func rotate(keepingOld: Bool) {
        keys.withLock { keys in
            let new = Self.make(keys.count + 1)
            keys = keepingOld ? keys + [new] : [new]
        }
    }

    private static func make(_ number: Int) -> Key {
        let key = P256.Signing.PrivateKey()
        let digest = SHA256.hash(data: key.publicKey.rawRepresentation)
        return Key(id: "local-\(digest.prefix(4).map { String($0, radix: 16) }.joined())-\(number)", signing: key)
    }

    /// The JSON Web Key Set (RFC 7517).
    var published: JSONValue {
        let published = keys.withLock { keys in
            keys.map { key -> JSONValue in
                let point = key.signing.publicKey.rawRepresentation
                return [
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": .string(key.id),
                    "x": .string(Self.base64URL(point.prefix(32))), "y": .string(Self.base64URL(point.suffix(32))),
                ]
            }
        }
        return ["keys": .array(published)]
    }

    /// Signs `claims` into a token in compact form.
    func sign(_ claims: JSONValue, type: String = "JWT") async throws -> String {
        guard let key = keys.withLock({ $0.last }) else { throw NoSigningKey() }
        let header: JSONValue = ["alg": "ES256", "kid": .string(key.id), "typ": .string(type)]
        let signed = "\(Self.base64URL(header.canonicalBytes)).\(Self.base64URL(claims.canonicalBytes))"
        let signature = try key.signing.signature(for: Data(signed.utf8))
        return "\(signed).\(Self.base64URL(signature.rawRepresentation))"
    }

    static func base64URL(_ bytes: some DataProtocol) -> String {
        Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }
}

private struct NoSigningKey: Error {}
