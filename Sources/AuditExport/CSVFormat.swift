import StrictJSON

/// RFC 4180: a header line, CRLF after each row, fixed columns, UTF-8.
///
/// What a spreadsheet would take for a formula (CWE-1236) gets an apostrophe before it, also within a text, where one of
/// another locale would begin a cell; what no column of its own shows stands in the last one, as canonical JSON.
public struct CSVFormat: EntryEncoder {
    public static let columns = [
        "index", "time", "kind", "id", "session", "caller_issuer", "caller_subject", "caller_label", "caller_groups",
        "client", "target", "target_kind", "command_id", "actions", "resources", "command_text", "decision", "rule",
        "policy", "approval_ticket", "approvers", "outcome", "status", "reason", "rows", "request_bytes",
        "response_bytes", "duration_us", "masked", "traceparent", "more",
    ]

    /// What the columns show of an entry; the rest is `more`.
    private static let shown: Set<String> = [
        "id", "kind", "time", "v", "session", "caller.issuer", "caller.subject", "caller.label", "caller.groups",
        "client", "target.name", "target.kind", "command.effects", "command.text", "action", "resource", "allowed",
        "rule", "policy", "decision.answer", "decision.rule", "decision.policy", "approval.ticket", "outcome.kind",
        "outcome.status", "outcome.reason", "reason", "outcome.rows", "outcome.request_bytes",
        "outcome.response_bytes", "outcome.duration_us", "outcome.masked", "traceparent",
    ]

    public init() {}

    public var header: [UInt8]? { Array(Self.columns.joined(separator: ",").utf8) + [0x0d] }

    public func lines(of entry: ExportedEntry) -> [[UInt8]] {
        let outcome = entry.outcome
        func number(_ member: String) -> Cell { outcome?[member]?.integer.map { .number(String($0)) } ?? .empty }
        let groups = entry.actor?["groups"]
        let cells: [Cell] = [
            entry.index.map { .number(String($0)) } ?? .empty, .text(entry.time), .text(entry.kind), .text(entry.id),
            Cell(entry.session), Cell(entry.actor?["issuer"]?.string), Cell(entry.actor?["subject"]?.string),
            Cell(entry.actor?["label"]?.string),
            Cell(groups?.array.map { Self.joined($0.compactMap(\.string)) } ?? groups.map { _ in "unknown" }),
            Cell(entry.client), Cell(entry.target?["name"]?.string), Cell(entry.protocolName), Cell(entry.commandID),
            Cell(Self.joined(entry.actions)), Cell(Self.joined(entry.resources.map { "\($0.type)::\($0.name)" })),
            Cell(entry.commandText), Cell(entry.answer), Cell(entry.rule), Cell(entry.policy),
            Cell(entry.approval?["ticket"]?.string ?? entry.value["ticket"]?.string),
            Cell(Self.joined((entry.approval?["approvers"]?.array ?? []).compactMap { $0["subject"]?.string })),
            Cell(outcome?["kind"]?.string), Cell(outcome?["status"]?.string),
            Cell(outcome?["reason"]?.string ?? entry.value["reason"]?.string), number("rows"),
            number("request_bytes"), number("response_bytes"), number("duration_us"),
            Cell(Self.joined(entry.masked.map { "\($0.rule)=\($0.count)" })), Cell(entry.value["traceparent"]?.string),
            more(entry),
        ]
        return [Array(cells.map(\.encoded).joined(separator: ",").utf8) + [0x0d]]
    }

    private func more(_ entry: ExportedEntry) -> Cell {
        var shown = Self.shown
        // An outcome's command is an id, and stands in a column; an intent's is an object.
        if entry.outcome != nil { shown.insert("command") }
        // The reason why they are not known.
        if entry.value["caller"]?["groups"]?.array == nil { shown.remove("caller.groups") }
        let rest = entry.remainder(without: shown)
        guard rest.object?.isEmpty != true else { return .empty }
        return .text(String(decoding: rest.canonicalBytes, as: UTF8.self))
    }

    private static func joined(_ texts: [String]) -> String { texts.joined(separator: "; ") }

    private enum Cell {
        case empty
        case number(String)
        case text(String)

        init(_ text: String?) {
            guard let text, !text.isEmpty else {
                self = .empty
                return
            }
            self = .text(text)
        }

        var encoded: String {
            switch self {
            case .empty: return ""
            case .number(let digits): return digits
            case .text(let text):
                let safe = Self.defused(text)
                return safe.utf8.allSatisfy(Self.isPlain) ? safe : "\"\(Self.doubled(safe))\""
            }
        }

        /// Letters, digits and the signs of times, ids and addresses: no reader makes anything of them. All else is
        /// quoted, because readers differ in what separates fields for them.
        private static func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "@"):
                true
            default: false
            }
        }

        /// By scalars: a quote with a combining mark behind it is one `Character`, and still a quote to the reader.
        private static func doubled(_ text: String) -> String {
            String(String.UnicodeScalarView(text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] }))
        }

        /// An apostrophe before each formula: at the beginning, and wherever a cell may begin for a reader of another
        /// locale. To one whose fields end at `;`, a quote within a row is no quote, so that neither keeps a text together.
        private static func defused(_ text: String) -> String {
            var defused = String.UnicodeScalarView()
            var isBeginning = true
            for scalar in text.unicodeScalars {
                if isBeginning, beginnings.contains(scalar) {
                    defused.append("'")
                    isBeginning = false
                }
                // Readers in C end a text at NUL.
                defused.append(scalar == "\0" ? "\u{2400}" : scalar)
                if separators.contains(scalar) {
                    isBeginning = true
                } else if scalar != " ", scalar != "\"" {
                    isBeginning = false
                }
            }
            return String(defused)
        }

        private static let separators: Set<Unicode.Scalar> = [";", "\t", "\r", "\n"]
        /// What spreadsheets take for the beginning of a formula, the full-width forms with it.
        private static let beginnings: Set<Unicode.Scalar> = [
            "=", "+", "-", "@", "\t", "\r", "\n", "\u{ff1d}", "\u{ff0b}", "\u{ff0d}", "\u{ff20}", "|",
        ]
    }
}
