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
        let named =
            !plan.selectsByName && fields.selectsNothing
            ? text : NamedValues.replace(in: text, whereNamed: isSelected, by: digest)
        return detectors.redact(named) ?? named
    }

    private func isSelected(_ name: String) -> Bool {
        fields.member(name).isSelected || plan.selectsColumn(named: name)
    }

    private func digest(_ value: String) -> String { detectors.digest(of: value) }

    func value(_ parameter: Parameter) -> JSONValue {
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
            let document = try? JSONValue(parsing: Array(text.utf8))
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
