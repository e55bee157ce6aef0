import Identifiers
import StrictJSON

/// What retention needs of the audit log.
public struct RetentionLog: Sendable {
    /// Makes an entry of a kind with these members beside the ones that every entry has; it is not in the log yet.
    let entry: @Sendable (_ kind: String, _ time: Timestamp, _ members: [JSONMember]) -> (id: UUIDv7, bytes: [UInt8])
    /// Puts an entry into the log; it is in the signed tree and on the disk when this returns.
    let append: @Sendable (_ bytes: [UInt8]) throws -> Void
    /// Whether the log has the entry.
    let contains: @Sendable (_ id: UUIDv7) throws -> Bool

    public init(
        entry: @escaping @Sendable (String, Timestamp, [JSONMember]) -> (id: UUIDv7, bytes: [UInt8]),
        append: @escaping @Sendable ([UInt8]) throws -> Void, contains: @escaping @Sendable (UUIDv7) throws -> Bool
    ) {
        self.entry = entry
        self.append = append
        self.contains = contains
    }

    /// Appends an entry that may have been appended before the last process ended.
    func appendOnce(_ bytes: [UInt8]) throws {
        if let id = (try? JSONValue(parsing: bytes, within: .ownRecord))?["id"]?.string.flatMap({ UUIDv7($0) }),
            try contains(id)
        {
            return
        }
        try append(bytes)
    }
}

/// Kinds of entries that retention writes.
public enum RetentionEntry {
    /// Evidence is deleted: `step` is `intent` before its key is destroyed, `done` when its bytes are gone.
    public static let delete = "retention-delete"
    /// Evidence is held, or not any longer: `step` is `add` or `release`.
    public static let hold = "retention-hold"
}
