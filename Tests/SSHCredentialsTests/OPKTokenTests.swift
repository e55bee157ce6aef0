import Crypto
import Foundation
import KeygenWorkshop
import Testing

@testable import SSHCredentials

@Suite("PK tokens of opkssh")
struct OPKTokenTests {
    @Test("the digest of the client's claims is SHA3-256 in base64url")
    func digest() throws {
        // By Python's hashlib.
        let json =
            #"{"alg":"EdDSA","rz":"00","typ":"CIC","upk":{"alg":"EdDSA","crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        #expect(
            try ClientInstanceClaims(json: Array(json.utf8)).commitment == "HZITTLvlxJ3t29v5gWXT0dFe3MqXwef2Bureo6yefXQ"
        )
    }

    @Test("a token gives back the provider's id token as it was")
    func idToken() throws {
        for user in [OPKTokenKit().user, .ed25519(Curve25519.Signing.PrivateKey())] {
            var kit = OPKTokenKit()
            kit.user = user
            let token = try kit.read()
            #expect(token.idToken == kit.idToken)
            #expect(token.refreshedIDToken == nil)
            #expect(token.clientInstance.key == (try user.publicKey()))
            #expect(token.clientInstance.algorithm == user.algorithm)
            #expect(token.clientInstance.randomness == "0a1b2c")
            #expect(token.clientInstance.json == Array(kit.clientHeaderJSON.utf8))
        }
    }

    @Test("it is read out of a certificate that ssh-keygen made, signed by the certified key itself")
    func certificate() throws {
        let workshop = try KeygenWorkshop()
        let privateKey = P256.Signing.PrivateKey()
        try workshop.write(privateKey.pemRepresentation + "\n", to: "user")
        try workshop.write(try workshop.keygen(["-y", "-f", workshop.path("user")]), to: "user.pub")
        var kit = OPKTokenKit()
        kit.user = .p256(privateKey)
        let blob = try workshop.certify("user", by: "user", ["-O", "extension:openpubkey-pkt=\(try kit.compact())"])
        let certificate = try OpenSSHCertificate(blob: blob)
        _ = try certificate.acceptSelfSigned(address: nil, at: 9)
        #expect(try OPKToken(in: certificate).idToken == kit.idToken)
    }

    @Test("a certificate without a token, or with one for another key, is refused")
    func otherKey() throws {
        var forge = CertificateForge()
        #expect(throws: OPKTokenError.missing) { try OPKToken(in: try forge.certificate()) }
        let kit = OPKTokenKit()
        forge.extensions = CertificateForge.options([
            ("openpubkey-pkt", CertificateForge.string(try kit.compact()))
        ])
        let mismatch = OPKTokenError.keyMismatch(
            token: try kit.user.publicKey().fingerprint, certificate: try forge.userKey.fingerprint)
        #expect(throws: mismatch) { try OPKToken(in: try forge.certificate()) }
        forge.extensions = CertificateForge.options([("openpubkey-pkt", Array(try kit.compact().utf8))])
        #expect(throws: OPKTokenError.self) { try OPKToken(in: try forge.certificate()) }
    }

    @Test("the order of the signatures, a cosigner's, and a refreshed id token do no harm")
    func variants() throws {
        var kit = OPKTokenKit()
        kit.order = ["client", "cosigner", "provider"]
        kit.ending = "." + kit.idToken
        let token = try kit.read()
        #expect(token.idToken == kit.idToken)
        #expect(token.refreshedIDToken == kit.idToken)
    }

    @Test(
        "providers may leave out the type, or write it small",
        arguments: [#"{"alg":"RS256"}"#, #"{"alg":"ES256","typ":"jwt"}"#])
    func providerTypes(header: String) throws {
        var kit = OPKTokenKit()
        kit.providerHeader = header
        #expect(try kit.read().idToken == kit.idToken)
    }

    @Test(
        "provider headers of other kinds are refused",
        arguments: [
            (#"{"alg":"GQ256","typ":"JWT"}"#, .algorithmRefused("GQ256")),
            (#"{"alg":"RS256","typ":"at+jwt"}"#, .tokenTypeRefused("at+jwt")),
            (#"{"alg":"RS256","typ":"dpop+id_token"}"#, .tokenTypeRefused("dpop+id_token")),
            (#"{"typ":"JWT"}"#, .headerUnreadable(of: "a signature")),
            (#"["alg"]"#, .headerUnreadable(of: "a signature")), ("nonsense", .headerUnreadable(of: "a signature")),
        ] as [(String, OPKTokenError)])
    func refusedProviderHeaders(header: String, error: OPKTokenError) {
        var kit = OPKTokenKit()
        kit.providerHeader = header
        #expect(throws: error) { try kit.read() }
    }

    @Test(
        "an id token for another key, or for none, is refused",
        arguments: [
            ("", .nonceMissing), (#","nonce":null"#, .nonceMissing), (#","nonce":"""#, .nonceMismatch),
            (#","nonce":"HZITTLvlxJ3t29v5gWXT0dFe3MqXwef2Bureo6yefXQ""#, .nonceMismatch),
            (#","nonce":5"#, .malformed("its payload is not a JSON object with a nonce that is text")),
        ] as [(String, OPKTokenError)])
    func nonces(member: String, error: OPKTokenError) {
        var kit = OPKTokenKit()
        kit.nonceMember = member
        #expect(throws: error) { try kit.read() }
    }

    @Test("a signature by another key than the claimed one is refused")
    func otherSigner() {
        var kit = OPKTokenKit()
        kit.signer = .p256(P256.Signing.PrivateKey())
        #expect(throws: OPKTokenError.wrongSignature) { try kit.read() }
        kit.signer = .ed25519(Curve25519.Signing.PrivateKey())
        #expect(throws: OPKTokenError.wrongSignature) { try kit.read() }
    }

    @Test("signatures that are missing or stand twice are refused")
    func counts() {
        var kit = OPKTokenKit()
        for (order, error) in [
            (["provider"], .malformed("it has 3 parts, where a payload and pairs of header and signature stand")),
            (["provider", "cosigner"], .signatureMissing(by: "the client")),
            (["client", "cosigner"], .signatureMissing(by: "the identity provider")),
            (["provider", "provider", "client"], .signatureRepeated(by: "the identity provider")),
            (["client", "provider", "client"], .signatureRepeated(by: "the client")),
            (["cosigner", "provider", "cosigner", "client"], .signatureRepeated(by: "a cosigner")),
        ] as [([String], OPKTokenError)] {
            kit.order = order
            #expect(throws: error) { try kit.read() }
        }
    }

    @Test("client claims that bind no usable key are refused")
    func clientHeaders() throws {
        let kit = OPKTokenKit()
        let good = kit.clientHeaderJSON
        let other = Base64URLText.encode([UInt8](repeating: 1, count: 31))
        for (json, error) in [
            (good.replacing(#""typ":"CIC""#, with: #""crit":["x"],"typ":"CIC""#), .headerUnreadable(of: "the client")),
            (good.replacing(#""rz":"0a1b2c","#, with: ""), .headerUnreadable(of: "the client")),
            (good.replacing(#""rz":"0a1b2c""#, with: #""rz":"""#), .headerUnreadable(of: "the client")),
            (good.replacing(#"{"alg":"ES256","rz""#, with: #"{"alg":"none","rz""#), .algorithmRefused("none")),
            (good.replacing(#"{"alg":"ES256","rz""#, with: #"{"alg":"HS256","rz""#), .algorithmRefused("HS256")),
            (
                good.replacing(#"{"alg":"ES256","rz""#, with: #"{"alg":"EdDSA","rz""#),
                .userKeyUnusable("its algorithm is not that of the signature")
            ),
            (good.replacing("P-256", with: "P-384"), .userKeyUnusable("a P-256 or an Ed25519 key is needed")),
            (good.replacing(#""x":""#, with: #""x":"\#(other)","z":""#), .userKeyUnusable("x is not 32 bytes")),
            (good.replacing(#""y":""#, with: #""z":""#), .userKeyUnusable("y is not 32 bytes")),
        ] as [(String, OPKTokenError)] {
            try #require(json != good)
            var changed = kit
            changed.clientHeader = json
            #expect(throws: error) { try changed.read() }
        }
    }

    @Test("a header in another form than the nonce commits to is refused")
    func otherForm() throws {
        let kit = OPKTokenKit()
        var changed = kit
        changed.clientHeader = kit.clientHeaderJSON + " "
        let digest = Base64URLText.encode(Array(SHA3_256.hash(data: Array(kit.clientHeaderJSON.utf8))))
        changed.nonceMember = #","nonce":"\#(digest)""#
        #expect(throws: OPKTokenError.nonceMismatch) { try changed.read() }
    }

    @Test("a changed byte anywhere in what is signed or signs is refused or changes only the provider's part")
    func tampering() throws {
        let kit = OPKTokenKit()
        let compact = Array(try kit.compact().utf8)
        let key = try kit.user.publicKey()
        for index in compact.indices {
            var changed = compact
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            guard let token = try? OPKToken(compact: String(decoding: changed, as: UTF8.self), certifiedKey: key)
            else { continue }
            // The provider's header and signature are judged with its keys, elsewhere; they must not be as they were.
            #expect(token.idToken != kit.idToken, "byte \(index)")
            #expect(token.idToken.split(separator: ".")[1] == kit.payload, "byte \(index)")
        }
    }

    @Test(
        "texts that are no PK tokens are refused",
        arguments: [
            "", ":", "::::", "a:b:c:d", "a:b:c:d:e:f", "=:=:=:=:=", "e30:e30:e30:e30:e30", "e30:e30:e30:e30:e31",
        ])
    func nonsense(text: String) throws {
        let key = try OPKTokenKit().user.publicKey()
        #expect(throws: OPKTokenError.self) { try OPKToken(compact: text, certifiedKey: key) }
    }

    @Test(
        "what follows the dot must be an id token",
        arguments: [".", ".a", ".e30.e30", ".e30.e30.e30.e30", ".e30.!.e30"])
    func endings(ending: String) {
        var kit = OPKTokenKit()
        kit.ending = ending
        #expect(throws: OPKTokenError.malformed("what follows the dot is not an id token in three parts")) {
            try kit.read()
        }
    }

    @Test("a token of more than 64 KiB is not read")
    func large() throws {
        let key = try OPKTokenKit().user.publicKey()
        let text = String(repeating: "A", count: 65537)
        #expect(throws: OPKTokenError.tooLarge(bytes: 65537, limit: 65536)) {
            try OPKToken(compact: text, certifiedKey: key)
        }
    }
}
