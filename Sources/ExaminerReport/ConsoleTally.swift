import Audit
import StrictJSON

/// What people did through the console, and what they tried to do.
struct ConsoleTally: Sendable {
    struct Key: Sendable, Hashable {
        let person: Person
        let action: String
    }

    struct Count: Sendable {
        var allowed = 0
        var denied = 0
        var first: UInt64?
        var last: UInt64?
    }

    /// Something that was asked for in vain.
    struct Denial: Sendable {
        let index: UInt64?
        let time: String
        let person: Person
        let action: String
        let resource: String
        let rule: String
    }

    /// A decision that somebody asked to take on a ticket of their own.
    struct OwnDecision: Sendable {
        let index: UInt64?
        let time: String
        let person: Person
        let ticket: String
        let target: String
        let isAllowed: Bool
        let rule: String

        /// As a sentence's end, behind the person.
        var what: String {
            isAllowed
                ? "asked to decide a request of their own on \(target): policy (\(rule)) let them decide requests, and what "
                    + "came of it stands among the steps of ticket \(ticket)"
                : "asked to decide a request of their own on \(target) (ticket \(ticket)) and was denied by \(rule)"
        }
    }

    /// Sealed originals that somebody was given.
    struct Opening: Sendable {
        let index: UInt64?
        let time: String
        let person: Person?
        let session: String
        let command: String
        let file: String?
        let reason: String
    }

    private static let mostRows = 5_000
    private static let mostListed = 500
    private static let decision = "console.approvals.decide"
    private static let approval = "Approval/"

    private(set) var counts = BoundedTable<Key, Count>(most: mostRows)
    private(set) var denials = TopList<Denial>(most: mostListed)
    private(set) var ownDecisions = TopList<OwnDecision>(most: mostListed)
    private(set) var openings = TopList<Opening>(most: mostListed)

    /// - Parameter tickets: Those that were opened before.
    mutating func add(_ entry: AuditEntry, _ value: JSONValue, _ tickets: Tickets, at time: String) {
        guard let person = Person(value["caller"]) else { return }
        let action = value["action"]?.string ?? ""
        let resource = value["resource"]?.string ?? ""
        let rule = value["rule"]?.string ?? ""
        // What does not say that it was allowed was not.
        let isAllowed = value["allowed"]?.bool ?? false
        counts.update(Key(person: person, action: action), default: Count()) { count in
            if isAllowed { count.allowed += 1 } else { count.denied += 1 }
            if count.first == nil { count.first = entry.index }
            count.last = entry.index
        }
        if !isAllowed {
            denials.append(
                Denial(
                    index: entry.index, time: time, person: person, action: action, resource: resource, rule: rule))
        }
        guard action == Self.decision, resource.hasPrefix(Self.approval) else { return }
        let ticket = String(resource.dropFirst(Self.approval.count))
        guard let request = tickets[ticket], request.requester == person else { return }
        ownDecisions.append(
            OwnDecision(
                index: entry.index, time: time, person: person, ticket: ticket, target: request.target,
                isAllowed: isAllowed, rule: rule))
    }

    mutating func addOpening(_ entry: AuditEntry, _ value: JSONValue, at time: String) {
        openings.append(
            Opening(
                index: entry.index, time: time, person: Person(value["caller"]),
                session: value["session"]?.string ?? "", command: value["command"]?.string ?? "",
                file: value["file"]?.string, reason: value["reason"]?.string ?? ""))
    }
}
