import StrictJSON

/// What was asked for with a ticket, as the entry of its opening says: redacted, perhaps cut.
struct TicketRequest: Sendable {
    let requester: Person?
    let target: String
    /// The command as the approvers read it; `nil` where its opening was not seen.
    let summary: String?
    /// Whose agreement is needed, e.g. `1 of approver`.
    let needs: [String]
}

/// The newest tickets, so many at most: later steps name only the ticket.
struct Tickets: Sendable {
    static let most = 5_000

    private var requests: [String: TicketRequest] = [:]
    /// In the order in which they were opened.
    private var order: [String] = []

    subscript(ticket: String) -> TicketRequest? { requests[ticket] }

    /// Takes what an entry of kind `approval` says of its ticket, where it is the first to say it.
    mutating func note(_ entry: JSONValue) {
        guard let ticket = entry["ticket"]?.string else { return }
        let summary = entry["summary"]?.string
        if requests[ticket] != nil, summary == nil { return }
        if requests[ticket] == nil {
            if order.count >= Self.most { forgetOldest() }
            order.append(ticket)
        }
        requests[ticket] = TicketRequest(
            requester: Person(entry["requester"]), target: entry["target"]?["name"]?.string ?? "",
            summary: summary, needs: (entry["needs"]?.array ?? []).compactMap(\.string))
    }

    /// Half of them at once, so that each costs little.
    private mutating func forgetOldest() {
        let old = order.prefix(Self.most / 2)
        for ticket in old { requests[ticket] = nil }
        order.removeFirst(old.count)
    }
}

/// A command's parameters in few words.
enum CommandParameters {
    private static let longest = 1_000

    /// `customer "c-17", amount 125`; empty where there are none.
    static func text(_ command: JSONValue?) -> String {
        var text = ""
        for parameter in command?["parameters"]?.array ?? [] {
            if !text.isEmpty { text += ", " }
            text += parameter["name"]?.string ?? ""
            if let value = parameter["value"] { text += " \(String(decoding: value.canonicalBytes, as: UTF8.self))" }
            if text.count > longest { return "\(text.prefix(longest))…" }
        }
        return text
    }
}
