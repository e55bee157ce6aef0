import Crypto
import Foundation
import Identity
import SSHCredentials
import Testing

@testable import Console

@Suite("SSH keys")
struct SSHKeysAPITests {
    /// A key pair that is the same in each test.
    private struct Pair {
        let privateKey: SSHPrivateKey
        let publicKey: SSHPublicKey

        init(_ number: UInt8) throws {
            privateKey = try SSHPrivateKey(
                .ed25519(Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: number, count: 32))))
            publicKey = try SSHPublicKey(blob: privateKey.publicBlob)
        }

        /// - Parameter token: The one that is signed.
        func body(for token: String, comment: String = "") throws -> String {
            let members = [
                "public_key": "\(publicKey.line)\(comment)",
                "signature": try ProvenSSHKey.signature(of: token, by: privateKey),
            ]
            return String(decoding: try JSONEncoder().encode(members), as: UTF8.self)
        }

        /// One whose fingerprint has a slash and a plus, which mean something in addresses.
        static func awkward() throws -> Pair {
            for number in UInt8.min...UInt8.max {
                let pair = try Pair(number)
                let fingerprint = pair.publicKey.fingerprint
                if fingerprint.contains("/"), fingerprint.contains("+") { return pair }
            }
            throw CancellationError()
        }
    }

    private static func body(_ line: String) -> String { #"{"public_key":"\#(line)"}"# }

    @Test("a key is registered for its caller, shown to them alone, and taken away")
    func life() async throws {
        try await RunningConsole.run { console in
            let pair = try Pair.awkward()
            let (line, fingerprint) = (pair.publicKey.line, pair.publicKey.fingerprint)
            let made = try await console.post(
                "/api/v1/ssh-keys", as: "alice", try pair.body(for: "alice-token", comment: " alice@laptop"))
            #expect(made.status == 201)
            #expect(
                try Set(made.json.keys) == ["fingerprint", "algorithm", "public_key", "expires_at"])
            #expect(try made.json["fingerprint"] as? String == fingerprint)
            #expect(try made.json["public_key"] as? String == line)
            #expect(
                try made.json["expires_at"] as? String == console.backend.caller("alice")?.expiresAt.description)

            func keys(_ subject: String) async throws -> [String] {
                let json = try await console.get("/api/v1/ssh-keys", as: subject).json
                return try #require(json["keys"] as? [[String: Any]]).compactMap { $0["fingerprint"] as? String }
            }
            #expect(try await keys("alice") == [fingerprint])
            #expect(try await keys("bob") == [])

            let escaped = try #require(fingerprint.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let other = try await console.send("DELETE", "/api/v1/ssh-keys/\(escaped)", as: "bob")
            #expect(other.status == 404)
            #expect(try await keys("alice") == [fingerprint])
            // Escaped or as it stands, it is the same key.
            let gone = try await console.send("DELETE", "/api/v1/ssh-keys/\(escaped)", as: "alice")
            #expect(gone.status == 200)
            #expect(try await keys("alice") == [])
            _ = try await console.post("/api/v1/ssh-keys", as: "alice", try pair.body(for: "alice-token"))
            let plain = try await console.send("DELETE", "/api/v1/ssh-keys/\(fingerprint)", as: "alice")
            #expect(plain.status == 200)
            let again = try await console.send("DELETE", "/api/v1/ssh-keys/\(fingerprint)", as: "alice")
            #expect(again.status == 404)
        }
    }

    private static let refusals: [(body: String, status: UInt, code: String)] = [
        ("{}", 400, "bad-request"), (#"{"public_key":7}"#, 400, "bad-request"), (body(""), 400, "ssh-key-malformed"),
        (#"{"public_key":"x","comment":"y"}"#, 400, "bad-request"), ("not json", 400, "bad-request"),
        (body("ssh-dss AAAAB3NzaC1kc3MAAAAA"), 400, "ssh-key-algorithm"),
        (body("-----BEGIN OPENSSH PRIVATE KEY-----"), 400, "ssh-key-private"),
        (body(#"ssh-ed25519 AAAA\nssh-ed25519 AAAA"#), 400, "ssh-key-malformed"),
    ]

    @Test("what is no key is refused and says what is wrong", arguments: refusals.indices)
    func refused(index: Int) async throws {
        let refusal = Self.refusals[index]
        try await RunningConsole.run { console in
            let answer = try await console.post("/api/v1/ssh-keys", as: "alice", refusal.body)
            #expect(answer.status == refusal.status)
            #expect(try answer.problemCode() == refusal.code)
        }
    }

    @Test("nobody registers a key of which they do not hold the private one")
    func notProven() async throws {
        try await RunningConsole.run { console in
            let pair = try Pair(1)
            func signed(_ signature: String) throws -> String {
                String(
                    decoding: try JSONEncoder().encode(["public_key": pair.publicKey.line, "signature": signature]),
                    as: UTF8.self)
            }
            let bodies = [
                // As Mallory knows it from a repository host.
                Self.body(pair.publicKey.line),
                try signed(""), try signed("AAAA"),
                // By a key of her own.
                try signed(ProvenSSHKey.signature(of: "mallory-token", by: Pair(2).privateKey)),
                // Alice's own proof, overheard; and one for another purpose.
                try pair.body(for: "alice-token"),
                try signed(SSHSignature.armored(Array("mallory-token".utf8), namespace: "git", by: pair.privateKey)),
            ]
            console.backend.change { state in
                state.callers["mallory-token"] = state.callers["bob-token"]
            }
            for body in bodies {
                let answer = try await console.post("/api/v1/ssh-keys", as: "mallory", body)
                #expect(answer.status == 403, "\(body)")
                #expect(try answer.problemCode() == "ssh-key-not-proven", "\(body)")
            }
            let own = try await console.post("/api/v1/ssh-keys", as: "alice", pair.body(for: "alice-token"))
            #expect(own.status == 201)
        }
    }

    @Test("nobody registers a key without a token, from a page's form, or that is another's")
    func notTheirs() async throws {
        try await RunningConsole.run { console in
            let pair = try Pair(1)
            let body = try pair.body(for: "alice-token")
            for path in ["/api/v1/ssh-keys", "/api/v1/ssh-keys/SHA256:x"] {
                for method in path.hasSuffix("keys") ? ["GET", "POST"] : ["DELETE"] {
                    let answer = try await console.send(
                        method, path, headers: [("Content-Type", "application/json"), ("Cookie", "session=x")],
                        body: method == "POST" ? body : nil)
                    #expect(answer.status == 401, "\(method) \(path)")
                }
            }
            let form = try await console.send(
                "POST", "/api/v1/ssh-keys", as: "alice", headers: [("Content-Type", "text/plain")], body: body)
            #expect(form.status == 415)
            #expect(try await console.post("/api/v1/ssh-keys", as: "alice", body).status == 201)
            let taken = try await console.post("/api/v1/ssh-keys", as: "bob", pair.body(for: "bob-token"))
            #expect(taken.status == 409)
            #expect(try taken.problemCode() == "ssh-key-taken")
            #expect(!taken.body.contains("alice"))
        }
    }

    @Test("what cannot be recorded is not done")
    func unrecorded() async throws {
        try await RunningConsole.run { console in
            console.backend.change { $0.isDown = true }
            let answer = try await console.post("/api/v1/ssh-keys", as: "alice", Pair(1).body(for: "alice-token"))
            #expect(answer.status == 503)
            #expect(try answer.problemCode() == "authorization-unavailable")
        }
    }
}
