import Masking
import StrictJSON

/// Takes out of a command what must not stand in clear in its record: values that a detector knows, and values whose
/// name or place a masking rule selects. Keyed digests stand for them, so that a known value can be searched for.
struct Redaction: Sendable {
    let detectors: SensitiveTextRedactor
    /// At the root of the command's parameters, taken as the members of one document.
    let fields: FieldCursor
    private let plan: MaskingPlan

    /// - Parameter plan: The rules that apply to the command's answer.
    init(detectors: SensitiveTextRedactor, plan: MaskingPlan) {
        self.detectors = detectors
        fields = plan.fields
        self.plan = plan
    }

    /// A text of the command that is no parameter. Parameters may stand in it, as `name=value`.
    func text(_ text: String) -> String {
        let named = selectsNames ? NamedValues.replace(in: text, whereNamed: isSelected, by: digest) : text
        return detectors.redact(named) ?? named
    }

    /// The command's own text.
    func text(of command: Command) -> String {
        guard selectsNames, !command.namedPlaces.isEmpty else { return text(command.text) }
        let places = command.namedPlaces.filter(isSelected).flatMap(\.text).sorted { $0.lowerBound < $1.lowerBound }
        let bytes = Array(command.text.utf8)
        var output = ""
        var written = 0
        for place in places where written <= place.lowerBound && place.upperBound <= bytes.count {
            output += text(String(decoding: bytes[written..<place.lowerBound], as: UTF8.self))
            output += digest(NamedValues.content(ofLiteral: String(decoding: bytes[place], as: UTF8.self)))
            written = place.upperBound
        }
        return output + text(String(decoding: bytes[written...], as: UTF8.self))
    }

    /// The values of the command's parameters.
    func values(of command: Command) -> [JSONValue] {
        guard selectsNames, !command.namedPlaces.isEmpty else { return command.parameters.map(value) }
        let selected = Set(command.namedPlaces.filter(isSelected).flatMap(\.parameters))
        return command.parameters.enumerated().map { index, parameter in
            selected.contains(index) ? digests(of: parameter.value) : value(parameter)
        }
    }

    /// Whether what is taken out of the command's text hangs on where its named values stand.
    func dependsOnPlaces(of command: Command) -> Bool { selectsNames && !command.namedPlaces.isEmpty }

    private var selectsNames: Bool { plan.selectsByName || !fields.selectsNothing }

    private func isSelected(_ places: NamedPlaces) -> Bool {
        places.names.isEmpty || places.names.contains(where: isSelected)
    }

    /// The value with digests for all that it holds.
    private func digests(of value: JSONValue) -> JSONValue {
        switch value {
        case .null: value
        case .bool(let flag): .string(digest(flag ? "true" : "false"))
        case .number(let text), .string(let text): .string(digest(text))
        case .array(let elements): .array(elements.map(digests))
        case .object(let members): .object(members.map { JSONMember($0.name, digests(of: $0.value)) })
        }
    }

    private func isSelected(_ name: String) -> Bool {
        fields.member(name).isSelected || plan.selectsColumn(named: name)
    }

    private func digest(_ value: String) -> String { detectors.digest(of: value) }

    private func value(_ parameter: Parameter) -> JSONValue {
        let place = fields.member(parameter.name)
        let value = value(parameter.value, at: place)
        // A list has no member names, so an adapter that reads a whole document into one parameter had to make up its
        // name: it may as well be the document itself.
        guard case .array = value, !place.isSelected else { return value }
        return self.value(value, at: fields)
    }

    /// The value as it may be recorded. All its numbers are 64-bit integers, the only ones that are canonical.
    private func value(_ value: JSONValue, at place: FieldCursor) -> JSONValue {
        switch value {
        case .null: return value
        case .bool(let flag): return place.isSelected ? .string(digest(flag ? "true" : "false")) : value
        case .number(let text):
            if place.isSelected { return .string(digest(text)) }
            if let redacted = detectors.redact(text) { return .string(redacted) }
            return Int64(text).map(String.init) == text ? value : .string(text)
        case .string(let text): return .string(string(text, at: place))
        case .array(let elements):
            return .array(elements.enumerated().map { self.value($0.element, at: place.element($0.offset)) })
        case .object(let members):
            var names = UniqueNames()
            // Taken in their canonical order, so that equal objects are recorded alike.
            let ordered = members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) }
            return .object(
                ordered.map { member in
                    JSONMember(
                        names.take(detectors.redact(member.name) ?? member.name),
                        self.value(member.value, at: place.member(member.name)))
                })
        }
    }

    /// A string may hold a document, as function-call arguments do.
    private func string(_ text: String, at place: FieldCursor) -> String {
        if place.isSelected { return digest(text) }
        if !place.selectsNothing, let first = text.utf8.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let document = try? JSONValue(parsing: Array(text.utf8), within: .ownRecord)
        {
            return String(decoding: value(document, at: place.nestedDocument).canonicalBytes, as: UTF8.self)
        }
        return detectors.redact(text) ?? text
    }
}

/// Names within one object: redaction can make two of them equal (a card number with and without spaces has one
/// digest), and neither member may be lost.
struct UniqueNames {
    private var taken: Set<String> = []

    /// `name`, or with `#2`, `#3`, … after it.
    mutating func take(_ name: String) -> String {
        if taken.insert(name).inserted { return name }
        var number = 2
        while !taken.insert("\(name)#\(number)").inserted { number += 1 }
        return "\(name)#\(number)"
    }
}
