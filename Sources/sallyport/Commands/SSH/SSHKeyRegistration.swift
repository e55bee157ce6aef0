import Foundation
import Identifiers
import StrictJSON

/// Makes a key pair and has the gateway let its holder be whom the token names, as long as the token lasts.
struct SSHKeyRegistration {
    let console: ConsoleClient
    /// The one that `console` sends along.
    let token: String
    let folder: SSHKeyFolder
    let inAgent: Bool

    /// - Parameter name: What the key is called, for its holder.
    func run(name: String) async throws {
        let pair = try SSHKeyPair(comment: "sallyport \(name)")
        let answer = try await console.post(
            "/api/v1/ssh-keys",
            ["public_key": .string(pair.publicKey.line), "signature": .string(try pair.proof(for: token))])
        guard let end = answer["expires_at"]?.string.flatMap({ Timestamp($0) }),
            answer["fingerprint"]?.string == pair.publicKey.fingerprint
        else { throw CommandFailure("\(console.base) did not answer as a console does", status: .unavailable) }
        if inAgent {
            try folder.saveInAgent(pair, until: end)
        } else {
            try folder.save(pair)
        }
        Terminal.note("registered the SSH key \(pair.publicKey.fingerprint) until \(end)")
        Terminal.note("`sallyport ssh-config TARGET >> ~/.ssh/config` makes ssh use it")
    }
}
