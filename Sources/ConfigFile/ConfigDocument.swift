import Foundation
import Yams

/// Loads a configuration file against its declared keys.
public enum ConfigDocument {
    /// The largest file that is read, in bytes: a configuration is written by people.
    static let largestFile = 4 * 1024 * 1024

    /// Reads the YAML file at `path`.
    ///
    /// - Throws: `ConfigErrors` with everything that is wrong with it, each with line and column.
    public static func load(path: String, keys: [ConfigKey]) throws(ConfigErrors) -> ConfigSection {
        try load(text: text(path: path), file: path, keys: keys)
    }

    /// Reads `text`; `file` is what positions call it.
    public static func load(text: String, file: String, keys: [ConfigKey]) throws(ConfigErrors) -> ConfigSection {
        let root = try compose(text, file: file)
        var validator = ConfigValidator(file: file)
        let value = validator.validate(root, as: .mapping(keys), at: "")
        guard validator.errors.isEmpty, case .section(let section) = value else {
            throw ConfigErrors(
                validator.errors.sorted {
                    ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column)
                })
        }
        return section
    }

    static func text(path: String) throws(ConfigErrors) -> String {
        let start = ConfigPosition(file: path, line: 1, column: 1)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigErrors([
                ConfigError(
                    position: start, message: "the file cannot be read; is the path right, and may this user read it?")
            ])
        }
        guard data.count <= largestFile else {
            throw ConfigErrors([ConfigError(position: start, message: "the file is larger than 4 MiB")])
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ConfigErrors([ConfigError(position: start, message: "the file is not valid UTF-8")])
        }
        return text
    }

    static func compose(_ text: String, file: String) throws(ConfigErrors) -> Node {
        let start = ConfigPosition(file: file, line: 1, column: 1)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw ConfigErrors([ConfigError(yaml: error, file: file)])
        } catch {
            throw ConfigErrors([ConfigError(position: start, message: "\(error)")])
        }
        guard let root, root != Node("") else {
            throw ConfigErrors([ConfigError(position: start, message: "the file is empty")])
        }
        return root
    }
}

extension String {
    fileprivate init?(validating data: Data, as encoding: UTF8.Type) {
        self.init(validating: Array(data), as: encoding)
    }
}

extension ConfigError {
    fileprivate init(yaml error: YamlError, file: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(
                position: ConfigPosition(file: file, line: mark.line, column: mark.column),
                message: "this is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(
                position: ConfigPosition(file: file, line: context.mark.line, column: context.mark.column),
                message: "the key \(duplicates.map { "\"\($0)\"" }.joined(separator: ", ")) stands twice")
        default:
            self.init(position: ConfigPosition(file: file, line: 1, column: 1), message: "this is not YAML: \(error)")
        }
    }
}
