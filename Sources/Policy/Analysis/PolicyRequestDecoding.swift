import StrictJSON

/// Why a test table or a recorded request cannot be read.
public struct PolicyDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where, as `cases[3].context.size`.
    public let path: String
    public let message: String

    public var description: String { "\(path): \(message)" }
}

extension Value {
    /// Reads a value as JSON writes it: a list is a set, an object a record, and `{"__extn": {"fn": "ip", "arg": "::1"}}`,
    /// `{"__entity": {"type": "User", "id": "x"}}` as in Cedar's own JSON format. Numbers are integers.
    public init(json: JSONValue, path: String = "value") throws(PolicyDecodingError) {
        func refuse(_ message: String) -> PolicyDecodingError { PolicyDecodingError(path: path, message: message) }
        switch json {
        case .null: throw refuse("null has no place in a policy's data; leave the member out")
        case .bool(let value): self = .bool(value)
        case .string(let value): self = .string(value)
        case .number(let text):
            guard let value = Int64(text) else { throw refuse("\(text) is no 64-bit integer") }
            self = .long(value)
        case .array(let elements):
            var set: Set<Value> = []
            for (index, element) in elements.enumerated() {
                set.insert(try Value(json: element, path: "\(path)[\(index)]"))
            }
            self = .set(set)
        case .object(let members):
            if let call = json["__extn"], members.count == 1 {
                guard let name = call["fn"]?.string, let argument = call["arg"]?.string,
                    let function = ExtensionFunction(rawValue: name), function.isConstructor
                else { throw refuse("__extn takes fn (ip, decimal, datetime or duration) and arg, a string") }
                do throws(EvaluationError) {
                    self = try function.apply([.string(argument)])
                } catch {
                    throw refuse(error.message)
                }
            } else if let entity = json["__entity"], members.count == 1 {
                guard let type = entity["type"]?.string, let id = entity["id"]?.string else {
                    throw refuse("__entity takes type and id, both strings")
                }
                self = .entity(EntityUID(type: type, id: id))
            } else {
                self = .record(try Self.record(json, path: path))
            }
        }
    }

    /// Reads an object's members as attributes.
    public static func record(_ json: JSONValue, path: String) throws(PolicyDecodingError) -> [String: Value] {
        guard let members = json.object else { throw PolicyDecodingError(path: path, message: "expected a mapping") }
        var record: [String: Value] = [:]
        for member in members { record[member.name] = try Value(json: member.value, path: "\(path).\(member.name)") }
        return record
    }
}

extension PolicyRequest {
    /// The keys that `init(json:path:)` reads.
    public static let keys = [
        "principal", "groups", "groupsUnknown", "principalAttributes", "action", "resource", "in", "resourceAttributes",
        "context",
    ]

    /// Reads a request as test tables and recordings hold it:
    /// ```
    /// principal: alice                    # or User::"alice"
    /// groups: [payments]                  # or groupsUnknown: "more than 200 groups"
    /// action: http.post                   # or Action::"http.post"
    /// resource: Function::"pay/refund"
    /// in: [Target::"pay"]                 # the resource's parents
    /// context: { amount: 5 }
    /// ```
    /// Optional are `groups`, `groupsUnknown`, `in`, `context`, and the mappings `principalAttributes` and
    /// `resourceAttributes`.
    public init(json: JSONValue, path: String) throws(PolicyDecodingError) {
        guard json.object != nil else { throw PolicyDecodingError(path: path, message: "expected a mapping") }
        let groups = try Self.texts(json["groups"], path: "\(path).groups")
        let groupsUnknown = try Self.text(json["groupsUnknown"], path: "\(path).groupsUnknown")
        if groupsUnknown != nil, !groups.isEmpty {
            throw PolicyDecodingError(path: "\(path).groupsUnknown", message: "groups are either given or unknown")
        }
        var parents: [EntityUID] = []
        for text in try Self.texts(json["in"], path: "\(path).in") {
            parents.append(try Self.uid(.string(text), defaultType: nil, path: "\(path).in"))
        }
        let principal = Entity(
            try Self.uid(json["principal"], defaultType: "User", path: "\(path).principal"),
            attributes: try json["principalAttributes"].map { json throws(PolicyDecodingError) in
                try Value.record(json, path: "\(path).principalAttributes")
            } ?? [:],
            parents: groups.map { EntityUID(type: "Group", id: $0) }, groupsUnknown: groupsUnknown)
        let resource = Entity(
            try Self.uid(json["resource"], defaultType: nil, path: "\(path).resource"),
            attributes: try json["resourceAttributes"].map { json throws(PolicyDecodingError) in
                try Value.record(json, path: "\(path).resourceAttributes")
            } ?? [:],
            parents: parents)
        self.init(
            principal: principal,
            action: try Self.uid(json["action"], defaultType: "Action", path: "\(path).action"), resource: resource,
            context: try json["context"].map { json throws(PolicyDecodingError) in
                try Value.record(json, path: "\(path).context")
            } ?? [:])
    }

    private static func uid(
        _ json: JSONValue?, defaultType: String?, path: String
    ) throws(PolicyDecodingError) -> EntityUID {
        guard let text = json?.string else {
            throw PolicyDecodingError(path: path, message: json == nil ? "is missing" : "expected a string")
        }
        if let uid = EntityUID(text) { return uid }
        if let defaultType, !text.isEmpty, !text.contains("::\"") { return EntityUID(type: defaultType, id: text) }
        throw PolicyDecodingError(path: path, message: "\(quoted(text)) is no entity such as Target::\"ledger\"")
    }

    static func text(_ json: JSONValue?, path: String) throws(PolicyDecodingError) -> String? {
        guard let json else { return nil }
        guard let text = json.string else { throw PolicyDecodingError(path: path, message: "expected a string") }
        return text
    }

    static func texts(_ json: JSONValue?, path: String) throws(PolicyDecodingError) -> [String] {
        guard let json else { return [] }
        if let text = json.string { return [text] }
        guard let elements = json.array else {
            throw PolicyDecodingError(path: path, message: "expected a string or a list of strings")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string else {
                throw PolicyDecodingError(path: "\(path)[\(index)]", message: "expected a string")
            }
            texts.append(text)
        }
        return texts
    }
}
