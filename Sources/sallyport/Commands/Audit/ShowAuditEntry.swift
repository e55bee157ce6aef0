import ArgumentParser
import Audit
import Identifiers
import StrictJSON

struct ShowAuditEntry: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one entry, with the proof that the signed tree holds it.",
        discussion: """
            Hashes the entry, follows the proof to the root and checks the checkpoint's signature. Exit status 1 when \
            that fails: the entry is shown as it stands, and is not what was signed.
            """)

    @Argument(help: "The entry's index or id.")
    var entry: String

    @OptionGroup var signing: SigningKeyOption
    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let directory = try location.resolvedDirectory()
        let key = try signing.verifierKey(location)
        let reader = AuditReader(directory: directory)
        let found: AuditEntry?
        let checked: CheckedProof?
        do throws(AuditError) {
            found = try find(in: reader)
            checked = try found?.index.map { index throws(AuditError) -> CheckedProof in
                let proof = try reader.transparencyProof(of: index, under: try reader.checkpoint())
                return try CheckedProof(proof, of: directory, under: key)
            }
        } catch {
            throw CommandFailure(error, "the entry cannot be read")
        }
        guard let found else {
            throw CommandFailure("the log has no entry \(Terminal.plain(entry))", status: .negative)
        }
        // What is shown is what the proof was checked with.
        let bytes = checked?.proof.entry ?? found.bytes
        let value =
            (try? JSONValue(parsing: bytes, within: .ownRecord)) ?? .string(String(decoding: bytes, as: UTF8.self))
        format.print(
            [
                "index": found.index.map { .number(String($0)) } ?? .null, "entry": value,
                "inclusion_proof": .array((checked?.proof.path ?? []).map { .string("\($0)") }),
                "proved": .bool(checked.map { $0.fault == nil } ?? false),
                "signature_checked": .bool(checked?.isSignatureChecked ?? false),
                "fault": checked?.fault.map { .string($0) } ?? .null,
            ]
        ) { "\(Self.place(checked))\n\(JSONText.indented(value))" }
        if checked?.fault != nil { throw ExitCode(ExitStatus.negative.rawValue) }
    }

    /// What can be said of where the entry stands.
    private static func place(_ checked: CheckedProof?) -> String {
        guard let checked else { return "recorded, not in the signed tree yet" }
        if let fault = checked.fault {
            return "\(Terminal.output.styled("WRONG", .red))  \(Terminal.plain(fault))"
        }
        let proved =
            "entry \(checked.proof.index), proved by \(checked.proof.path.count) hashes (--output json shows them)"
        guard !checked.isSignatureChecked else { return proved }
        return "\(proved) under a checkpoint whose signature was not checked: --key takes the log's public key"
    }

    private func find(in reader: AuditReader) throws(AuditError) -> AuditEntry? {
        if let index = UInt64(entry) { return try reader.entry(at: index) }
        guard let id = UUIDv7(entry) else { return nil }
        return try reader.entry(id: id)
    }
}
