import Audit
import StrictJSON

/// What entries leave to earlier ones of their session, remembered as the log goes by: who the caller is, and what an
/// outcome's command was.
///
/// Memory is bounded: the oldest sessions and commands are forgotten first, and their later entries then lack the
/// caller or the command, which their ids still name.
public struct EntryContext: Sendable {
    /// How many entries before a position are worth reading to continue from there.
    public static let warmUp: UInt64 = 4096

    private var sessions: BoundedTable<(caller: JSONValue?, client: String?)>
    private var intents: BoundedTable<JSONValue>

    public init(sessions: Int = 65_536, commands: Int = 8192) {
        self.sessions = BoundedTable(limit: sessions)
        intents = BoundedTable(limit: commands)
    }

    /// The entry with what went before; entries are to be given in the order of the log.
    public mutating func resolve(_ entry: AuditEntry) -> ExportedEntry {
        resolve(index: entry.index, bytes: entry.bytes)
    }

    mutating func resolve(index: UInt64?, bytes: [UInt8]) -> ExportedEntry {
        let value = (try? JSONValue(parsing: bytes, within: .ownRecord)) ?? .null
        let kind = value["kind"]?.string ?? ""
        let session = value["session"]?.string
        var known = session.flatMap { sessions[$0] }
        if let caller = value["caller"] {
            if let session, ["session-start", "intent", "refusal"].contains(kind) {
                known = (caller, value["client"]?.string ?? known?.client)
                sessions[session] = known
            } else {
                // Somebody who looked into the session, from a place of their own.
                known = (caller, value["client"]?.string)
            }
        }
        var intent: JSONValue?
        switch kind {
        case "intent": if let id = value["id"]?.string { intents[id] = value }
        case "outcome": if let id = value["command"]?.string { intent = intents.remove(id) }
        case "session-end": if let session { _ = sessions.remove(session) }
        default: break
        }
        return ExportedEntry(
            index: index, bytes: bytes, value: value, caller: known?.caller, client: known?.client, intent: intent)
    }
}

/// A dictionary that forgets what was added first when it is full.
private struct BoundedTable<Value: Sendable>: Sendable {
    private let limit: Int
    private var values: [String: (value: Value, order: UInt64)] = [:]
    private var queue: [(key: String, order: UInt64)] = []
    private var head = 0
    private var next: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    subscript(key: String) -> Value? {
        get { values[key]?.value }
        set {
            guard let newValue else { return }
            next += 1
            let isNew = values[key] == nil
            // A value that is set again keeps its place.
            let order = values[key]?.order ?? next
            values[key] = (newValue, order)
            if isNew { queue.append((key, order)) }
            while values.count > limit, head < queue.count { forgetOldest() }
            if head > limit {
                queue.removeFirst(head)
                head = 0
            }
        }
    }

    mutating func remove(_ key: String) -> Value? {
        defer { skipForgotten() }
        return values.removeValue(forKey: key)?.value
    }

    private mutating func forgetOldest() {
        let oldest = queue[head]
        head += 1
        if values[oldest.key]?.order == oldest.order { values[oldest.key] = nil }
    }

    /// What was removed leaves its place in the queue; those at its head go, so that the queue does not outgrow the table.
    private mutating func skipForgotten() {
        while head < queue.count, values[queue[head].key]?.order != queue[head].order { head += 1 }
        if head > limit || queue.count > 2 * limit + 16 {
            queue = queue[head...].filter { values[$0.key]?.order == $0.order }
            head = 0
        }
    }
}
