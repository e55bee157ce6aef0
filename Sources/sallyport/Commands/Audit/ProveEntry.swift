import ArgumentParser
import Audit
import Identifiers

struct ProveEntry: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Write the proof that an entry is in the log, for those who check it elsewhere.",
        discussion: """
            A C2SP tlog-proof with the entry itself: one file that `sallyport audit check-proof`, the script \
            Auditing/verify_log.py and other tools check with the log's public key alone. It is made under the newest \
            checkpoint that witnesses cosigned, where that covers the entry, so that it carries their word. It is checked \
            before it is written; exit status 1 when it proves nothing, because the files were changed.
            """)

    @Argument(help: "The entry's index or id.")
    var entry: String

    @Option(
        name: .shortAndLong,
        help: "Where the proof goes, best a name that ends with .tlog-proof; by default the standard output.")
    var file: String?

    @OptionGroup var signing: SigningKeyOption
    @OptionGroup var location: AuditLocation

    func perform() async throws {
        let directory = try location.resolvedDirectory()
        let key = try signing.verifierKey(location)
        let reader = AuditReader(directory: directory)
        let checked: CheckedProof
        do {
            let proof = try reader.transparencyProof(of: try index(in: reader))
            checked = try CheckedProof(proof, of: directory, under: key)
        } catch let error as AuditError {
            throw CommandFailure(error, "the entry cannot be proved")
        }
        if let fault = checked.fault {
            throw CommandFailure("no proof was written: \(Terminal.plain(fault))", status: .negative)
        }
        if !checked.isSignatureChecked {
            Terminal.note(
                "the checkpoint's signature was not checked: no key stands beside the log, and --key takes one")
        }
        try ProofFile.write(checked.proof.bytes, to: file)
    }

    private func index(in reader: AuditReader) throws -> UInt64 {
        if let index = UInt64(entry) { return index }
        guard let id = UUIDv7(entry), let found = try reader.entry(id: id) else {
            throw CommandFailure("the log has no entry \(Terminal.plain(entry))", status: .negative)
        }
        guard let index = found.index else {
            throw CommandFailure(
                "the entry is recorded and not signed yet; a gateway that runs signs within a second",
                status: .unavailable)
        }
        return index
    }
}
