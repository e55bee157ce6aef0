import Crypto
import Foundation
import StrictJSON
import Testing

@testable import Identity

@Suite("Tokens")
struct AuthenticatorTests {
    @Test("a good token makes its caller, identified by issuer and subject")
    func good() async throws {
        let issuer = MemoryIssuer()
        let caller = try await issuer.authenticator().authenticate(issuer.token())
        #expect(caller.issuer == MemoryIssuer.url && caller.subject == "u-1")
        #expect(caller.label == "alice@example.com")
        #expect(caller.groups == .known(["payments", "dba"]))
    }

    private static let past = JSONValue.number("1000000000")
    private static let future = JSONValue.number("4000000000")

    /// What is changed in a good token, and what must come of it.
    private static let attacks: [(String, header: [String: JSONValue], claims: [String: JSONValue], SignInError)] = [
        ("expired", [:], ["exp": past], .expired),
        ("not valid yet", [:], ["nbf": future], .notYetValid),
        ("issued in the future", [:], ["iat": future, "exp": .number("4000000600")], .notYetValid),
        ("for others", [:], ["aud": "another"], .wrongAudience),
        ("for nobody", [:], ["aud": .null], .malformed("it has no audience")),
        ("for several, of unknown party", [:], ["aud": ["sallyport", "x"]], .wrongParty),
        ("of another party", [:], ["azp": "mallory"], .wrongParty),
        ("of another issuer", [:], ["iss": "https://evil.example"], .unknownIssuer),
        ("of a similar issuer", [:], ["iss": .string(MemoryIssuer.url + "/")], .unknownIssuer),
        ("without expiry", [:], ["exp": .null], .malformed("it has no expiry")),
        ("without subject", [:], ["sub": .null], .malformed("it has no subject")),
        ("of an unknown key", ["kid": "nobody"], [:], .unknownKey),
        ("alg none", ["alg": "none"], [:], .algorithmRefused("none")),
        ("alg HS256", ["alg": "HS256"], [:], .algorithmRefused("HS256")),
        ("an algorithm that the issuer does not list", ["alg": "ES384"], [:], .algorithmRefused("ES384")),
        ("RS256 with a key for ES256", ["alg": "RS256"], [:], .unknownKey),
        (
            "critical extensions", ["crit": ["exp"]], [:],
            .malformed("its header names critical extensions, of which none are known")
        ),
        ("a logout token", ["typ": "logout+jwt"], [:], .wrongType("logout+jwt")),
    ]

    @Test("each attack is refused for its own reason", arguments: 0..<attacks.count)
    func refused(index: Int) async throws {
        let issuer = MemoryIssuer()
        let attack = Self.attacks[index]
        let token = try issuer.token(header: attack.header, claims: attack.claims)
        await #expect(throws: attack.3, "\(attack.0)") { try await issuer.authenticator().authenticate(token) }
    }

    @Test("a token signed by HMAC with the public key as the secret is refused")
    func keyConfusion() async throws {
        let issuer = MemoryIssuer()
        let parts = try issuer.token(header: ["alg": "HS256"]).split(separator: ".")
        let secret = SymmetricKey(data: issuer.publicKeyBytes("first"))
        let mac = HMAC<SHA256>.authenticationCode(for: Data("\(parts[0]).\(parts[1])".utf8), using: secret)
        let forged = "\(parts[0]).\(parts[1]).\(base64URL(Data(mac)))"
        await #expect(throws: SignInError.algorithmRefused("HS256")) {
            try await issuer.authenticator().authenticate(forged)
        }
    }

    @Test("a changed claim, a foreign signature and an empty one are bad signatures")
    func signatures() async throws {
        let issuer = MemoryIssuer()
        let authenticator = issuer.authenticator()
        let parts = try issuer.token().split(separator: ".").map(String.init)
        let richer = try issuer.token(claims: ["groups": ["admin"]]).split(separator: ".").map(String.init)
        for token in [
            "\(parts[0]).\(richer[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(richer[2])", "\(parts[0]).\(parts[1]).",
        ] {
            await #expect(throws: SignInError.badSignature) { try await authenticator.authenticate(token) }
        }
    }

    @Test("keys and addresses that a token brings along are not looked at")
    func embeddedKeys() async throws {
        let issuer = MemoryIssuer()
        let own = P256.Signing.PrivateKey()
        let point = own.publicKey.rawRepresentation
        let jwk: JSONValue = [
            "kty": "EC", "crv": "P-256", "x": .string(base64URL(point.prefix(32))),
            "y": .string(base64URL(point.suffix(32))),
        ]
        let token = try issuer.token(
            header: ["jwk": jwk, "jku": "https://evil.example/keys", "x5u": "https://evil.example/c"])
        let parts = token.split(separator: ".")
        let signature = try own.signature(for: Data("\(parts[0]).\(parts[1])".utf8)).rawRepresentation
        let authenticator = issuer.authenticator()
        await #expect(throws: SignInError.badSignature) {
            try await authenticator.authenticate("\(parts[0]).\(parts[1]).\(base64URL(signature))")
        }
        #expect(issuer.fetches(of: "/keys") == 1)
    }

    @Test("what is no token is told from one that is too large")
    func shapes() async throws {
        let issuer = MemoryIssuer()
        let authenticator = issuer.authenticator()
        await #expect(throws: SignInError.missing) { try await authenticator.authenticate("") }
        await #expect(throws: SignInError.tooLarge(bytes: 1_048_576)) {
            try await authenticator.authenticate(String(repeating: "a", count: 1_048_576))
        }
        for text in ["a", "a.b", "a.b.c", "....", "a.b.c.d.e", "e30.e30.e30=", "e30.e30.!!", "bnVsbA.e30.AA"] {
            await #expect("\(text)") { try await authenticator.authenticate(text) } throws: { error in
                if case SignInError.malformed = error { true } else { false }
            }
        }
        #expect(issuer.fetches(of: "/keys") == 0)
    }

    @Test("a claim that stands twice refuses the token")
    func duplicateClaims() async throws {
        let issuer = MemoryIssuer()
        let header = try issuer.token().split(separator: ".")[0]
        let claims = base64URL(Data(#"{"iss":"https://login.example.com","sub":"a","sub":"b"}"#.utf8))
        let signature = base64URL(try issuer.signature(over: "\(header).\(claims)", by: "first"))
        await #expect {
            try await issuer.authenticator().authenticate("\(header).\(claims).\(signature)")
        } throws: { error in
            if case SignInError.malformed(let what) = error { what.contains("payload") } else { false }
        }
    }
}
