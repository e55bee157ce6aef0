import Identifiers
import StrictJSON

/// One entry on its way out, with what earlier entries say of it: a session's caller, an outcome's command.
///
/// Members and kinds that this program does not know are carried along (``remainder``), never dropped.
public struct ExportedEntry: Sendable {
    /// The position in the log; `nil` while the entry is not in the tree yet.
    public let index: UInt64?
    /// The canonical JSON, exactly the bytes that the tree covers.
    public let bytes: [UInt8]
    /// The same, read; `.null` where that is no JSON.
    public let value: JSONValue
    /// The caller as this entry has it, or else an earlier one of the session.
    public let caller: JSONValue?
    /// The caller's network address, likewise.
    public let client: String?
    /// Of an outcome: its command as the intent has it.
    public let intent: JSONValue?

    public init(
        index: UInt64?, bytes: [UInt8], value: JSONValue, caller: JSONValue? = nil, client: String? = nil,
        intent: JSONValue? = nil
    ) {
        self.index = index
        self.bytes = bytes
        self.value = value
        self.caller = value["caller"] ?? caller
        self.client = value["client"]?.string ?? client
        self.intent = intent
    }

    public var id: String { text("id") }
    public var kind: String { text("kind") }
    public var time: String { text("time") }
    public var session: String? { value["session"]?.string }

    /// Who acts: the caller, or the one who took a step on a ticket.
    public var actor: JSONValue? { caller ?? value["actor"] ?? value["requester"] }
    public var target: JSONValue? { value["target"] }
    /// The protocol of the target: `http`, `postgres`, `ssh` or what another adapter calls itself.
    public var protocolName: String? { target?["kind"]?.string }
    /// The command that the entry is about: its own, or that of its intent.
    public var command: JSONValue? { value["outcome"] == nil ? value["command"] : intent?["command"] }
    /// The id that intent, refusal and outcome of one command share.
    public var commandID: String? {
        switch kind {
        case "outcome": value["command"]?.string
        case "intent", "refusal": id
        default: nil
        }
    }
    public var outcome: JSONValue? { value["outcome"] }
    public var decision: JSONValue? { value["decision"] ?? intent?["decision"] }
    /// The rule that decided.
    public var rule: String? { decision?["rule"]?.string ?? value["rule"]?.string }
    /// `allow`, `deny` or what else the policy answered; of the console's entries too.
    public var answer: String? {
        decision?["answer"]?.string ?? value["allowed"]?.bool.map { $0 ? "allow" : "deny" }
    }
    /// The digest of the policy set.
    public var policy: String? { decision?["policy"]?.string ?? value["policy"]?.string }
    public var approval: JSONValue? { value["approval"] ?? intent?["approval"] }

    /// Actions, in the order of the entry and each once.
    public var actions: [String] {
        var seen: [String] = []
        for action in effects.compactMap({ $0["action"]?.string }) where !seen.contains(where: action.isExactly) {
            seen.append(action)
        }
        if seen.isEmpty, let action = value["action"]?.string { seen = [action] }
        return seen
    }

    /// What is touched, as `Type::name`.
    public var resources: [(type: String, name: String)] {
        let touched = effects.compactMap { effect in
            effect["resource"]?.string.map { (type: effect["type"]?.string ?? "", name: $0) }
        }
        if touched.isEmpty, let name = value["resource"]?.string { return [(type: "Console", name: name)] }
        return touched
    }

    /// The command as a person would write it.
    public var commandText: String? { command?["text"]?.string }
    /// What was masked: rule, selector and count.
    public var masked: [(rule: String, selector: String, count: Int64)] {
        (outcome?["masked"]?.array ?? []).compactMap { mask in
            guard let rule = mask["rule"]?.string, let count = mask["count"]?.integer else { return nil }
            return (rule: rule, selector: mask["selector"]?.string ?? "", count: count)
        }
    }

    private var effects: [JSONValue] { command?["effects"]?.array ?? [] }
    private func text(_ member: String) -> String { value[member]?.string ?? "" }
}

extension ExportedEntry {
    /// What is left of the entry without the members at `shown` (paths with dots), objects that are empty then left out.
    public func remainder(without shown: Set<String>) -> JSONValue {
        guard value.object != nil else { return ["raw": .string(String(decoding: bytes, as: UTF8.self))] }
        return Self.remainder(of: value, below: "", without: shown) ?? .object([])
    }

    private static func remainder(of value: JSONValue, below path: String, without shown: Set<String>) -> JSONValue? {
        guard let members = value.object else { return value }
        let left = members.compactMap { member -> JSONMember? in
            let name = path.isEmpty ? member.name : "\(path).\(member.name)"
            guard !shown.contains(name) else { return nil }
            return remainder(of: member.value, below: name, without: shown).map { JSONMember(member.name, $0) }
        }
        return left.isEmpty && !members.isEmpty ? nil : .object(left)
    }
}
