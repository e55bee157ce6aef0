import Identifiers
import StrictJSON

/// Common Event Format, version 0: `CEF:0|vendor|product|version|class|name|severity|extension`.
///
/// `|` and `\` are escaped in the header, `=`, `\` and line breaks in the extension. The `cs…` fields carry what the
/// dictionary has no key for, each with its label; `cs6` has as canonical JSON all that no other field shows.
public struct CEFFormat: EntryEncoder {
    private let version: String

    public init(version: String) { self.version = version }

    private static let shown: Set<String> = [
        "id", "kind", "time", "v", "session", "caller.issuer", "caller.subject", "caller.label", "client",
        "target.name", "target.kind", "command.effects", "command.text", "action", "resource", "allowed", "rule",
        "policy", "decision.answer", "decision.rule", "decision.policy", "outcome.kind", "outcome.status",
        "outcome.reason", "reason", "outcome.rows", "outcome.request_bytes", "outcome.response_bytes",
        "outcome.duration_us", "traceparent",
    ]

    public func lines(of entry: ExportedEntry) -> [[UInt8]] {
        let head = ["Sallyport", "Sallyport Gateway", version, entry.kind, Self.name(of: entry)].map(Self.header)
        let severity = EntrySeverity(of: entry).cef
        let fields = fields(of: entry).map { "\($0.key)=\(Self.value($0.value))" }.joined(separator: " ")
        return [Array("CEF:0|\(head.joined(separator: "|"))|\(severity)|\(fields)".utf8)]
    }

    private func fields(of entry: ExportedEntry) -> [(key: String, value: String)] {
        var fields: [(key: String, value: String)] = []
        func add(_ key: String, _ value: String?) {
            if let value, !value.isEmpty { fields.append((key, value)) }
        }
        func custom(_ key: String, _ label: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            fields += [(key, value), ("\(key)Label", label)]
        }
        let outcome = entry.outcome
        add("rt", Timestamp(entry.time).map { String($0.milliseconds) })
        add("externalId", entry.id)
        add("suser", entry.actor?["label"]?.string ?? entry.actor?["subject"]?.string)
        add("suid", entry.actor?["subject"]?.string)
        if let client = entry.client.map(NetworkAddress.init) {
            if client.isIPv6 {
                custom("c6a2", "Source IPv6 Address", client.host)
            } else if client.isIPv4 {
                add("src", client.host)
            } else {
                add("shost", client.host)
            }
            add("spt", client.port.map(String.init))
        }
        add("app", entry.protocolName)
        add("destinationServiceName", entry.target?["name"]?.string)
        add("act", entry.actions.isEmpty ? nil : entry.actions.joined(separator: ","))
        add("outcome", outcome?["kind"]?.string ?? entry.answer)
        add("reason", outcome?["reason"]?.string ?? entry.value["reason"]?.string)
        add("msg", entry.commandText ?? outcome?["status"]?.string)
        add("in", outcome?["request_bytes"]?.integer.map(String.init))
        add("out", outcome?["response_bytes"]?.integer.map(String.init))
        custom("cn1", "rows", outcome?["rows"]?.integer.map(String.init))
        custom("cn2", "duration in microseconds", outcome?["duration_us"]?.integer.map(String.init))
        custom("cn3", "log index", entry.index.map(String.init))
        custom("cs1", "rule", entry.rule)
        custom("cs2", "session", entry.session)
        custom("cs3", "policy digest", entry.policy)
        custom("cs4", "traceparent", entry.value["traceparent"]?.string)
        custom(
            "cs5", "resources",
            entry.resources.isEmpty ? nil : entry.resources.map { "\($0.type)::\($0.name)" }.joined(separator: ","))
        var shown = Self.shown
        if outcome != nil, entry.commandText != nil { shown.remove("outcome.status") }
        let more = entry.remainder(without: shown)
        custom(
            "cs6", "more",
            more.object?.isEmpty == true ? nil : String(decoding: more.canonicalBytes, as: UTF8.self))
        return fields
    }

    private static func name(of entry: ExportedEntry) -> String {
        let what = entry.actions.first ?? entry.value["step"]?.string
        return what.map { "\(entry.kind) \($0)" } ?? entry.kind
    }

    /// A header has no line breaks at all.
    private static func header(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    switch scalar {
                    case "|", "\\": ["\\", scalar]
                    case "\n", "\r": [" "]
                    case "\0": ["\u{2400}"]
                    default: [scalar]
                    }
                }))
    }

    private static func value(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    switch scalar {
                    case "=", "\\": ["\\", scalar]
                    case "\n": ["\\", "n"]
                    case "\r": ["\\", "r"]
                    // Readers in C end a line at NUL, and whatever stands behind it is hidden from them.
                    case "\0": ["\u{2400}"]
                    default: [scalar]
                    }
                }))
    }
}
