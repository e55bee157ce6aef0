import ConfigFile
import Crypto
import Identifiers
import Masking
import StrictJSON

/// What the configuration says, in the form in which it may be recorded: no secret, and no regulated value.
public struct RecordedConfiguration: Sendable, Equatable {
    public struct Setting: Sendable, Equatable {
        public enum Value: Sendable, Equatable {
            case shown(JSONValue)
            /// A keyed digest of what may be a secret, to be compared with the next one and not to be logged: whoever
            /// has the key could test guesses by it.
            case hidden(String)
        }

        public let path: String
        public let value: Value

        /// By all bytes, as `String` takes some texts for equal that are not.
        func isSame(as other: Setting) -> Bool {
            switch (value, other.value) {
            case (.shown(let one), .shown(let other)): one.canonicalBytes == other.canonicalBytes
            case (.hidden(let one), .hidden(let other)): one == other
            default: false
            }
        }
    }

    public let settings: [Setting]
    /// SHA-256 over all settings, hidden ones by their keyed digests.
    public let digest: String

    /// What a setting only names, a secret or a file, is a hidden setting of its own beside it: `tls.key (contents)`.
    ///
    /// - Parameters:
    ///   - folder: The folder that relative paths start from.
    ///   - key: The deployment's pseudonym key.
    public init(
        _ section: ConfigSection, relativeTo folder: String, redactor: SensitiveTextRedactor, key: SymmetricKey
    ) {
        let hidingKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("sallyport hidden settings".utf8), outputByteCount: 32)
        var seen: [ExactText: Int] = [:]
        func hidden(_ bytes: some Sequence<UInt8>, of path: String) -> Setting.Value {
            .hidden(
                HMAC<SHA256>.authenticationCode(for: Array("\(path)\0".utf8) + bytes, using: hidingKey).hexadecimal)
        }
        self.init(
            section.settings.flatMap { setting in
                var path = redactor.redact(setting.path) ?? setting.path
                let count = seen[ExactText(path), default: 0] + 1
                seen[ExactText(path)] = count
                // Two names that the redactor takes for one person's stay two settings.
                if count > 1 { path += "#\(count)" }
                let value: Setting.Value =
                    switch setting.value {
                    case .shown(let value): .shown(Self.redacted(value, redactor))
                    case .hidden(let secret): hidden(secret.reveal().utf8, of: setting.path)
                    }
                let contents = setting.source?.contents(relativeTo: folder).map {
                    // No name in a path has a space.
                    Setting(path: "\(path) (contents)", value: hidden($0, of: "\(setting.path) (contents)"))
                }
                return [Setting(path: path, value: value)] + (contents.map { [$0] } ?? [])
            })
    }

    init(_ settings: [Setting]) {
        self.settings = settings
        digest = SHA256.hash(data: JSONValue.array(settings.map(\.json)).canonicalBytes).hexadecimal
    }

    private static func redacted(_ value: JSONValue, _ redactor: SensitiveTextRedactor) -> JSONValue {
        switch value {
        case .string(let text): .string(redactor.redact(text) ?? text)
        case .array(let elements): .array(elements.map { redacted($0, redactor) })
        default: value
        }
    }
}

extension RecordedConfiguration.Setting {
    var json: JSONValue {
        switch value {
        case .shown(let value): ["setting": .string(path), "value": value]
        case .hidden(let code): ["hidden": .string(code), "setting": .string(path)]
        }
    }

    init?(_ json: JSONValue) {
        guard let path = json["setting"]?.string else { return nil }
        if let code = json["hidden"]?.string {
            self.init(path: path, value: .hidden(code))
        } else if let value = json["value"] {
            self.init(path: path, value: .shown(value))
        } else {
            return nil
        }
    }
}
