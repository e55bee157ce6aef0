import Foundation
import Identifiers
import Identity
import StrictJSON

/// Has the gateway let the holder of an SSH key be whom the token names, as long as the token lasts.
struct SSHKeyRegistration {
    let console: ConsoleClient
    /// The one that `console` sends along.
    let token: String

    /// Registers a new key, and keeps it where `ssh` finds it.
    ///
    /// - Parameter name: What the key is called, for its holder.
    func registerNew(name: String, in folder: SSHKeyFolder, inAgent: Bool) async throws {
        let pair = try SSHKeyPair(comment: "sallyport \(name)")
        let end = try await register(pair.publicKey, proof: try pair.proof(for: token))
        if inAgent {
            try folder.saveInAgent(pair, until: end)
        } else {
            try folder.save(pair)
        }
        Terminal.note("`sallyport ssh-config TARGET >> ~/.ssh/config` makes ssh use it")
    }

    /// Registers a key of the person's own.
    func register(_ file: SSHKeyFile) async throws {
        _ = try await register(file.publicKey, proof: try file.proof(for: token))
        Terminal.note("`sallyport ssh-config --key \(file.path) TARGET >> ~/.ssh/config` makes ssh use it")
    }

    /// - Returns: When the registration ends.
    private func register(_ key: SSHPublicKey, proof: String) async throws -> Timestamp {
        let answer = try await console.post(
            "/api/v1/ssh-keys", ["public_key": .string(key.line), "signature": .string(proof)])
        guard let end = answer["expires_at"]?.string.flatMap({ Timestamp($0) }),
            answer["fingerprint"]?.string == key.fingerprint
        else { throw CommandFailure("\(console.base) did not answer as a console does", status: .unavailable) }
        Terminal.note("registered the SSH key \(key.fingerprint) until \(end)")
        return end
    }
}
