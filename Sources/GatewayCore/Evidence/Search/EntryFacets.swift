import Audit
import Identifiers
import StrictJSON

/// What an entry of the audit log can be searched by, but for its time, its session and its text.
public struct EntryFacets: Sendable, Hashable {
    /// Somebody as an entry names them.
    public struct Party: Sendable, Hashable {
        public let issuer: ExactText
        public let subject: ExactText
        public let label: ExactText?

        /// Whether they are called `name`: by their subject or their label.
        public func isCalled(_ name: String) -> Bool {
            subject.text.isExactly(name) || label.map { $0.text.isExactly(name) } ?? false
        }
    }

    public var kind: ExactText
    /// Who did it: the caller, or of an approval's step whoever took it, or else whose ticket it is. An entry of a session
    /// that names nobody itself (an outcome, the end) is its caller's.
    public var caller: Party?
    /// Whose ticket it is, of an entry that says besides who did it.
    public var requester: Party?
    public var target: ExactText?
    /// The actions of a command's effects, or that at the console: sorted, each once, joined by `, `.
    public var actions: ExactText?
    /// What decided: one policy or several, joined by `, `.
    public var rule: ExactText?
    /// `allow`, `deny` or `approval`.
    public var decision: ExactText?

    /// Whether the entry is of a person who is called `name`, in whichever part they have in it.
    public func concernsPerson(called name: String) -> Bool {
        [caller, requester].contains { $0?.isCalled(name) ?? false }
    }
}

/// Finds an entry's facets in its bytes.
///
/// Most entries say what an entry before said: so their bytes are put together to a key first, under which whoever reads
/// many entries keeps what it made of the facets, and those are made only for a key that is new.
struct FacetScanner {
    /// What the facets are made from. Equal keys have equal facets.
    private(set) var key: [UInt8] = []
    /// Whether the entry itself says who the caller is.
    private(set) var namesCaller = false

    private enum Field: Int, CaseIterable {
        case kind, issuer, subject, label, target, rule, decision, action
        case requesterIssuer, requesterSubject, requesterLabel
    }

    private var actions: [Range<Int>] = []

    mutating func scan(_ entry: [UInt8]) {
        key.removeAll(keepingCapacity: true)
        actions.removeAll(keepingCapacity: true)
        entry.withUnsafeBytes { scan($0) }
    }

    private mutating func scan(_ bytes: UnsafeRawBufferPointer) {
        var fields = InlineFields()
        var parties = (caller: PartyPlaces?.none, actor: PartyPlaces?.none, requester: PartyPlaces?.none)
        var scanner = EntryScanner(bytes)
        var allowed: UInt8?
        scanner.members { name, scanner in
            if scanner.holds("caller", at: name) {
                parties.caller = PartyPlaces(&scanner)
            } else if scanner.holds("command", at: name) {
                scanEffects(&scanner)
            } else if scanner.holds("decision", at: name) {
                scanner.members { name, scanner in
                    if scanner.holds("answer", at: name) { fields.decision = scanner.string() }
                    if scanner.holds("rule", at: name) { fields.rule = scanner.string() }
                }
            } else if scanner.holds("kind", at: name) {
                fields.kind = scanner.string()
            } else if scanner.holds("target", at: name) {
                scanner.members { name, scanner in
                    if scanner.holds("name", at: name) { fields.target = scanner.string() }
                }
            } else if scanner.holds("action", at: name) {
                if let action = scanner.string() { actions.append(action) }
            } else if scanner.holds("allowed", at: name) {
                allowed = scanner.next
            } else if scanner.holds("rule", at: name) {
                fields.rule = scanner.string()
            } else if scanner.holds("actor", at: name) {
                parties.actor = PartyPlaces(&scanner)
            } else if scanner.holds("requester", at: name) {
                parties.requester = PartyPlaces(&scanner)
            }
        }
        let party = parties.caller ?? parties.actor ?? parties.requester
        namesCaller = party != nil
        append(.kind, fields.kind, bytes)
        append(.issuer, party?.issuer, bytes)
        append(.subject, party?.subject, bytes)
        append(.label, party?.label, bytes)
        if parties.caller != nil || parties.actor != nil, let requester = parties.requester {
            append(.requesterIssuer, requester.issuer, bytes)
            append(.requesterSubject, requester.subject, bytes)
            append(.requesterLabel, requester.label, bytes)
        }
        append(.target, fields.target, bytes)
        append(.rule, fields.rule, bytes)
        if let allowed, fields.decision == nil {
            append(.decision, allowed == UInt8(ascii: "t") ? "allow" : "deny")
        } else {
            append(.decision, fields.decision, bytes)
        }
        for action in actions { append(.action, action, bytes) }
    }

    private struct InlineFields {
        var kind: Range<Int>?
        var target: Range<Int>?
        var rule: Range<Int>?
        var decision: Range<Int>?
    }

    private struct PartyPlaces {
        var issuer: Range<Int>?
        var subject: Range<Int>?
        var label: Range<Int>?

        init?(_ scanner: inout EntryScanner) {
            guard scanner.next == UInt8(ascii: "{") else { return nil }
            var places = (issuer: Range<Int>?.none, subject: Range<Int>?.none, label: Range<Int>?.none)
            scanner.members { name, scanner in
                if scanner.holds("issuer", at: name) { places.issuer = scanner.string() }
                if scanner.holds("subject", at: name) { places.subject = scanner.string() }
                if scanner.holds("label", at: name) { places.label = scanner.string() }
            }
            (issuer, subject, label) = places
        }
    }

    /// Of an outcome `command` is an id, and of a command beside the log there are no effects.
    private mutating func scanEffects(_ scanner: inout EntryScanner) {
        scanner.members { name, scanner in
            guard scanner.holds("effects", at: name) else { return }
            scanner.elements { scanner in
                scanner.members { name, scanner in
                    if scanner.holds("action", at: name), let action = scanner.string() { actions.append(action) }
                }
            }
        }
    }

    /// A field's number, its bytes as they stand in the entry, and a zero byte, which no string of JSON holds.
    private mutating func append(_ field: Field, _ range: Range<Int>?, _ bytes: UnsafeRawBufferPointer) {
        guard let range else { return }
        key.append(UInt8(field.rawValue))
        key.append(contentsOf: bytes[range])
        key.append(0)
    }

    private mutating func append(_ field: Field, _ text: StaticString) {
        key.append(UInt8(field.rawValue))
        text.withUTF8Buffer { key.append(contentsOf: $0) }
        key.append(0)
    }

    /// What the key says.
    var facets: EntryFacets {
        var texts: [Field: ExactText] = [:]
        var names: [String] = []
        var rest = key[...]
        while let number = rest.popFirst(), let end = rest.firstIndex(of: 0) {
            let text = Self.text(rest[..<end])
            rest = rest[(end + 1)...]
            switch Field(rawValue: Int(number)) {
            case .action: names.append(text)
            case let field?: texts[field] = ExactText(text)
            case nil: break
            }
        }
        var facets = EntryFacets(kind: texts[.kind] ?? ExactText(""))
        if namesCaller {
            facets.caller = EntryFacets.Party(
                issuer: texts[.issuer] ?? ExactText(""), subject: texts[.subject] ?? ExactText(""),
                label: texts[.label])
        }
        if let subject = texts[.requesterSubject] {
            facets.requester = EntryFacets.Party(
                issuer: texts[.requesterIssuer] ?? ExactText(""), subject: subject, label: texts[.requesterLabel])
        }
        facets.target = texts[.target]
        facets.rule = texts[.rule]
        facets.decision = texts[.decision]
        if !names.isEmpty {
            let unique = Set(names.map(ExactText.init)).map(\.text)
            facets.actions = ExactText(
                unique.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.joined(separator: ", "))
        }
        return facets
    }

    /// The text of a JSON string's bytes; as they are where they are no JSON.
    private static func text(_ raw: ArraySlice<UInt8>) -> String {
        if raw.contains(UInt8(ascii: "\\")),
            let parsed = try? JSONValue(
                parsing: [UInt8(ascii: "\"")] + raw + [UInt8(ascii: "\"")], within: .ownRecord
            ).string
        {
            return parsed
        }
        return String(decoding: raw, as: UTF8.self)
    }
}
