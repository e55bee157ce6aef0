import StrictJSON

/// JSON for reading: indented by two, members in the order that they have.
enum JSONText {
    static func indented(_ value: JSONValue) -> String { text(value, indent: "") }

    private static func text(_ value: JSONValue, indent: String) -> String {
        let deeper = indent + "  "
        switch value {
        case .array(let elements) where !elements.isEmpty:
            let lines = elements.map { deeper + text($0, indent: deeper) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(deeper)\(scalar(.string($0.name))): \(text($0.value, indent: deeper))" }
            return "{\n\(lines.joined(separator: ",\n"))\n\(indent)}"
        default: return scalar(value)
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        // A number's own text stays: the canonical form would round what a double cannot hold.
        if case .number(let text) = value { return text }
        return String(decoding: value.canonicalBytes, as: UTF8.self)
    }
}
