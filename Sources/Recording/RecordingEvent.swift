import Identifiers

/// One thing that happened in a recorded session. All texts are as the caller may see them, masked; recording cannot
/// know what ought to be hidden.
public struct RecordingEvent: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case request
        case response
        case note
    }

    /// Milliseconds since the session started.
    public var offset: UInt64
    public var kind: Kind
    /// The command that this belongs to, as its audit entries name it.
    public var commandID: UUIDv7?
    /// What stands before the body: method and path, status, header fields, in the protocol's order.
    public var head: [RecordingField]
    public var body: String
    /// Whether `body` is only the start of what there was.
    public var isTruncated: Bool

    public init(
        offset: UInt64, kind: Kind, commandID: UUIDv7? = nil, head: [RecordingField] = [], body: String = "",
        isTruncated: Bool = false
    ) {
        self.offset = offset
        self.kind = kind
        self.commandID = commandID
        self.head = head
        self.body = body
        self.isTruncated = isTruncated
    }
}

/// A name and value of an event's head.
public struct RecordingField: Sendable, Equatable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// What the first line of a recording says about its session.
public struct RecordingHeader: Sendable, Equatable {
    public var session: UUIDv7
    /// The caller's label, for people to read; who it was for certain stands in the audit log.
    public var caller: String
    public var target: String
    /// The adapter's kind, e.g. `http`.
    public var kind: String
    public var started: Timestamp

    public init(session: UUIDv7, caller: String, target: String, kind: String, started: Timestamp) {
        self.session = session
        self.caller = caller
        self.target = target
        self.kind = kind
        self.started = started
    }

    /// The recording's path below its directory: `<yyyy-mm-dd>/<session>.jsonl`, the day on which it started in UTC.
    public var path: String { "\(started.description.prefix(10))/\(session).jsonl" }
}
