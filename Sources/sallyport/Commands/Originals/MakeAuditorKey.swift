import ArgumentParser
import Foundation
import Originals
import StrictJSON

struct MakeAuditorKey: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen", abstract: "Make the key pair that masked values are sealed to.",
        discussion: """
            On the auditor's own machine: the private key is written to a file that only you can read, and never goes \
            to the gateway. Its public half is printed, for `audit: {originals: {auditor_key: …}}`.
            """)

    @Option(help: "The file for the private key; it must not exist.")
    var out: String

    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let key = AuditorPrivateKey()
        let descriptor = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let why = String(cString: strerror(errno))
            throw CommandFailure(
                "the private key cannot be written to \(Terminal.plain(out)) (\(why)); --out takes a new file",
                status: .unavailable)
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data("\(key.secretText)\n".utf8))
            try file.synchronize()
        } catch {
            unlink(out)
            throw CommandFailure(
                "the private key cannot be written to \(Terminal.plain(out)): \(error)", status: .unavailable)
        }
        let publicKey = key.publicKey
        format.print(["id": .string(publicKey.id), "public_key": .string(publicKey.description)]) {
            Terminal.note(
                "The private key is in \(Terminal.plain(out)): keep it off the gateway. Who loses it loses all that is sealed to it."
            )
            return publicKey.description
        }
    }
}
