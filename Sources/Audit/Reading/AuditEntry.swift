import CPlatform
import Identifiers

/// One entry as it was recorded.
public struct AuditEntry: Sendable, Equatable {
    /// The position in the log; `nil` while the entry is recorded in a journal and not yet in the tree.
    public let index: UInt64?
    /// The canonical JSON, exactly the bytes that the tree covers.
    public let bytes: [UInt8]
    public let id: UUIDv7?
    public let kind: String?
    /// RFC 3339 in UTC with milliseconds.
    public let time: String?
    /// The session that the entry belongs to.
    public let session: String?

    /// An entry that is about to be recorded, or was taken from elsewhere.
    public init(bytes: [UInt8]) { self.init(index: nil, bytes: bytes) }

    init(index: UInt64?, bytes: [UInt8]) {
        self.index = index
        self.bytes = bytes
        let head = EntryHead(bytes)
        id = head.id
        kind = head.kind
        time = head.time
        session = head.session
    }

    /// Whether these bytes stand anywhere in the entry.
    public func holds(_ text: StaticString) -> Bool {
        bytes.withUnsafeBytes { holds_bytes($0.baseAddress, $0.count, text.utf8Start, text.utf8CodeUnitCount) }
    }

    /// Whether `text` stands anywhere in the entry, in its UTF-8 bytes.
    public func holds(_ text: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            text.withUnsafeBytes { holds_bytes(bytes.baseAddress, bytes.count, $0.baseAddress, $0.count) }
        }
    }

    /// The JSON as text, one line.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// Which entries to give; an empty filter gives all.
public struct AuditFilter: Sendable {
    /// Kinds to give; empty for all.
    public var kinds: Set<String>
    /// The earliest time, included.
    public var from: Timestamp?
    /// The time before which an entry must be.
    public var until: Timestamp?

    public init(kinds: Set<String> = [], from: Timestamp? = nil, until: Timestamp? = nil) {
        self.kinds = kinds
        self.from = from
        self.until = until
    }

    public func matches(_ entry: AuditEntry) -> Bool {
        if !kinds.isEmpty, !kinds.contains(entry.kind ?? "") { return false }
        guard from != nil || until != nil else { return true }
        // Moments, not texts: `08:00:00Z` and `08:00:00.000Z` are one, and their texts sort otherwise.
        guard let time = entry.time.flatMap({ Timestamp($0) }) else { return false }
        if let from, time < from { return false }
        if let until, time >= until { return false }
        return true
    }
}
