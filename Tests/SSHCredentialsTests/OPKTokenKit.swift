import Crypto
import Foundation

@testable import SSHCredentials

/// Makes PK tokens as `opkssh login` does, and ones that it would not make.
struct OPKTokenKit {
    enum UserKey {
        case p256(P256.Signing.PrivateKey)
        case ed25519(Curve25519.Signing.PrivateKey)

        var algorithm: String {
            switch self {
            case .p256: "ES256"
            case .ed25519: "EdDSA"
            }
        }

        func publicKey() throws -> SSHVerificationKey {
            switch self {
            case .ed25519(let key): return try CertificateForge.key(key.publicKey)
            case .p256(let key):
                var writer = SSHWireWriter()
                writer.text("ecdsa-sha2-nistp256")
                writer.text("nistp256")
                writer.string(Array(key.publicKey.x963Representation))
                return try SSHVerificationKey(blob: writer.bytes)
            }
        }

        var jwk: String {
            switch self {
            case .p256(let key):
                let point = Array(key.publicKey.x963Representation)
                let (x, y) = (Base64URLText.encode(Array(point[1..<33])), Base64URLText.encode(Array(point[33...])))
                return #"{"alg":"ES256","crv":"P-256","kty":"EC","x":"\#(x)","y":"\#(y)"}"#
            case .ed25519(let key):
                let x = Base64URLText.encode(Array(key.publicKey.rawRepresentation))
                return #"{"alg":"EdDSA","crv":"Ed25519","kty":"OKP","x":"\#(x)"}"#
            }
        }

        func sign(_ message: [UInt8]) throws -> [UInt8] {
            switch self {
            case .p256(let key): Array(try key.signature(for: message).rawRepresentation)
            case .ed25519(let key): Array(try key.signature(for: message))
            }
        }
    }

    var user = UserKey.p256(P256.Signing.PrivateKey())
    var providerHeader = #"{"alg":"RS256","kid":"1","typ":"JWT"}"#
    /// Where they are not those of `user`.
    var clientHeader: String?
    /// Where it is not the digest of the client's header.
    var nonceMember: String?
    /// Where somebody else signs.
    var signer: UserKey?
    var order = ["provider", "client"]
    var ending = ""

    var clientHeaderJSON: String {
        clientHeader ?? #"{"alg":"\#(user.algorithm)","rz":"0a1b2c","typ":"CIC","upk":\#(user.jwk)}"#
    }

    var payload: String {
        let digest = Base64URLText.encode(Array(SHA3_256.hash(data: Array(clientHeaderJSON.utf8))))
        let nonce = nonceMember ?? #","nonce":"\#(digest)""#
        return Self.encode(#"{"iss":"https://idp.example","sub":"anna"\#(nonce)}"#)
    }

    static func encode(_ text: String) -> String { Base64URLText.encode(Array(text.utf8)) }

    /// What the provider sent: header, payload and a signature that nothing here looks at.
    var idToken: String { "\(Self.encode(providerHeader)).\(payload).\(Self.encode("provider's"))" }

    func compact() throws -> String {
        var parts = [payload]
        for name in order {
            switch name {
            case "provider": parts += [Self.encode(providerHeader), Self.encode("provider's")]
            case "cosigner": parts += [Self.encode(#"{"alg":"ES256","typ":"COS"}"#), Self.encode("cosigner's")]
            default:
                let header = Self.encode(clientHeaderJSON)
                let signature = try (signer ?? user).sign(Array("\(header).\(payload)".utf8))
                parts += [header, Base64URLText.encode(signature)]
            }
        }
        return parts.joined(separator: ":") + ending
    }

    func read() throws -> OPKToken { try OPKToken(compact: try compact(), certifiedKey: try user.publicKey()) }
}
