import Identifiers

/// The fields of a query or a form (`application/x-www-form-urlencoded`), read strictly: what two readers could
/// understand differently is refused.
struct FormFields: Sendable {
    private let fields: [(name: String, value: String)]

    init(_ fields: [(name: String, value: String)]) { self.fields = fields }

    /// The value of `name`; `nil` when it is absent or empty.
    subscript(name: String) -> String? {
        fields.first { $0.name == name }.map(\.value).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A number in decimal digits, within `range`.
    func number<Number: FixedWidthInteger>(_ name: String, in range: ClosedRange<Number>) throws -> Number? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Number(text), range.contains(number)
        else {
            throw Problem.badRequest(
                "\(name) must be a number from \(range.lowerBound) to \(range.upperBound), not \"\(text.prefix(64))\".")
        }
        return number
    }

    /// A moment as RFC 3339 in UTC.
    func time(_ name: String) throws -> Timestamp? {
        guard let text = self[name] else { return nil }
        guard let time = Timestamp(text) else {
            throw Problem.badRequest(
                "\(name) must be a moment such as 2026-11-23T15:04:05Z, not \"\(text.prefix(64))\".")
        }
        return time
    }

    /// The moments `from` and `to`, between which something can lie.
    func period() throws -> (from: Timestamp?, to: Timestamp?) {
        let (from, to) = (try time("from"), try time("to"))
        if let from, let to, from >= to {
            throw Problem.badRequest(
                "from is not before to, so that nothing can be found.", next: "Send the earlier moment as from.")
        }
        return (from, to)
    }

    func id(_ name: String) throws -> UUIDv7? {
        guard let text = self[name] else { return nil }
        guard let id = UUIDv7(text) else {
            throw Problem.badRequest("\(name) must be what the page before gave, not \"\(text.prefix(64))\".")
        }
        return id
    }

    /// One of the values of an enumeration.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, of type: Choice.Type) throws -> Choice?
    {
        guard let text = self[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = type.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.badRequest("\(name) must be one of \(choices), not \"\(text.prefix(64))\".")
        }
        return choice
    }

    /// - Throws: `Problem` for a broken escape, text that is not UTF-8, a zero byte, or a name that stands twice.
    static func parse(_ bytes: [UInt8]) throws -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(halves[0])
            guard !fields.contains(where: { $0.name == name }) else {
                throw Problem.badRequest("The parameter \"\(name.prefix(64))\" is given twice.", next: "Give it once.")
            }
            fields.append((name, halves.count > 1 ? try decode(halves[1]) : ""))
        }
        return fields
    }

    private static func decode(_ bytes: ArraySlice<UInt8>) throws -> String {
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): out.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
                    throw Problem.badRequest("A percent escape is broken.")
                }
                out.append(high << 4 | low)
            default: out.append(byte)
            }
        }
        guard !out.contains(0), let text = String(validating: out, as: UTF8.self) else {
            throw Problem.badRequest("A parameter is not UTF-8 text.")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
