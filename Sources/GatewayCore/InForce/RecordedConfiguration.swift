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

    /// - Parameter key: The deployment's pseudonym key.
    public init(_ section: ConfigSection, redactor: SensitiveTextRedactor, key: SymmetricKey) {
        let hidingKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key, info: Array("sallyport hidden settings".utf8), outputByteCount: 32)
        var seen: [ExactText: Int] = [:]
        self.init(
            section.settings.map { setting in
                var path = redactor.redact(setting.path) ?? setting.path
                let count = seen[ExactText(path), default: 0] + 1
                seen[ExactText(path)] = count
                // Two names that the redactor takes for one person's stay two settings.
                if count > 1 { path += "#\(count)" }
                switch setting.value {
                case .shown(let value): return Setting(path: path, value: .shown(Self.redacted(value, redactor)))
                case .hidden(let secret):
                    let code = HMAC<SHA256>.authenticationCode(
                        for: Array("\(setting.path)\0\(secret.reveal())".utf8), using: hidingKey)
                    return Setting(path: path, value: .hidden(code.hexadecimal))
                }
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
