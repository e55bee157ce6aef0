import Audit
import Foundation

/// Proofs and checkpoints in files.
enum ProofFile {
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandFailure("\(Terminal.plain(path)) cannot be read", status: .unavailable)
        }
        return Array(data)
    }

    /// - Parameter file: `nil` for the standard output.
    static func write(_ bytes: [UInt8], to file: String?) throws {
        guard let file else { return try StandardStreams.output(Data(bytes)) }
        try OutputFile.replace(file, with: bytes)
    }

    static func checkpoint(_ path: String) throws -> SignedCheckpoint {
        do {
            return try SignedCheckpoint(parsing: try read(path))
        } catch let error as NoteError {
            throw CommandFailure("\(Terminal.plain(path)) is no checkpoint: \(error)", status: .negative)
        }
    }
}
