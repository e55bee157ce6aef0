import StrictJSON

/// What a value of an entry may be, in the words of JSON Schema (draft 2020-12).
struct Shape: Sendable {
    let keywords: [JSONMember]

    init(_ keywords: [(String, JSONValue)]) { self.keywords = keywords.map { JSONMember($0.0, $0.1) } }

    private init(type: String, _ more: [(String, JSONValue)] = []) {
        self.init([("type", .string(type))] + more)
    }

    var json: JSONValue { .object(keywords) }

    /// As the member, or the definition, that is described so.
    func described(as meaning: String, title: String? = nil) -> JSONValue {
        let words = [title.map { JSONMember("title", .string($0)) }, JSONMember("description", .string(meaning))]
        return .object(words.compactMap { $0 } + keywords)
    }
}

extension Shape {
    static let text = Shape(type: "string")
    static let name = Shape(type: "string", [("minLength", 1)])
    static let flag = Shape(type: "boolean")
    static let integer = Shape(type: "integer")
    static let count = Shape(type: "integer", [("minimum", 0)])
    static let positive = Shape(type: "integer", [("minimum", 1)])

    static func shared(_ shape: SharedShape) -> Shape { Shape([("$ref", .string(shape.reference))]) }

    static func exactly(_ value: JSONValue) -> Shape { Shape([("const", value)]) }

    static func one(of words: [String]) -> Shape { Shape([("enum", .array(words.map { .string($0) }))]) }

    /// - Parameter pattern: A regular expression of ECMAScript that other dialects read alike; it holds for the whole
    ///   text only where it says so.
    static func text(matching pattern: String, _ more: (String, JSONValue)...) -> Shape {
        Shape(type: "string", [("pattern", .string(pattern))] + more)
    }

    static func list(of element: Shape, atLeast least: Int64 = 0) -> Shape {
        Shape(type: "array", [("items", element.json)] + (least > 0 ? [("minItems", .number("\(least)"))] : []))
    }

    /// An object with these members and no other.
    static func object(_ members: [Member], _ rules: [MemberRule] = []) -> Shape {
        Shape(
            type: "object",
            [
                ("properties", .object(members.map { JSONMember($0.name, $0.shape.described(as: $0.meaning)) })),
                ("required", .array(members.filter(\.isAlwaysThere).map { .string($0.name) })),
                // A member that this does not describe is a mistake, here or in what wrote the entry.
                ("additionalProperties", false),
            ] + (rules.isEmpty ? [] : [("allOf", .array(rules.map(\.json)))]))
    }

    /// An object whose names are data.
    static func dictionary(of value: Shape) -> Shape {
        Shape(type: "object", [("additionalProperties", value.json)])
    }

    static func either(_ shapes: Shape...) -> Shape { Shape([("oneOf", .array(shapes.map(\.json)))]) }

    /// Two forms of an object that are told apart by whether `member` is there.
    static func object(with member: String, is one: Shape, otherwise other: Shape) -> Shape {
        Shape([
            ("if", ["required": [.string(member)]]), ("then", one.json), ("else", other.json),
        ])
    }
}

/// A member of an object, and what it says.
struct Member: Sendable {
    let name: String
    let shape: Shape
    let meaning: String
    let isAlwaysThere: Bool

    static func always(_ name: String, _ shape: Shape, _ meaning: String) -> Member {
        Member(name: name, shape: shape, meaning: meaning, isAlwaysThere: true)
    }

    static func sometimes(_ name: String, _ shape: Shape, _ meaning: String) -> Member {
        Member(name: name, shape: shape, meaning: meaning, isAlwaysThere: false)
    }
}

/// Which members stand together.
struct MemberRule: Sendable {
    let json: JSONValue

    /// One of these is there, and none of the others.
    static func one(of names: String...) -> MemberRule {
        MemberRule(json: ["oneOf": .array(names.map { ["required": [.string($0)]] })])
    }

    /// One of these is there at least.
    static func some(of names: String...) -> MemberRule {
        MemberRule(json: ["anyOf": .array(names.map { ["required": [.string($0)]] })])
    }

    /// All of these are there, or none.
    static func together(_ names: String...) -> MemberRule {
        MemberRule(json: [
            "dependentRequired": .object(
                names.map { name in
                    JSONMember(name, .array(names.filter { $0 != name }.map { .string($0) }))
                })
        ])
    }

    /// `names` are there where `member` says `value`, and only there.
    static func onlyWhere(_ member: String, says value: String, _ names: String...) -> MemberRule {
        MemberRule(json: [
            "if": ["properties": .object([JSONMember(member, ["const": .string(value)])])],
            "then": ["required": .array(names.map { .string($0) })],
            "else": ["properties": .object(names.map { JSONMember($0, false) })],
        ])
    }
}
