import StrictJSON

/// What people are called. Entries name somebody by issuer and subject, and only some have the label beside it: whoever
/// reads them must not take one person for two.
struct PeopleNames: Sendable {
    private static let most = 5_000

    private var labels = BoundedTable<Person, String>(most: most)

    /// Takes the label of somebody whom an entry names; of a person that has several, the last counts.
    mutating func note(_ party: JSONValue?) {
        guard let person = Person(party), let label = party?["label"]?.string, !label.isEmpty else { return }
        labels.update(person, default: label) { $0 = label }
    }

    /// `nil` where no entry has one.
    func label(of person: Person) -> String? { labels.rows[person] }

    /// `alice@example.com (local|alice at https://idp.example)`: what distinguishes them is never left out.
    func name(of person: Person) -> String {
        let identity = "\(person.subject) at \(person.issuer)"
        guard let label = label(of: person) else { return identity }
        return "\(label) (\(identity))"
    }

    func json(_ person: Person) -> JSONValue {
        var members = [JSONMember("issuer", .string(person.issuer)), JSONMember("subject", .string(person.subject))]
        if let label = label(of: person) { members.append(JSONMember("label", .string(label))) }
        return .object(members)
    }
}
