import Identifiers
import StrictJSON

/// An entry that the log writes about itself, with the members that every entry has.
enum LogEntry {
    /// The member `v`: of the same schema as all other entries.
    static let schemaVersion: Int64 = 1

    static func bytes(
        kind: String, id: UUIDv7? = nil, time: Timestamp, _ members: [JSONMember]
    ) -> [UInt8] {
        let id = id ?? UUIDv7(milliseconds: time.milliseconds)
        let common = [
            JSONMember("id", .string(id.description)), JSONMember("kind", .string(kind)),
            JSONMember("time", .string(time.description)), JSONMember("v", .number(String(schemaVersion))),
        ]
        return JSONValue.object(common + members).canonicalBytes
    }

    /// `kind: key-creation`: the key that the log begins with.
    static func keyCreation(_ key: NoteVerifierKey, at time: Timestamp) -> [UInt8] {
        bytes(kind: "key-creation", time: time, [JSONMember("key", .string(key.description))])
    }

    /// `kind: key-retirement`: a rotated key signs no more, and its private half is gone.
    static func keyRetirement(_ key: NoteVerifierKey, at time: Timestamp) -> [UInt8] {
        bytes(kind: "key-retirement", time: time, [JSONMember("key", .string(key.description))])
    }
}
