import Foundation
import Identifiers

/// Where the key that `sallyport login --ssh` makes is found by `ssh`: beside the credential, or in the agent.
struct SSHKeyFolder {
    let path: String

    static var standard: SSHKeyFolder { SSHKeyFolder(beside: .standard) }

    init(beside credential: CredentialFile) { path = credential.folder.appendingPathComponent("ssh").path }

    /// The private key; where it is in the agent, `ssh` finds the public key beside this name and asks for that.
    var identityFile: String { "\(path)/id_ed25519" }
    /// The gateway's own key, as it was first seen.
    var knownHostsFile: String { "\(path)/known_hosts" }
    private var publicKeyFile: String { "\(identityFile).pub" }

    /// Replaces the key that was here.
    func save(_ pair: SSHKeyPair) throws {
        try PrivateFile.replace(identityFile, with: try pair.privateKeyFile.utf8)
        try PrivateFile.replace(publicKeyFile, with: pair.publicKeyFile.utf8)
    }

    /// Hands the private key to the running agent, which forgets it at `end`; it never stands on a disk.
    ///
    /// - Parameter environment: Says where the agent is (`SSH_AUTH_SOCK`).
    func saveInAgent(
        _ pair: SSHKeyPair, until end: Timestamp,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        let seconds = max(1, end.duration(since: .now).components.seconds)
        let input = Pipe()
        let errors = Pipe()
        // Before the program runs: the few bytes wait in the pipe, and nobody can break it meanwhile.
        try input.fileHandleForWriting.write(contentsOf: Data(try pair.privateKeyFile.utf8))
        try input.fileHandleForWriting.close()
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        program.arguments = ["ssh-add", "-q", "-t", String(seconds), "-"]
        program.environment = environment
        program.standardInput = input
        program.standardOutput = FileHandle.nullDevice
        program.standardError = errors
        do {
            try program.run()
        } catch {
            throw CommandFailure("ssh-add cannot be run: \(error)", status: .unavailable)
        }
        let said = (try? errors.fileHandleForReading.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        program.waitUntilExit()
        guard program.terminationStatus == 0 else {
            let words = said.split(separator: "\n").map { Terminal.plain(String($0)) }.joined(separator: "; ")
            throw CommandFailure(
                "the key cannot be given to an agent (\(words)); start one with `eval \"$(ssh-agent)\"`, or use --ssh",
                status: .unavailable)
        }
        unlink(identityFile)
        try PrivateFile.replace(publicKeyFile, with: pair.publicKeyFile.utf8)
    }

    /// Forgets the key. What an agent holds ends by itself.
    func remove() {
        unlink(identityFile)
        unlink(publicKeyFile)
    }
}
