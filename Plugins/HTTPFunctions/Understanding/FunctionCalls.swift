import GatewayCore
import StrictJSON

/// Function calls in OpenAI's form: the `tool_calls` of a chat message, or `function_call` items, posted to a service
/// that runs them. Each call is an effect of its own; all are judged together.
struct FunctionCalls {
    let command: Command

    init(_ call: PlainCall, _ request: FunctionRequest) throws(RequestRefusal) {
        guard let json = call.json else { throw Self.invalid("There is no JSON body with function calls in it.") }
        let items = try Self.items(in: json)
        guard !items.isEmpty else { throw Self.invalid("The body holds no function call.") }
        var effects: [Effect] = []
        var parameters: [Parameter] = []
        for (index, item) in items.enumerated() {
            guard let name = item["name"]?.string, !name.isEmpty else {
                throw Self.invalid("A function call has no name.")
            }
            effects.append(
                Effect(
                    action: "function.call",
                    resource: Resource(type: "Tool", name: name, attributes: ["path": .string(request.decodedPath)])))
            let prefix = items.count == 1 ? "" : "\(index)."
            for member in try Self.arguments(item["arguments"], of: name) {
                parameters.append(Parameter(name: prefix + member.name, value: member.value, encoding: "arguments"))
            }
        }
        let names = effects.map(\.resource.name).joined(separator: ", ")
        command = Command(
            effects: effects, text: "\(PlainCall.text(request)) \(names)",
            parameters: call.queryAndHeaders + parameters, facts: call.command.facts)
    }

    /// The objects that have `name` and `arguments`.
    private static func items(in json: JSONValue) throws(RequestRefusal) -> [JSONValue] {
        if let calls = json["tool_calls"] {
            guard let elements = calls.array else { throw invalid("tool_calls is a list.") }
            var items: [JSONValue] = []
            for element in elements {
                guard element["type"] == "function", let function = element["function"] else {
                    throw invalid("Each of tool_calls has the type \"function\" and a function.")
                }
                items.append(function)
            }
            return items
        }
        let elements = json.array ?? json["output"]?.array ?? json["input"]?.array ?? [json]
        return elements.filter { $0["type"] == "function_call" }
    }

    /// The arguments are JSON inside a JSON text, and as strictly read as the body around them.
    private static func arguments(_ value: JSONValue?, of name: String) throws(RequestRefusal) -> [JSONMember] {
        switch value {
        case .none, .null: return []
        case .object(let members): return members
        case .string(let text):
            if text.isEmpty { return [] }
            let parsed: JSONValue
            do {
                parsed = try JSONValue(parsing: text)
            } catch {
                throw invalid("The arguments of \(name) are not JSON: \(error).")
            }
            guard let members = parsed.object else { throw invalid("The arguments of \(name) are not an object.") }
            return members
        default: throw invalid("The arguments of \(name) are not a text.")
        }
    }

    private static func invalid(_ reason: String) -> RequestRefusal {
        RequestRefusal(
            status: 400, rule: "function-call-invalid", reason: reason,
            nextStep: "Send tool_calls or function_call items as the OpenAI API gives them.")
    }
}
