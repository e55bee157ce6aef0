import JWTKit
import StrictJSON

import enum Crypto.P256
import enum Crypto.P384
import enum Crypto.P521

/// One public key of an issuer's set (RFC 7517), ready to verify with each algorithm that fits it.
struct VerificationKey: Sendable {
    let keyID: String?
    /// By algorithm: one for EC and Ed25519 keys, up to six for RSA keys.
    private let verifiers: [SigningAlgorithm: any JWTAlgorithm]
    /// What makes it this key: equal members, equal key.
    let identity: JSONValue

    /// Reads one member of `keys`; `nil` for a key that is not for verifying signatures, or of a type or size that is
    /// not accepted: a set may hold such keys beside ours.
    init?(_ key: JSONValue) async {
        guard let type = key["kty"]?.string else { return nil }
        if let use = key["use"]?.string, use != "sig" { return nil }
        if let operations = key["key_ops"]?.array, !operations.contains("verify") { return nil }
        let declared = key["alg"]?.string
        var verifiers: [SigningAlgorithm: any JWTAlgorithm] = [:]
        for algorithm in SigningAlgorithm.allCases where declared == nil || declared == algorithm.rawValue {
            let keys = JWTKeyCollection()
            do {
                switch (type, algorithm) {
                case ("RSA", .rs256): await keys.add(rsa: try Self.rsa(key), digestAlgorithm: .sha256)
                case ("RSA", .rs384): await keys.add(rsa: try Self.rsa(key), digestAlgorithm: .sha384)
                case ("RSA", .rs512): await keys.add(rsa: try Self.rsa(key), digestAlgorithm: .sha512)
                case ("RSA", .ps256): await keys.add(pss: try Self.rsa(key), digestAlgorithm: .sha256)
                case ("RSA", .ps384): await keys.add(pss: try Self.rsa(key), digestAlgorithm: .sha384)
                case ("RSA", .ps512): await keys.add(pss: try Self.rsa(key), digestAlgorithm: .sha512)
                case ("EC", .es256) where key["crv"] == "P-256":
                    await keys.add(ecdsa: try ECDSA.PublicKey<P256>(parameters: Self.point(key)))
                case ("EC", .es384) where key["crv"] == "P-384":
                    await keys.add(ecdsa: try ECDSA.PublicKey<P384>(parameters: Self.point(key)))
                case ("EC", .es512) where key["crv"] == "P-521":
                    await keys.add(ecdsa: try ECDSA.PublicKey<P521>(parameters: Self.point(key)))
                case ("OKP", .edDSA) where key["crv"] == "Ed25519":
                    await keys.add(eddsa: try EdDSA.PublicKey(x: Self.member("x", of: key), curve: .ed25519))
                default: continue
                }
                verifiers[algorithm] = try await keys.getKey()
            } catch {
                return nil
            }
        }
        guard !verifiers.isEmpty else { return nil }
        self.keyID = key["kid"]?.string
        self.verifiers = verifiers
        self.identity = key
    }

    func fits(_ algorithm: SigningAlgorithm) -> Bool { verifiers[algorithm] != nil }

    /// Whether `signature` is this key's over `bytes`.
    func verifies(_ signature: [UInt8], over bytes: [UInt8], with algorithm: SigningAlgorithm) -> Bool {
        guard let verifier = verifiers[algorithm] else { return false }
        return (try? verifier.verify(signature, signs: bytes)) ?? false
    }

    private struct MissingMember: Error {}

    private static func member(_ name: String, of key: JSONValue) throws -> String {
        guard let value = key[name]?.string else { throw MissingMember() }
        return value
    }

    private static func rsa(_ key: JSONValue) throws -> Insecure.RSA.PublicKey {
        try Insecure.RSA.PublicKey(modulus: member("n", of: key), exponent: member("e", of: key))
    }

    private static func point(_ key: JSONValue) throws -> ECDSAParameters {
        (x: try member("x", of: key), y: try member("y", of: key))
    }
}
