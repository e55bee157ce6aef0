/// A value that has the form that its key declares.
enum ConfigValue: Sendable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case duration(Duration)
    case address(ConfigAddress)
    case secret(SecretReference)
    case list([ConfigValue])
    case dictionary([(String, ConfigValue)])
    case section(ConfigSection)
}

/// One mapping of the file with its declared keys, checked already: reading it cannot fail.
///
/// An absent key has its declared default. To read a key that is not declared, or as another kind, is a mistake in the
/// program and traps.
public struct ConfigSection: Sendable {
    struct Entry: Sendable {
        let value: ConfigValue
        let position: ConfigPosition
    }

    let keys: [ConfigKey]
    let entries: [String: Entry]
    /// Where the mapping starts.
    public let position: ConfigPosition

    init(keys: [ConfigKey], entries: [String: Entry], position: ConfigPosition) {
        self.keys = keys
        self.entries = entries
        self.position = position
    }

    /// A section in which nothing stands, so that all keys have their defaults: for a mapping that is absent.
    public static func empty(_ keys: [ConfigKey], position: ConfigPosition) -> ConfigSection {
        ConfigSection(keys: keys, entries: [:], position: position)
    }

    /// Whether the file itself has the key.
    public func has(_ key: String) -> Bool { entries[declared(key).name] != nil }

    public func string(_ key: String) -> String? {
        guard let value = value(key) else { return nil }
        guard case .string(let text) = value else { wrongKind(key) }
        return text
    }

    /// The text under `key` where this section declares such a key and has it: for what looks at sections of all kinds.
    public func knownString(_ key: String) -> String? {
        guard keys.contains(where: { $0.name == key }), case .string(let text) = value(key) else { return nil }
        return text
    }

    /// The address under `key`, likewise.
    public func knownAddress(_ key: String) -> ConfigAddress? {
        guard keys.contains(where: { $0.name == key }), case .address(let address) = value(key) else { return nil }
        return address
    }

    /// A whole number, or a size in bytes.
    public func integer(_ key: String) -> Int? {
        guard let value = value(key) else { return nil }
        guard case .integer(let number) = value else { wrongKind(key) }
        return number
    }

    public func boolean(_ key: String) -> Bool? {
        guard let value = value(key) else { return nil }
        guard case .boolean(let flag) = value else { wrongKind(key) }
        return flag
    }

    public func duration(_ key: String) -> Duration? {
        guard let value = value(key) else { return nil }
        guard case .duration(let duration) = value else { wrongKind(key) }
        return duration
    }

    public func address(_ key: String) -> ConfigAddress? {
        guard let value = value(key) else { return nil }
        guard case .address(let address) = value else { wrongKind(key) }
        return address
    }

    public func secret(_ key: String) -> SecretReference? {
        guard let value = value(key) else { return nil }
        guard case .secret(let reference) = value else { wrongKind(key) }
        return reference
    }

    /// A list of texts (paths, URLs, words of a choice); empty when absent.
    public func strings(_ key: String) -> [String] {
        list(key).map {
            guard case .string(let text) = $0 else { wrongKind(key) }
            return text
        }
    }

    /// The mapping under `key`; with all its defaults when it is absent.
    public func section(_ key: String) -> ConfigSection {
        if let value = value(key) {
            guard case .section(let section) = value else { wrongKind(key) }
            return section
        }
        guard case .mapping(let keys) = declared(key).kind else { wrongKind(key) }
        return .empty(keys, position: position)
    }

    /// A list of mappings; empty when absent.
    public func sections(_ key: String) -> [ConfigSection] {
        list(key).map {
            guard case .section(let section) = $0 else { wrongKind(key) }
            return section
        }
    }

    /// Names and texts in the order of the file; empty when absent.
    public func dictionary(_ key: String) -> [(name: String, text: String)] {
        guard let value = value(key) else { return [] }
        guard case .dictionary(let members) = value else { wrongKind(key) }
        return members.map { name, value in
            guard case .string(let text) = value else { wrongKind(key) }
            return (name, text)
        }
    }

    /// Mappings by the names that the writer chose, in the order of the file; empty when absent.
    public func namedSections(_ key: String) -> [(name: String, section: ConfigSection)] {
        guard let value = value(key) else { return [] }
        guard case .dictionary(let members) = value else { wrongKind(key) }
        return members.map { name, value in
            guard case .section(let section) = value else { wrongKind(key) }
            return (name, section)
        }
    }

    /// Where the value of `key` stands, or the section when it is absent.
    public func position(of key: String) -> ConfigPosition { entries[declared(key).name]?.position ?? position }

    /// An error about `key` (or about the whole section), for what only its reader can know.
    public func error(_ key: String?, _ message: String) -> ConfigError {
        ConfigError(position: key.map { position(of: $0) } ?? position, message: message)
    }

    // MARK: Looking without knowing the keys

    /// Whether the key may be asked for.
    public func declares(_ key: String) -> Bool { keys.contains { $0.name == key } }

    /// Every reference to a secret in this section and those in it, by the path of its key (`tls.key`).
    public var secrets: [(key: String, reference: SecretReference, position: ConfigPosition)] {
        collect { if case .secret(let reference) = $0 { reference } else { nil } }
            .map { (key: $0.key, reference: $0.found, position: $0.position) }
    }

    /// Every address in this section and those in it, likewise.
    public var addresses: [(key: String, address: ConfigAddress)] {
        collect { if case .address(let address) = $0 { address } else { nil } }.map { (key: $0.key, address: $0.found) }
    }

    private func collect<T>(
        _ wanted: (ConfigValue) -> T?
    ) -> [(key: String, found: T, position: ConfigPosition)] {
        var all: [(key: String, found: T, position: ConfigPosition)] = []
        func visit(_ value: ConfigValue, _ key: String, _ position: ConfigPosition) {
            if let found = wanted(value) { all.append((key: key, found: found, position: position)) }
            switch value {
            case .list(let elements):
                for (index, element) in elements.enumerated() { visit(element, "\(key)[\(index)]", position) }
            case .dictionary(let members):
                for (name, member) in members { visit(member, "\(key).\(name)", position) }
            case .section(let section):
                for declared in section.keys {
                    guard let entry = section.entries[declared.name] else { continue }
                    visit(entry.value, key.isEmpty ? declared.name : "\(key).\(declared.name)", entry.position)
                }
            default: break
            }
        }
        visit(.section(self), "", position)
        return all
    }

    private func list(_ key: String) -> [ConfigValue] {
        guard let value = value(key) else { return [] }
        guard case .list(let elements) = value else { wrongKind(key) }
        return elements
    }

    private func value(_ key: String) -> ConfigValue? {
        let declared = declared(key)
        return entries[key]?.value ?? declared.defaultText.flatMap { declared.kind.read($0) }
    }

    private func declared(_ key: String) -> ConfigKey {
        guard let declared = keys.first(where: { $0.name == key }) else {
            preconditionFailure("the configuration key \"\(key)\" is not declared")
        }
        return declared
    }

    private func wrongKind(_ key: String) -> Never {
        preconditionFailure("the configuration key \"\(key)\" is not declared as what it is read as")
    }
}
