import Identifiers
import Masking
import Recording
import StrictJSON

extension CanonicalJSONWriter {
    /// Writes `text` with every value that a detector knows replaced by its keyed digest.
    mutating func writeRedacted(_ text: String, by redactor: SensitiveTextRedactor) {
        write(redactor.redact(text) ?? text)
    }

    /// Writes `value` likewise, numbers and member names included.
    mutating func writeRedacted(_ value: JSONValue, by redactor: SensitiveTextRedactor) {
        switch value {
        case .null, .bool: write(value)
        case .number(let text):
            // A number is written as it stands unless it is a card or an account; only integers are canonical, so
            // all others become strings.
            if let redacted = redactor.redact(text) {
                write(redacted)
            } else if Int64(text) != nil {
                write(value)
            } else {
                write(text)
            }
        case .string(let text): writeRedacted(text, by: redactor)
        case .array(let elements):
            beginArray()
            for element in elements { writeRedacted(element, by: redactor) }
            endArray()
        case .object(let members):
            beginObject()
            let redacted = members.map { JSONMember(redactor.redact($0.name) ?? $0.name, $0.value) }
            for member in redacted.sorted(by: { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }) {
                name(member.name)
                writeRedacted(member.value, by: redactor)
            }
            endObject()
        }
    }

    mutating func write(_ value: FactValue, redactedBy redactor: SensitiveTextRedactor) {
        switch value {
        case .bool(let value): write(value)
        case .integer(let value): write(value)
        case .string(let text): writeRedacted(text, by: redactor)
        case .strings(let texts):
            beginArray()
            for text in texts { writeRedacted(text, by: redactor) }
            endArray()
        }
    }
}

extension Session {
    /// Moves a command that is too large for an entry into a file beside the log and leaves its digests.
    ///
    /// - Throws: `PayloadError` when the file cannot be written: the command then does not run.
    func putBesideLog(
        digest: CommandDigest, id: UUIDv7, in writer: inout CanonicalJSONWriter, from start: Int
    ) throws {
        let payload = Array(writer.bytes[start...])
        writer.rewindValue(to: start)
        let sha256 = try lane.manager.parts.payloads.store(payload, under: id)
        writer.beginObject()
        writer.name("beside")
        writer.beginObject()
        writer.name("bytes")
        writer.write(payload.count)
        writer.name("sha256")
        writer.write(sha256)
        writer.endObject()
        writer.name("digest")
        writer.write(digest.description)
        writer.endObject()
    }
}
