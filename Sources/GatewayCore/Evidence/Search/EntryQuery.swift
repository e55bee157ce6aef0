import Audit
import Identifiers
import Policy
import StrictJSON

/// Which entries to look for; what is `nil` or empty means any.
public struct EntryQuery: Sendable {
    /// Any of these.
    public var kinds: [String]
    /// The subject or the label (email) of a person: the caller, who took a step on a ticket, or whose ticket it is.
    public var caller: String?
    public var target: String?
    /// One of a command's actions or an action at the console, e.g. `sql.delete`; or a group of them: `sql`.
    public var action: String?
    /// One of the policies that decided.
    public var rule: String?
    /// `allow`, `deny` or `approval`.
    public var decision: String?
    public var session: UUIDv7?
    /// The earliest time, included.
    public var from: Timestamp?
    /// The time before which an entry must be.
    public var to: Timestamp?
    /// What stands anywhere in the entry's text values, as bytes: upper and lower case differ.
    public var text: String?

    public init(
        kinds: [String] = [], caller: String? = nil, target: String? = nil, action: String? = nil,
        rule: String? = nil, decision: String? = nil, session: UUIDv7? = nil, from: Timestamp? = nil,
        to: Timestamp? = nil, text: String? = nil
    ) {
        self.kinds = kinds
        self.caller = caller
        self.target = target
        self.action = action
        self.rule = rule
        self.decision = decision
        self.session = session
        self.from = from
        self.to = to
        self.text = text
    }

    /// Whether it asks for more than time, session and text.
    var asksForFacets: Bool {
        !kinds.isEmpty || caller != nil || target != nil || action != nil || rule != nil || decision != nil
    }

    func matches(_ facets: EntryFacets) -> Bool {
        if !kinds.isEmpty, !kinds.contains(where: { $0.isExactly(facets.kind.text) }) { return false }
        if let caller, !facets.concernsPerson(called: caller) { return false }
        if let target, facets.target != ExactText(target) { return false }
        if let action, !(facets.actions?.lists(action, orBelow: true) ?? false) { return false }
        if let rule, !(facets.rule?.lists(rule) ?? false) { return false }
        if let decision, facets.decision != ExactText(decision) { return false }
        return true
    }
}

extension EntryQuery {
    /// What policy can have answered.
    public enum Decision: String, Sendable, CaseIterable { case allow, deny, approval }

    /// Why no entry is of this kind, with the kind that was probably meant; `nil` for one that there is.
    ///
    /// A search for what cannot be there finds nothing, which looks like evidence that nothing happened.
    public static func fault(inKind kind: String) -> String? {
        if AuditSchema.kindNames.contains(where: kind.isExactly) { return nil }
        let shown = String(kind.prefix(64)).printable(onOneLine: true)
        return "no entry is of the kind \"\(shown)\"\(Spelling.suggestion(for: kind, among: AuditSchema.kindNames))"
    }
}

/// Tells of one entry after the other whether a query asks for it.
struct EntryMatcher {
    private let query: EntryQuery
    /// As it stands within the strings of canonical JSON.
    private let text: [UInt8]?
    private var scanner = FacetScanner()
    /// By the scanner's key, what the query says of entries that name their caller.
    private var known: [[UInt8]: Bool] = [:]
    private static let limit = 65_536

    init(_ query: EntryQuery) {
        self.query = query
        text = query.text.map { Array(JSONValue.string($0).canonicalBytes.dropFirst().dropLast()) }
    }

    /// - Parameter callerOf: Who the caller of a session is; asked where the entry does not say it.
    mutating func matches(
        _ entry: AuditEntry, callerOf: (UUIDv7) throws -> EntryFacets.Party?
    ) rethrows -> Bool {
        let session = query.session != nil || query.caller != nil ? entry.session.flatMap { UUIDv7($0) } : nil
        if let wanted = query.session, session != wanted { return false }
        if query.from != nil || query.to != nil {
            guard let time = entry.time.flatMap({ Timestamp($0) }) else { return false }
            if let from = query.from, time < from { return false }
            if let to = query.to, time >= to { return false }
        }
        if query.asksForFacets {
            scanner.scan(entry.bytes)
            if scanner.namesCaller || query.caller == nil {
                if let answer = known[scanner.key] {
                    if !answer { return false }
                } else {
                    let answer = query.matches(scanner.facets)
                    if known.count >= Self.limit { known.removeAll(keepingCapacity: true) }
                    known[scanner.key] = answer
                    if !answer { return false }
                }
            } else {
                var facets = scanner.facets
                facets.caller = try session.flatMap(callerOf)
                if !query.matches(facets) { return false }
            }
        }
        return text.map { entry.holds($0) } ?? true
    }
}
