import Foundation
import Identity
import Testing

@testable import Console

@Suite("SSH keys")
struct SSHKeysAPITests {
    private static func line(_ number: UInt8) -> String {
        let name = Array("ssh-ed25519".utf8)
        let blob = [0, 0, 0, 11] + name + [0, 0, 0, 32] + [UInt8](repeating: number, count: 32)
        return "ssh-ed25519 \(Data(blob).base64EncodedString())"
    }

    private static func body(_ line: String) -> String { #"{"public_key":"\#(line)"}"# }

    /// Keys whose fingerprints have a slash and a plus, which mean something in addresses.
    private static func awkward() throws -> (line: String, fingerprint: String) {
        for number in UInt8.min...UInt8.max {
            let key = try SSHPublicKey(line: line(number))
            if key.fingerprint.contains("/"), key.fingerprint.contains("+") { return (key.line, key.fingerprint) }
        }
        throw CancellationError()
    }

    @Test("a key is registered for its caller, shown to them alone, and taken away")
    func life() async throws {
        try await RunningConsole.run { console in
            let (line, fingerprint) = try Self.awkward()
            let made = try await console.post("/api/v1/ssh-keys", as: "alice", Self.body("\(line) alice@laptop"))
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
            _ = try await console.post("/api/v1/ssh-keys", as: "alice", Self.body(line))
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
        (body("\(line(1))\\n\(line(2))"), 400, "ssh-key-malformed"),
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

    @Test("nobody registers a key without a token, from a page's form, or that is another's")
    func notTheirs() async throws {
        try await RunningConsole.run { console in
            let body = Self.body(Self.line(1))
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
            let taken = try await console.post("/api/v1/ssh-keys", as: "bob", body)
            #expect(taken.status == 409)
            #expect(try taken.problemCode() == "ssh-key-taken")
            #expect(!taken.body.contains("alice"))
        }
    }

    @Test("what cannot be recorded is not done")
    func unrecorded() async throws {
        try await RunningConsole.run { console in
            console.backend.change { $0.isDown = true }
            let answer = try await console.post("/api/v1/ssh-keys", as: "alice", Self.body(Self.line(1)))
            #expect(answer.status == 503)
            #expect(try answer.problemCode() == "authorization-unavailable")
        }
    }
}
