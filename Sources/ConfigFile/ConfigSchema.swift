import StrictJSON

extension ConfigDocument {
    /// The JSON Schema (draft 2020-12) of a file with these keys, for editors and other tools.
    public static func jsonSchema(keys: [ConfigKey], title: String) -> JSONValue {
        var members = schema(of: keys)
        members.insert(JSONMember("$schema", "https://json-schema.org/draft/2020-12/schema"), at: 0)
        members.insert(JSONMember("title", .string(title)), at: 1)
        return .object(members)
    }

    private static func schema(of keys: [ConfigKey]) -> [JSONMember] {
        var members = [
            JSONMember("type", "object"), JSONMember("additionalProperties", false),
            JSONMember("properties", .object(keys.map { JSONMember($0.name, schema(of: $0)) })),
        ]
        let required = keys.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { members.append(JSONMember("required", .array(required))) }
        return members
    }

    private static func schema(of key: ConfigKey) -> JSONValue {
        var members = schema(of: key.kind)
        members.append(JSONMember("description", .string(key.summary)))
        if let text = key.defaultText, let value = defaultValue(text, of: key.kind) {
            members.append(JSONMember("default", value))
        }
        return .object(members)
    }

    private static func defaultValue(_ text: String, of kind: ConfigValueKind) -> JSONValue? {
        switch kind {
        case .integer: .number(text)
        case .boolean: .bool(text == "true")
        default: .string(text)
        }
    }

    private static func schema(of kind: ConfigValueKind) -> [JSONMember] {
        func text(_ pattern: String?) -> [JSONMember] {
            [JSONMember("type", "string")] + (pattern.map { [JSONMember("pattern", .string($0))] } ?? [])
        }
        switch kind {
        case .string: return text(nil)
        case .path, .file: return text("^[^\\u0000]+$")
        case .integer(let range):
            return [
                JSONMember("type", "integer"), JSONMember("minimum", .number(String(range.lowerBound))),
                JSONMember("maximum", .number(String(range.upperBound))),
            ]
        case .boolean: return [JSONMember("type", "boolean")]
        case .duration: return text("^[0-9]+(ms|s|m|h|d|y)$")
        case .byteSize:
            return [JSONMember("type", ["string", "integer"]), JSONMember("pattern", "^[0-9]+(KiB|MiB|GiB)?$")]
        case .address: return text("^.+:[0-9]{1,5}$")
        case .url: return text("^https?://")
        case .secret: return text("^(env|file):.+$")
        case .choice(let words): return [JSONMember("enum", .array(words.map { .string($0) }))]
        case .list(let element):
            return [JSONMember("type", "array"), JSONMember("items", .object(schema(of: element)))]
        case .mapping(let keys): return schema(of: keys)
        case .dictionary(let element):
            return [JSONMember("type", "object"), JSONMember("additionalProperties", .object(schema(of: element)))]
        case .variants(let discriminator, let variants, let common):
            let alternatives = variants.keys.sorted().map { word in
                let own = ConfigKey(discriminator, .choice([word]), required: true, summary: "Which kind this is.")
                return JSONValue.object(schema(of: [own] + common + (variants[word] ?? [])))
            }
            return [JSONMember("oneOf", .array(alternatives))]
        }
    }
}
