import Audit
import StrictJSON

/// One entry of the audit log, as the checks look at it.
public struct LogEntry: Sendable, Hashable {
    /// The canonical JSON that stands in the log.
    public let text: String
    public let json: JSONValue

    init(_ entry: AuditEntry) throws {
        text = entry.text
        json = try JSONValue(parsing: entry.bytes, within: .ownRecord)
    }

    public var kind: String { json["kind"]?.string ?? "" }
    public var id: String { json["id"]?.string ?? "" }
    public var session: String? { json["session"]?.string }
    /// For an outcome: the id of the intent that it belongs to.
    public var command: String? { json["command"]?.string }
    /// For an intent or a refusal: the name of what decided.
    public var rule: String? { json["decision"]?["rule"]?.string }
    /// For an outcome: `succeeded`, `failed`, …
    public var outcome: String? { json["outcome"]?["kind"]?.string }
    /// For an intent or a refusal: the actions of the command's effects.
    public var actions: [String] { effects.compactMap { $0["action"]?.string } }
    public var resourceTypes: [String] { effects.compactMap { $0["type"]?.string } }
    public var facts: [JSONMember] { json["command"]?["facts"]?.object ?? [] }
    private var effects: [JSONValue] { json["command"]?["effects"]?.array ?? [] }
}

extension [LogEntry] {
    /// The intents of commands that carry `marker`.
    func intents(with marker: String) -> [LogEntry] { filter { $0.kind == "intent" && $0.text.contains(marker) } }

    func outcomes(of intent: LogEntry) -> [LogEntry] { filter { $0.kind == "outcome" && $0.command == intent.id } }
}
