import Foundation
import Identity

/// A key of a person's own: its private part lies in a file, in an agent, or in an authenticator that the file names.
struct SSHKeyFile {
    /// Without `.pub`.
    let path: String
    let publicKey: SSHPublicKey

    /// - Parameter path: Of either part.
    init(path: String) throws {
        let whole = (path as NSString).expandingTildeInPath
        self.path = whole.hasSuffix(".pub") ? String(whole.dropLast(4)) : whole
        let line: String
        do {
            line = try String(contentsOfFile: "\(self.path).pub", encoding: .utf8)
        } catch {
            throw CommandFailure("there is no \(self.path).pub that can be read", status: .usage)
        }
        do {
            publicKey = try SSHPublicKey(line: line)
        } catch {
            throw CommandFailure("\(self.path).pub: \(error)", status: .usage)
        }
    }

    /// Shows the gateway that the bearer of `token` has the private key. `ssh-keygen` knows where it is, and asks the
    /// person what there is to ask: a passphrase, a PIN, a touch.
    ///
    /// - Parameter environment: Says where the agent is (`SSH_AUTH_SOCK`).
    func proof(
        for token: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String {
        let input = Pipe()
        let output = Pipe()
        // Before the program runs: a token fits into the pipe, and nobody can break it meanwhile.
        try input.fileHandleForWriting.write(contentsOf: Data(token.utf8))
        try input.fileHandleForWriting.close()
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Without the private file the public one makes it ask the agent.
        let file = FileManager.default.fileExists(atPath: path) ? path : "\(path).pub"
        program.arguments = ["ssh-keygen", "-Y", "sign", "-n", ProvenSSHKey.namespace, "-f", file]
        program.environment = environment
        program.standardInput = input
        program.standardOutput = output
        do {
            try program.run()
        } catch {
            throw CommandFailure("ssh-keygen cannot be run: \(error)", status: .unavailable)
        }
        let signature = (try? output.fileHandleForReading.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
        program.waitUntilExit()
        guard program.terminationStatus == 0, let signature else {
            throw CommandFailure("ssh-keygen does not sign with \(file)", status: .refused)
        }
        return signature
    }
}
