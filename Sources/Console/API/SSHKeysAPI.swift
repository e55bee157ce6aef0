import Foundation
import GatewayCore
import Hummingbird
import Identity
import StrictJSON

/// The SSH keys that stand for the caller's token as long as it lasts.
///
/// Nobody needs a permission: who registers a key has signed in, and gets no more than that.
struct SSHKeysAPI: Sendable {
    let backend: any ConsoleBackend

    var routes: [Route] {
        [
            Route(.get, "/api/v1/ssh-keys", list),
            Route(.post, "/api/v1/ssh-keys", register),
            // A fingerprint is base64, in which `/` stands.
            Route(.delete, "/api/v1/ssh-keys/{fingerprint...}", forget),
        ]
    }

    private func list(_ exchange: Exchange) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        _ = try exchange.query()
        return .json(["keys": .array(try await backend.sshKeys(of: caller).map(\.json))])
    }

    private func register(_ exchange: Exchange) async throws -> Response {
        let token = try exchange.bearerToken()
        let caller = try await backend.signIn(token, from: exchange.client)
        _ = try exchange.query()
        let body = try await exchange.jsonBody("public_key", "signature")
        guard let line = try body.text("public_key") else {
            throw Problem.badRequest("The member \"public_key\" is missing.", next: "Send the line of the .pub file.")
        }
        let key = try SSHPublicKey(line: line)
        guard let signature = try body.text("signature") else {
            throw SSHKeyError.notProven(fingerprint: key.fingerprint, "the member \"signature\" is missing")
        }
        let registered = try await recorded {
            try await backend.registerSSHKey(key, signature: signature, of: token, for: caller)
        }
        return .json(registered.json, status: .created)
    }

    private func forget(_ exchange: Exchange) async throws -> Response {
        let caller = try await backend.signIn(exchange)
        _ = try exchange.query()
        let sent = exchange.parameters["fingerprint"] ?? ""
        guard let fingerprint = sent.removingPercentEncoding,
            let forgotten = try await recorded({ try await backend.forgetSSHKey(fingerprint, of: caller) })
        else {
            throw Problem.notFound(
                "key of yours with that fingerprint", next: "GET /api/v1/ssh-keys shows which there are.")
        }
        return .json(["fingerprint": .string(forgotten.fingerprint), "forgotten": true])
    }

    /// What is not the key's fault is the audit log's: then nothing was done.
    private func recorded<Value>(_ act: () async throws -> Value) async throws -> Value {
        do {
            return try await act()
        } catch let error as SSHKeyError {
            throw error
        } catch {
            throw AuthorizationUnavailable(cause: error)
        }
    }
}

extension RegisteredKey {
    fileprivate var json: JSONValue {
        [
            "fingerprint": .string(fingerprint), "algorithm": .string(key.algorithm.rawValue),
            "public_key": .string(key.line), "expires_at": .string(expiresAt.description),
        ]
    }
}
