import Crypto
import Foundation

/// The client instance claims (CIC) of OpenPubkey: the header of the user's signature, to whose digest the identity
/// provider's nonce commits.
struct ClientInstanceClaims: Sendable {
    /// `ES256` or `EdDSA`.
    let algorithm: String
    /// What makes the digest unpredictable (`rz`).
    let randomness: String
    /// The user's key (`upk`).
    let key: SSHVerificationKey
    /// The header as it was sent, with whatever further claims.
    let json: [UInt8]

    /// OpenPubkey digests the header's JSON with its members sorted and no space between, which is also how its
    /// clients send it. So the bytes as sent are digested here: a header in any other form does not match its nonce.
    var commitment: String {
        Base64URLText.encode(Array(SHA3_256.hash(data: json)))
    }

    init(json: [UInt8]) throws(OPKTokenError) {
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(json))
        } catch {
            throw .headerUnreadable(of: "the client")
        }
        guard header.typ == "CIC", !header.rz.isEmpty else { throw .headerUnreadable(of: "the client") }
        guard header.alg == "ES256" || header.alg == "EdDSA" else { throw .algorithmRefused(header.alg) }
        guard header.upk.alg == header.alg else { throw .userKeyUnusable("its algorithm is not that of the signature") }
        key = try header.upk.publicKey()
        (algorithm, randomness, self.json) = (header.alg, header.rz, json)
    }

    /// Whether the signature in JOSE's form (RFC 7518, section 3.4; RFC 8037, section 3.1) is the user's.
    func isValid(signature: [UInt8], over message: [UInt8]) -> Bool {
        switch key.material {
        case .p256(let key):
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: message)
        case .ed25519(let key):
            return signature.count == 64 && key.isValidSignature(signature, for: message)
        default:
            return false
        }
    }
}

private struct Header: Decodable {
    let typ: String
    let alg: String
    let rz: String
    let upk: UserKey

    private enum CodingKeys: String, CodingKey {
        case typ, alg, rz, upk
        case critical = "crit"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        // RFC 7515, section 4.1.11: extensions that must be understood, of which none is.
        guard !members.contains(.critical) else {
            throw DecodingError.dataCorruptedError(forKey: .critical, in: members, debugDescription: "not understood")
        }
        typ = try members.decode(String.self, forKey: .typ)
        alg = try members.decode(String.self, forKey: .alg)
        rz = try members.decode(String.self, forKey: .rz)
        upk = try members.decode(UserKey.self, forKey: .upk)
    }
}

/// A JSON Web Key (RFC 7517) of the two types that opkssh makes.
private struct UserKey: Decodable {
    let kty: String
    let crv: String
    let alg: String
    let x: String
    let y: String?

    func publicKey() throws(OPKTokenError) -> SSHVerificationKey {
        guard let x = Base64URLText.decode(x.utf8), x.count == 32 else { throw .userKeyUnusable("x is not 32 bytes") }
        var blob = SSHWireWriter()
        switch (kty, crv, alg) {
        case ("EC", "P-256", "ES256"):
            guard let y, let second = Base64URLText.decode(y.utf8), second.count == 32 else {
                throw .userKeyUnusable("y is not 32 bytes")
            }
            blob.text(SSHVerificationKey.Algorithm.p256.rawValue)
            blob.text("nistp256")
            blob.string([0x04] + x + second)
        case ("OKP", "Ed25519", "EdDSA"):
            blob.text(SSHVerificationKey.Algorithm.ed25519.rawValue)
            blob.string(x)
        default:
            throw .userKeyUnusable("a P-256 or an Ed25519 key is needed")
        }
        do {
            return try SSHVerificationKey(blob: blob.bytes)
        } catch {
            throw .userKeyUnusable("\(error)")
        }
    }
}
