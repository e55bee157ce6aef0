import StrictJSON

/// One thing that a caller asks for, in words that every protocol shares.
///
/// An adapter translates its traffic into commands; the core decides, records and, where policy says so, asks a
/// person about exactly this value. What an adapter could not understand it says with the fact `opaque`.
public struct Command: Sendable {
    /// Everything the command does: each effect becomes one policy request, and all of them must be allowed.
    public var effects: [Effect] { didSet { form = nil } }
    /// The command as a person would write it, e.g. `POST /refund?dry=1` or `DELETE FROM customers`.
    public var text: String
    /// What the command is called with, in the order in which the protocol carries it.
    public var parameters: [Parameter]
    /// What the adapter knows about the command; each name is declared by the adapter.
    public var facts: [Fact] { didSet { form = nil } }
    /// What effects and facts belong to, where the adapter knows them from commands before.
    public private(set) var form: CommandForm?
    /// What some of the values are, for those who write the command down. Not part of the digest.
    public var namedPlaces: [NamedPlaces]
    /// The W3C `traceparent` that this command belongs to, when the protocol carries one. Not part of the digest.
    public var traceParent: String?

    public init(
        effects: [Effect], text: String, parameters: [Parameter] = [], facts: [Fact] = [],
        namedPlaces: [NamedPlaces] = [], traceParent: String? = nil
    ) {
        precondition(!effects.isEmpty, "a command has at least one effect")
        self.effects = effects
        self.text = text
        self.parameters = parameters
        self.facts = facts
        self.namedPlaces = namedPlaces
        self.traceParent = traceParent
    }

    /// A command with the effects and facts of `form`.
    public init(
        _ form: CommandForm, text: String, parameters: [Parameter] = [], namedPlaces: [NamedPlaces] = [],
        traceParent: String? = nil
    ) {
        self.init(
            effects: form.effects, text: text, parameters: parameters, facts: form.facts, namedPlaces: namedPlaces,
            traceParent: traceParent)
        self.form = form
    }
}

/// One action on one resource.
public struct Effect: Sendable, Hashable {
    /// A dotted verb that the adapter declares: `http.post`, `mcp.tools/call`, `sql.delete`.
    public var action: String
    public var resource: Resource

    public init(action: String, resource: Resource) {
        self.action = action
        self.resource = resource
    }
}

/// What an effect touches: a function, a table, a file. A policy sees it as `Type::"target/name"` below
/// `Target::"target"`.
public struct Resource: Sendable, Hashable {
    /// The entity type, as the adapter declares it: `Function`, `Tool`, `Table`.
    public var type: String
    /// The name within the target, e.g. `refund` or `public.customers`; the core puts the target's name before it.
    public var name: String
    public var attributes: [String: FactValue]

    public init(type: String, name: String, attributes: [String: FactValue] = [:]) {
        self.type = type
        self.name = name
        self.attributes = attributes
    }
}

/// One thing that the command is called with.
public struct Parameter: Sendable, Hashable {
    public var name: String
    public var value: JSONValue
    /// Where the value stood: `json`, `query`, `form`, `header`, `argv`, `bind`, …
    public var encoding: String

    public init(name: String, value: JSONValue, encoding: String) {
        self.name = name
        self.value = value
        self.encoding = encoding
    }
}

/// A typed statement about a command, for policies: `http.body_bytes = 120`, `sql.has_where = false`.
public struct Fact: Sendable, Hashable {
    /// The declared name; a policy reads `http.body_bytes` as `context.http.body_bytes`.
    public var name: String
    public var value: FactValue

    public init(_ name: String, _ value: FactValue) {
        self.name = name
        self.value = value
    }
}

public enum FactValue: Sendable, Hashable {
    case bool(Bool)
    case integer(Int64)
    case string(String)
    /// SHA-256 of something that the caller sent, 64 hexadecimal digits: a text for policies, and on record a keyed digest
    /// of it, as what has a known form can be found by trying.
    case contentDigest(String)
    case strings([String])
}
