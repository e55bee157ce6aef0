import Foundation
import StrictJSON
import Yams

extension ConfigDocument {
    /// Reads a YAML file of free form as JSON would say it: scalars by YAML 1.2's core schema, keys as text.
    ///
    /// - Throws: `ConfigErrors` when the file cannot be read, is not YAML, or expands beyond all reason.
    public static func value(path: String) throws(ConfigErrors) -> JSONValue {
        try value(text: text(path: path), file: path)
    }

    /// Reads `text`; `file` is what positions call it.
    public static func value(text: String, file: String) throws(ConfigErrors) -> JSONValue {
        let root = try compose(text, file: file)
        var reader = YAMLValueReader(file: file)
        do throws(ConfigError) {
            return try reader.value(of: root)
        } catch {
            throw ConfigErrors([error])
        }
    }
}

private struct YAMLValueReader {
    let file: String
    private var remainingNodes = 100_000

    init(file: String) { self.file = file }

    mutating func value(of node: Node) throws(ConfigError) -> JSONValue {
        remainingNodes -= 1
        guard remainingNodes > 0 else {
            throw error(node, "the file expands to more than 100000 values; does an alias repeat itself?")
        }
        switch node {
        case .scalar(let scalar): return self.scalar(scalar)
        case .sequence(let sequence):
            var elements: [JSONValue] = []
            for element in sequence { elements.append(try value(of: element)) }
            return .array(elements)
        case .mapping(let mapping):
            var members: [JSONMember] = []
            for (key, element) in mapping {
                guard case .scalar(let name) = key else { throw error(key, "a key is a word") }
                members.append(JSONMember(name.string, try value(of: element)))
            }
            return .object(members)
        case .alias: throw error(node, "an alias stands for nothing here")
        }
    }

    /// YAML 1.2.2 section 10.3.2. A number that JSON does not have (`.inf`, `0x1f`) stays a text.
    private func scalar(_ scalar: Node.Scalar) -> JSONValue {
        guard scalar.style == .plain, scalar.tag.description != "tag:yaml.org,2002:str" else {
            return .string(scalar.string)
        }
        switch scalar.string {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return .bool(true)
        case "false", "False", "FALSE": return .bool(false)
        default:
            if let number = try? JSONValue(parsing: scalar.string), case .number = number { return number }
            return .string(scalar.string)
        }
    }

    private func error(_ node: Node, _ message: String) -> ConfigError {
        ConfigError(
            position: ConfigPosition(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1),
            message: message)
    }
}
