import StrictJSON

extension JSONValue {
    /// A member for a person to read: plain text, a number's digits, `-` for what is not there.
    func text(_ name: String) -> String {
        switch self[name] {
        case .string(let text): Terminal.plain(text)
        case .number(let text): text
        case .bool(let value): value ? "yes" : "no"
        default: "-"
        }
    }

    /// Somebody, by their label, or else by issuer and subject.
    func party(_ name: String) -> String {
        guard let party = self[name], party.object != nil else { return "-" }
        return party["label"]?.string.map(Terminal.plain) ?? "\(party.text("issuer"))|\(party.text("subject"))"
    }
}
