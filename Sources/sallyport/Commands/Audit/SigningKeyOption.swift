import ArgumentParser
import Audit
import Foundation

/// The log's public key, for commands that have something to say without it too.
struct SigningKeyOption: ParsableArguments {
    @Option(
        help: "The log's public key, or a file with it; by default log.vkey beside the log's folder, where it is there."
    )
    var key: String?

    /// `nil` where none was given and none stands beside the log.
    func verifierKey(_ location: AuditLocation) throws -> NoteVerifierKey? {
        if key == nil, !FileManager.default.fileExists(atPath: try location.keyPath()) { return nil }
        do {
            return try NoteVerifierKey(try location.key(key))
        } catch let error as NoteError {
            throw CommandFailure("the key cannot be read: \(error)", status: .usage)
        }
    }
}
