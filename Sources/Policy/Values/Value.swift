/// A Cedar value (Cedar reference, "Data types").
public enum Value: Sendable {
    case bool(Bool)
    case long(Int64)
    case string(String)
    case set(Set<Value>)
    case record([String: Value])
    case entity(EntityUID)
    case decimal(Decimal)
    case datetime(Datetime)
    case duration(Duration)
    case ip(IPAddress)

    /// A set of texts, as a list-valued fact makes it.
    public static func strings(_ texts: some Sequence<String>) -> Value { .set(Set(texts.map { .string($0) })) }
}

extension Value: Hashable {
    /// Values of different types are unequal, never an error; texts compare by bytes.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): identical(left, right)
        case (.long(let left), .long(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (.entity(let left), .entity(let right)): left == right
        case (.set(let left), .set(let right)): left == right
        case (.record(let left), .record(let right)):
            left.count == right.count && left.allSatisfy { right[exactly: $0.key] == $0.value }
        case (.decimal(let left), .decimal(let right)): left == right
        case (.datetime(let left), .datetime(let right)): left == right
        case (.duration(let left), .duration(let right)): left == right
        case (.ip(let left), .ip(let right)): left == right
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .bool(let value): hasher.combine(value)
        case .long(let value): hasher.combine(value)
        case .string(let value): hashBytes(of: value, into: &hasher)
        case .set(let value): hasher.combine(value)
        case .record(let value):
            // Members have no order, so their hashes are folded by an operation that has none either.
            var folded = 0
            for (name, member) in value {
                var each = Hasher()
                hashBytes(of: name, into: &each)
                each.combine(member)
                folded ^= each.finalize()
            }
            hasher.combine(folded)
        case .entity(let value): hasher.combine(value)
        case .decimal(let value): hasher.combine(value)
        case .datetime(let value): hasher.combine(value)
        case .duration(let value): hasher.combine(value)
        case .ip(let value): hasher.combine(value)
        }
    }
}

extension Value: CustomStringConvertible {
    /// As a policy would write it. Sets and records are sorted, so equal values read equal.
    public var description: String {
        switch self {
        case .bool(let value): value ? "true" : "false"
        case .long(let value): String(value)
        case .string(let value): quoted(value)
        case .set(let value): "[\(value.map(\.description).sorted().joined(separator: ", "))]"
        case .record(let value):
            "{\(value.map { "\(quoted($0.key)): \($0.value)" }.sorted().joined(separator: ", "))}"
        case .entity(let value): value.description
        case .decimal(let value): "decimal(\"\(value)\")"
        case .datetime(let value): "datetime(\"\(value)\")"
        case .duration(let value): "duration(\"\(value)\")"
        case .ip(let value): "ip(\"\(value)\")"
        }
    }

    /// The type's name, for messages.
    var typeName: String {
        switch self {
        case .bool: "bool"
        case .long: "long"
        case .string: "string"
        case .set: "set"
        case .record: "record"
        case .entity(let uid): "entity of type \(uid.type)"
        case .decimal: "decimal"
        case .datetime: "datetime"
        case .duration: "duration"
        case .ip: "ipaddr"
        }
    }
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .long(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: Value...) { self = .set(Set(elements)) }
    /// A name that stands twice keeps its last value.
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .record(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}
