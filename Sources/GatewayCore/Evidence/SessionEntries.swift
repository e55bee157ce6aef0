import Identifiers
import Identity
import Recording
import StrictJSON

/// The parts of a session that stand in each of its entries, encoded once.
struct SessionIdentity {
    let caller: [UInt8]
    let session: [UInt8]
    let target: [UInt8]

    init(caller: Caller, session: UUIDv7, target: Target) {
        var groups: JSONValue
        switch caller.groups {
        case .known(let names): groups = .array(names.sorted().map { .string($0) })
        case .unknown(let reason): groups = ["unknown": .string("\(reason)")]
        }
        var members = [
            JSONMember("groups", groups), JSONMember("issuer", .string(caller.issuer)),
            JSONMember("subject", .string(caller.subject)),
        ]
        if let label = caller.label { members.append(JSONMember("label", .string(label))) }
        if let certificate = caller.certificate {
            members.append(
                JSONMember(
                    "certificate",
                    [
                        "authority": .string(certificate.authority), "key_id": .string(certificate.keyID),
                        // A number of JSON holds no more than 53 bits for many readers.
                        "serial": .string(String(certificate.serial)),
                    ]))
        }
        self.caller = JSONValue.object(members).canonicalBytes
        self.session = JSONValue.string(session.description).canonicalBytes
        self.target = (["kind": .string(target.kind), "name": .string(target.name)] as JSONValue).canonicalBytes
    }
}

extension Session {
    /// `kind: session-start`.
    func writeStart(into writer: inout CanonicalJSONWriter) {
        writer.beginObject()
        writer.name("caller")
        writer.writeCanonical(identityJSON.caller)
        writer.name("client")
        writer.write(client)
        endEntry(in: &writer, id: id, kind: "session-start", at: Timestamp(milliseconds: id.milliseconds))
    }

    /// `kind: session-end`.
    func writeEnd(
        into writer: inout CanonicalJSONWriter, reason: String, commands: Int, recording: RecordingSummary?,
        at time: Timestamp
    ) {
        writer.beginObject()
        writer.name("commands")
        writer.write(commands)
        endEntry(in: &writer, id: lane.newID(at: time), kind: "session-end", at: time) { writer in
            writer.name("reason")
            writer.write(reason)
            guard let recording else { return }
            writer.name("recording")
            writer.beginObject()
            writer.name("bytes")
            writer.write(recording.bytes)
            writer.name("sha256")
            writer.write(recording.digest)
            writer.endObject()
        }
    }
}

/// `kind: sign-in-failure`. Of the token nothing is written: a mistyped secret must not land in the log.
func writeSignInFailure(
    into writer: inout CanonicalJSONWriter, code: String, reason: String, client: String, suppressed: Int,
    time: Timestamp
) {
    writer.beginObject()
    writer.name("client")
    writer.write(client)
    writer.name("code")
    writer.write(code)
    writer.name("id")
    writer.write(UUIDv7(milliseconds: time.milliseconds))
    writer.name("kind")
    writer.write("sign-in-failure")
    writer.name("reason")
    writer.write(reason)
    if suppressed > 0 {
        writer.name("suppressed")
        writer.write(suppressed)
    }
    writer.name("time")
    writer.write(time)
    writer.name("v")
    writer.write(AuditSchema.version)
    writer.endObject()
}
