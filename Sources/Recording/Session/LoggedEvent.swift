import Identifiers
import StrictJSON
import Vault

/// What an entry of the audit log tells of a session: there whatever was recorded beside.
public struct LoggedEvent: Sendable {
    public let time: Timestamp
    /// E.g. `intent`, `outcome`, `session-end`.
    public let kind: String
    /// The command that it is about.
    public let commandID: UUIDv7?
    public let entry: JSONValue

    /// - Returns: `nil` for what is no entry.
    public init?(_ entry: JSONValue) {
        guard let kind = entry["kind"]?.string, let time = entry["time"]?.string.flatMap({ Timestamp($0) }) else {
            return nil
        }
        self.time = time
        self.kind = kind
        self.entry = entry
        commandID =
            switch kind {
            case "intent", "refusal": entry["id"]?.string.flatMap { UUIDv7($0) }
            default: entry["command"]?.string.flatMap { UUIDv7($0) }
            }
    }

    /// What a person reads of it.
    ///
    /// - Parameter isRecorded: Whether the session's recording shows the command's text itself.
    public func text(isRecorded: Bool) -> String {
        switch kind {
        case "session-start": "• began: from \(string(entry["client"]))\n"
        case "session-end": "• ended: \(string(entry["reason"])), \(count(entry["commands"], "command"))\n"
        case "intent": intent(isRecorded: isRecorded)
        case "refusal": refusal
        case "outcome": outcome
        case "originals-opened":
            "• originals opened: by \(person(entry["caller"])), for command \(string(entry["command"])), "
                + "because: \(string(entry["reason"]))\n"
        default: "• \(kind.printable(onOneLine: true))\n"
        }
    }

    // MARK: Commands

    private func intent(isRecorded: Bool) -> String {
        let decision = entry["decision"]
        var parts = [actions, "allowed by \(string(decision?["rule"]))"]
        if let approvers = entry["approval"]?["approvers"]?.array, !approvers.isEmpty {
            parts.append("approved by \(approvers.map { string($0["subject"]) }.joined(separator: ", "))")
        }
        if decision?["would_deny"]?.bool == true { parts.append("would be refused, but for shadow mode") }
        if let masks = decision?["masks"]?.array, !masks.isEmpty {
            parts.append("masked by \(masks.map { string($0) }.joined(separator: ", "))")
        }
        if entry["command"]?["phase"]?.string == "prepare" { parts.append("to be prepared only") }
        return "▸ \(parts.joined(separator: " · "))\n\(isRecorded ? "" : command)"
    }

    private var refusal: String {
        // Where it was not policy that said no.
        let code = entry["code"].map { " (\(string($0)))" } ?? ""
        let rule = string(entry["decision"]?["rule"])
        return "✗ \(actions) · refused by \(rule)\(code); nothing was forwarded\n\(command)"
    }

    /// The text, and the parameters where a protocol has them apart from it.
    private var command: String {
        guard let command = entry["command"] else { return "" }
        if let beside = command["beside"] {
            return
                "  (too large for an entry: \(count(beside["bytes"], "byte")), SHA-256 \(string(beside["sha256"])))\n"
        }
        var lines = command["text"]?.string?.quotedLines ?? ""
        for parameter in command["parameters"]?.array ?? [] {
            lines += "  \(string(parameter["name"])) = \(string(parameter["value"]))\n"
        }
        return lines
    }

    private var actions: String {
        var names: [String] = []
        for effect in entry["command"]?["effects"]?.array ?? [] {
            let name = string(effect["action"])
            if !names.contains(where: { $0.isExactly(name) }) { names.append(name) }
        }
        return names.isEmpty ? "a command" : names.joined(separator: ", ")
    }

    // MARK: Outcomes

    private var outcome: String {
        let outcome = entry["outcome"]
        var parts = [string(outcome?["status"])]
        if outcome?["kind"]?.string != "succeeded" { parts.insert(string(outcome?["kind"]), at: 0) }
        if let rows = outcome?["rows"] { parts.append(count(rows, "row")) }
        parts.append(duration)
        parts.append(count(outcome?["response_bytes"], "byte"))
        var lines = "◂ \(parts.filter { !$0.isEmpty }.joined(separator: " · "))\n"
        if let reason = outcome?["reason"] { lines += "  because: \(string(reason))\n" }
        for mask in outcome?["masked"]?.array ?? [] {
            lines +=
                "  masked: \(count(mask["count"], "value")) by \(string(mask["rule"])) in \(string(mask["selector"]))\n"
        }
        return lines
    }

    private var duration: String {
        guard let microseconds = entry["outcome"]?["duration_us"]?.integer else { return "" }
        if microseconds < 1000 { return "\(microseconds) µs" }
        if microseconds < 1_000_000 { return "\(microseconds / 1000) ms" }
        return "\(microseconds / 1_000_000).\(microseconds / 100_000 % 10) s"
    }

    private func count(_ value: JSONValue?, _ noun: String) -> String {
        guard let number = value?.integer else { return "" }
        return "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// By their label, or else by issuer and subject.
    private func person(_ person: JSONValue?) -> String {
        guard let label = person?["label"] else { return "\(string(person?["issuer"]))|\(string(person?["subject"]))" }
        return string(label)
    }

    /// On one line.
    private func string(_ value: JSONValue?) -> String {
        (value?.string ?? "-").printable(onOneLine: true)
    }
}

/// Reads the entries of a session, one a line, in memory bounded by the longest.
public final class LoggedEventReader {
    private let path: String
    private let lines: LineReader
    private var number = 0

    public init(path: String) throws(RecordingError) {
        self.path = path
        lines = try LineReader(EvidencePlace(path: path))
    }

    /// The next event; `nil` at the end.
    public func next() throws(RecordingError) -> LoggedEvent? {
        guard let line = try lines.next() else { return nil }
        number += 1
        guard let value = try? JSONValue(parsing: Array(line), within: .ownRecord), let event = LoggedEvent(value)
        else {
            throw .damaged(path: path, line: number, reason: "it is no entry of an audit log")
        }
        return event
    }
}
