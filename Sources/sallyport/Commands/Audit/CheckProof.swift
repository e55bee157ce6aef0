import ArgumentParser
import Audit

struct CheckProof: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-proof",
        abstract: "Check a proof that an entry is in the log; needs the log's key, not the log.",
        discussion: "Prints the entry that is proved. Exit status 1 when the proof proves nothing, with the reason.")

    @Argument(help: "The proof (C2SP tlog-proof).")
    var proof: String

    @Option(help: "A file with the entry's bytes, where the proof does not hold them.")
    var entry: String?

    @OptionGroup var trust: TrustOptions
    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let bytes = try ProofFile.read(proof)
        let other = try entry.map { try ProofFile.read($0) }
        do {
            let proof = try TransparencyProof(parsing: bytes)
            try proof.verify(entry: other, under: try trust.policy(location))
            var writer = LineWriter()
            try writer.write(other ?? proof.entry ?? [])
            try writer.flush()
        } catch let error as NoteError {
            throw CommandFailure("\(Terminal.plain(self.proof)) is no proof: \(error)", status: .negative)
        } catch let error as ProofError {
            throw CommandFailure("\(error)", status: .negative)
        }
    }
}
