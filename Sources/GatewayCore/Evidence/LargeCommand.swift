import Identifiers
import Recording
import StrictJSON

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
        lane.manager.parts.evidenceClosed(evidence(.payloads, PayloadStore.name(of: id)))
        writer.beginObject()
        writer.name("beside")
        writer.beginObject()
        writer.name("bytes")
        writer.write(payload.count)
        writer.name("sha256")
        writer.write(sha256)
        writer.endObject()
        writer.name("digest")
        writer.write(digest)
        writer.endObject()
    }
}
