/// The name of one entity: `User::"https://issuer|sub"`, `Target::"ledger"`, `Action::"sql.read"`.
///
/// Two are equal when type and id are the same bytes.
public struct EntityUID: Sendable {
    /// The type with its namespaces, as `Bank::Account`.
    public let type: String
    /// The id as it is, without quotes and escapes.
    public let id: String

    public init(type: String, id: String) {
        self.type = type
        self.id = id
    }
}

extension EntityUID: Hashable {
    public static func == (left: EntityUID, right: EntityUID) -> Bool {
        identical(left.id, right.id) && identical(left.type, right.type)
    }

    public func hash(into hasher: inout Hasher) {
        hashBytes(of: type, into: &hasher)
        hashBytes(of: id, into: &hasher)
    }
}

extension EntityUID: CustomStringConvertible {
    /// As policies write it: `Type::"id"`, with escapes.
    public var description: String { "\(type)::\(quoted(id))" }
}

extension EntityUID {
    /// Reads the form that policies use (`Ns::Type::"id"`); `nil` when `text` is anything else.
    public init?(_ text: String) {
        var parser = PolicyParser(source: PolicySource(name: "", text: text))
        guard let uid = parser.parseWholeEntityUID() else { return nil }
        self = uid
    }
}

/// `text` as a Cedar string literal.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\0": result += "\\0"
        default:
            if scalar.value < 0x20 || scalar.value == 0x7f {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
    }
    return result + "\""
}
