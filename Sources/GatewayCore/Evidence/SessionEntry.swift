import Identifiers
import StrictJSON

extension Session {
    /// Writes what every entry of a session has from the member `id` on, and ends the entry. Members are written in
    /// their canonical order (RFC 8785): `between` stand the kind's own members whose names lie between `kind` and
    /// `session`.
    ///
    /// - Returns: Where id and time stand in the entry, in bytes, without their quotes.
    @discardableResult
    func endEntry(
        in writer: inout CanonicalJSONWriter, id: UUIDv7, kind: String, at time: Timestamp, traceParent: String? = nil,
        between write: (inout CanonicalJSONWriter) -> Void = { _ in }
    ) -> (id: Int, time: Int) {
        writer.name("id")
        let idPlace = writer.bytes.count + 1
        writer.write(id)
        writer.name("kind")
        writer.write(kind)
        write(&writer)
        writer.name("session")
        writer.writeCanonical(identityJSON.session)
        writer.name("target")
        writer.writeCanonical(identityJSON.target)
        writer.name("time")
        let timePlace = writer.bytes.count + 1
        writer.write(time)
        if let traceParent {
            writer.name("traceparent")
            writer.write(traceParent)
        }
        writer.name("v")
        writer.write(AuditSchema.version)
        writer.endObject()
        return (idPlace, timePlace)
    }
}
