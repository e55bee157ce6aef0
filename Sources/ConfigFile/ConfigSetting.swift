import Foundation
import Identifiers
import StrictJSON

/// One value of the file by the path of its key, for records of what the file says.
///
/// What means the same reads the same: `60s` is `1m`, and how the file is laid out makes no difference.
public struct ConfigSetting: Sendable, Hashable {
    public enum Value: Sendable, Hashable {
        case shown(JSONValue)
        /// Not to be recorded; to be compared by a keyed digest only.
        case hidden(Secret)
    }

    /// `audit.durability`, `targets[ledger].connection.host`: an element of a list by what names it, else by its place.
    public let path: String
    public let value: Value
    /// Where that lies which the value only names: other contents there are another configuration.
    public let source: SecretReference?
}

extension ConfigSection {
    /// Every value that the file itself has, in the order of the declarations; defaults are not among them.
    public var settings: [ConfigSetting] {
        var reader = SettingReader()
        reader.read(self, at: "")
        return reader.settings
    }
}

private struct SettingReader {
    /// What names a mapping in a list, where all in the list have it and no two the same.
    static let namingKeys = ["name", "issuer", "user", "adapter"]

    private(set) var settings: [ConfigSetting] = []

    mutating func read(_ section: ConfigSection, at path: String) {
        // That there is a mapping can mean something by itself.
        if section.entries.isEmpty { return add(path, .shown([:])) }
        for key in section.keys {
            guard let entry = section.entries[key.name] else { continue }
            read(entry.value, key.kind, key.disclosure, at: path.isEmpty ? key.name : "\(path).\(key.name)")
        }
    }

    private mutating func read(
        _ value: ConfigValue, _ kind: ConfigValueKind, _ disclosure: ConfigDisclosure, at path: String
    ) {
        switch value {
        case .section(let section): read(section, at: path)
        case .list(let elements):
            guard !elements.isEmpty else { return add(path, .shown([])) }
            let sections = elements.compactMap { if case .section(let section) = $0 { section } else { nil } }
            guard sections.count == elements.count else {
                return addScalar(path, value, kind, disclosure)
            }
            for (section, name) in zip(sections, Self.names(of: sections)) { read(section, at: "\(path)[\(name)]") }
        case .dictionary(let members):
            guard !members.isEmpty else { return add(path, .shown([:])) }
            let element: ConfigValueKind = if case .dictionary(let element) = kind { element } else { .string }
            for (index, (name, member)) in members.enumerated() {
                read(
                    member, disclosure.isFile(name) ? .file : element, disclosure.ofMember(name),
                    at: Self.isPlain(name) ? "\(path).\(name)" : "\(path)[\(index)]")
            }
        default: addScalar(path, value, kind, disclosure)
        }
    }

    private mutating func addScalar(
        _ path: String, _ value: ConfigValue, _ kind: ConfigValueKind, _ disclosure: ConfigDisclosure
    ) {
        add(path, Self.scalar(value, kind, disclosure), from: Self.source(value, kind))
    }

    private mutating func add(_ path: String, _ value: ConfigSetting.Value, from source: SecretReference? = nil) {
        settings.append(ConfigSetting(path: path, value: value, source: source))
    }

    /// A name that could be taken for a part of a path makes no part of one.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }
    }

    private static func names(of sections: [ConfigSection]) -> [String] {
        for key in namingKeys {
            let names = sections.compactMap { section -> String? in
                guard case .string(let name) = section.entries[key]?.value,
                    let declared = section.keys.first(where: { $0.name == key }),
                    case .shown(.string) = scalar(.string(name), declared.kind, declared.disclosure), isPlain(name)
                else { return nil }
                return name
            }
            if names.count == sections.count, Set(names).count == names.count { return names }
        }
        return sections.indices.map(String.init)
    }

    // MARK: Values

    private static func scalar(
        _ value: ConfigValue, _ kind: ConfigValueKind, _ disclosure: ConfigDisclosure
    ) -> ConfigSetting.Value {
        let text = json(value)
        guard kind.holdsFreeText else { return .shown(text) }
        guard case .shown = disclosure, !hasSecretPart(value, kind) else {
            return .hidden(Secret(String(decoding: text.canonicalBytes, as: UTF8.self)))
        }
        return .shown(text)
    }

    private static func source(_ value: ConfigValue, _ kind: ConfigValueKind) -> SecretReference? {
        switch (value, kind) {
        case (.secret(let reference), _): reference
        case (.string(let path), .file): .file(path)
        default: nil
        }
    }

    private static func json(_ value: ConfigValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .integer(let number): .number(String(number))
        case .boolean(let flag): .bool(flag)
        case .duration(let duration): .string(duration.unitText)
        case .address(let address): .string("\(address)")
        case .secret(let reference): .string("\(reference)")
        case .list(let elements): .array(elements.map(json))
        // Read member by member.
        case .dictionary, .section: .null
        }
    }

    /// RFC 3986: what may carry a credential in a URL whose key is no secret.
    private static func hasSecretPart(_ value: ConfigValue, _ kind: ConfigValueKind) -> Bool {
        switch (value, kind) {
        case (.list(let elements), .list(let kind)): elements.contains { hasSecretPart($0, kind) }
        case (.string(let text), .url):
            URLComponents(string: text).map {
                $0.user != nil || $0.password != nil || $0.query != nil || $0.fragment != nil
            } ?? true
        default: false
        }
    }
}

extension ConfigDisclosure {
    fileprivate func ofMember(_ name: String) -> ConfigDisclosure {
        switch self {
        case .hidden, .shown: self
        case .members(let names, let files): names.contains(name) || files.contains(name) ? .shown : .hidden
        }
    }

    fileprivate func isFile(_ name: String) -> Bool {
        if case .members(_, let files) = self { files.contains(name) } else { false }
    }
}

extension ConfigValueKind {
    /// Whether somebody may have written anything at all there.
    fileprivate var holdsFreeText: Bool {
        switch self {
        case .string, .url: true
        case .integer, .boolean, .duration, .byteSize, .address, .path, .file, .secret, .choice: false
        case .list(let element), .dictionary(let element): element.holdsFreeText
        case .mapping, .variants: true
        }
    }
}
