import ArgumentParser
import Audit
import Identifiers
import StrictJSON

struct ShowAuditEntry: ReportingCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one entry, with the proof that the signed tree holds it.")

    @Argument(help: "The entry's index or id.")
    var entry: String

    @OptionGroup var location: AuditLocation
    @OptionGroup var format: OutputOptions

    func perform() async throws {
        let reader = AuditReader(directory: try location.resolvedDirectory())
        let found: AuditEntry?
        let proof: [TreeHash]
        do throws(AuditError) {
            found = try find(in: reader)
            proof = try found?.index.map { index throws(AuditError) in try reader.inclusionProof(of: index) } ?? []
        } catch {
            throw CommandFailure("the entry cannot be read: \(error)", status: .unavailable)
        }
        guard let found else {
            throw CommandFailure("the log has no entry \(Terminal.plain(entry))", status: .negative)
        }
        let value = (try? JSONValue(parsing: found.bytes, within: .ownRecord)) ?? .string(found.text)
        format.print(
            [
                "index": found.index.map { .number(String($0)) } ?? .null, "entry": value,
                "inclusion_proof": .array(proof.map { .string("\($0)") }),
            ]
        ) {
            let place =
                found.index.map { "entry \($0), proved by \(proof.count) hashes (--output json shows them)" }
                ?? "recorded in a journal, not in the signed tree yet"
            return "\(place)\n\(JSONText.indented(value))"
        }
    }

    private func find(in reader: AuditReader) throws(AuditError) -> AuditEntry? {
        if let index = UInt64(entry) { return try reader.entry(at: index) }
        guard let id = UUIDv7(entry) else { return nil }
        return try reader.entry(id: id)
    }
}
