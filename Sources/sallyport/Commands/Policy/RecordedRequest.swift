import GatewayCore
import Policy
import StrictJSON

/// What an intent or a refusal in the audit log asked the policies, rebuilt.
///
/// Close to what was asked, not the same: values that a detector knows stand redacted in the log, and attributes of
/// resources other than the name are not recorded.
struct RecordedRequest {
    let command: RecordedCommand
    let target: String

    /// `nil` for an entry that is no decision, and for a command that was too large to stand in the log itself.
    init?(entry: JSONValue) {
        guard let kind = entry["kind"]?.string, kind == "intent" || kind == "refusal",
            let id = entry["id"]?.string, let target = entry["target"]?["name"]?.string,
            let principal = Self.principal(entry["caller"]), let command = entry["command"],
            let effects = command["effects"]?.array, !effects.isEmpty
        else { return nil }
        let context = Self.context(command, time: entry["time"]?.string)
        var requests: [PolicyRequest] = []
        for effect in effects {
            guard let action = effect["action"]?.string, let type = effect["type"]?.string,
                let name = effect["resource"]?.string
            else { return nil }
            requests.append(
                PolicyRequest(
                    principal: principal, action: EntityUID(type: "Action", id: action),
                    resource: Entity(
                        EntityUID(type: type, id: "\(target)/\(name)"), attributes: ["name": .string(name)],
                        parents: [EntityUID(type: "Target", id: target)]), context: context))
        }
        self.command = RecordedCommand(id: id, requests: requests)
        self.target = target
    }

    private static func principal(_ caller: JSONValue?) -> Entity? {
        guard let caller, let issuer = caller["issuer"]?.string, let subject = caller["subject"]?.string else {
            return nil
        }
        var attributes: [String: Value] = ["issuer": .string(issuer), "subject": .string(subject)]
        if let label = caller["label"]?.string { attributes["email"] = .string(label) }
        let uid = EntityUID(type: "User", id: "\(issuer)|\(subject)")
        if let unknown = caller["groups"]?["unknown"]?.string {
            return Entity(uid, attributes: attributes, groupsUnknown: unknown)
        }
        let groups = caller["groups"]?.array?.compactMap(\.string) ?? []
        return Entity(uid, attributes: attributes, parents: groups.map { EntityUID(type: "Group", id: $0) })
    }

    /// As the gateway builds it: parameters by name, and facts as records by what stands before their dot.
    private static func context(_ command: JSONValue, time: String?) -> [String: Value] {
        var context: [String: Value] = ["opaque": .bool(false)]
        if let time, let value = try? Value(json: ["__extn": ["fn": "datetime", "arg": .string(time)]]) {
            context["now"] = value
        }
        if let text = command["text"]?.string { context["text"] = .string(text) }
        var parameters: [String: Value] = [:]
        for parameter in command["parameters"]?.array ?? [] {
            guard let name = parameter["name"]?.string, let value = parameter["value"].flatMap({ Value($0) }) else {
                continue
            }
            if let first = parameters[name] {
                if case .set(let values) = first {
                    parameters[name] = .set(values.union([value]))
                } else {
                    parameters[name] = .set([first, value])
                }
            } else {
                parameters[name] = value
            }
        }
        context["parameters"] = .record(parameters)
        var namespaces: [String: [String: Value]] = [:]
        for fact in command["facts"]?.object ?? [] {
            guard let value = Value(fact.value) else { continue }
            let parts = fact.name.split(separator: ".", maxSplits: 1).map(String.init)
            if parts.count == 2 {
                namespaces[parts[0], default: [:]][parts[1]] = value
            } else {
                context[fact.name] = value
            }
        }
        for (namespace, facts) in namespaces { context[namespace] = .record(facts) }
        return context
    }
}

extension Value {
    /// A JSON value as the gateway shows parameters to policies; `null` is an absent member.
    fileprivate init?(_ json: JSONValue) {
        switch json {
        case .null: return nil
        case .bool(let value): self = .bool(value)
        case .string(let text): self = .string(text)
        case .number(let text):
            if let integer = Int64(text) {
                self = .long(integer)
            } else if let decimal = Value.Decimal(text) {
                self = .decimal(decimal)
            } else {
                self = .string(text)
            }
        case .array(let elements): self = .set(Set(elements.compactMap { Value($0) }))
        case .object(let members):
            var record: [String: Value] = [:]
            for member in members { record[member.name] = Value(member.value) }
            self = .record(record)
        }
    }
}
