/// One key that a mapping in the configuration file may have: what the loader accepts, what the JSON Schema says.
public struct ConfigKey: Sendable {
    public let name: String
    public let kind: ConfigValueKind
    public let isRequired: Bool
    /// What holds when the key is absent, as it would be written; `nil` when nothing does.
    public let defaultText: String?
    /// One sentence for the person who writes the file.
    public let summary: String
    /// Whether a record of the configuration may say the value.
    public let disclosure: ConfigDisclosure

    public init(
        _ name: String, _ kind: ConfigValueKind, required: Bool = false, default defaultText: String? = nil,
        disclosure: ConfigDisclosure = .hidden, summary: String
    ) {
        self.name = name
        self.kind = kind
        self.isRequired = required
        self.defaultText = defaultText
        self.summary = summary
        self.disclosure = disclosure
    }
}

/// What a record of the configuration may say of texts and URLs, in which somebody may have written a secret. Values that
/// have a form of their own (numbers, durations, paths, addresses, references to secrets, …) hold none, and are said.
public enum ConfigDisclosure: Sendable {
    /// That there is a value, and whether it changed. What a key has that says nothing about it.
    case hidden
    /// The value, unless it is a URL with a user, a password, a query or a fragment.
    case shown
    /// Of a dictionary, the values of these names; those in `files` are paths of files that are read, as of a key of the
    /// kind `file`.
    case members([String], files: [String] = [])
}

/// The form of a value.
public indirect enum ConfigValueKind: Sendable {
    case string
    case integer(ClosedRange<Int>)
    case boolean
    /// `500ms`, `30s`, `15m`, `1h`, `7d`, `7y` (of 366 days).
    case duration
    /// `4096`, `64KiB`, `1MiB`, `2GiB`.
    case byteSize
    /// `host:port`, with brackets around an IPv6 address.
    case address
    /// An `http` or `https` URL with a host.
    case url
    /// A path; relative ones start at the file's own folder.
    case path
    /// The path of a file that is read as it is at the start: what it holds belongs to the configuration.
    case file
    /// `env:NAME` or `file:PATH`; never the secret itself.
    case secret
    case choice([String])
    case list(ConfigValueKind)
    case mapping([ConfigKey])
    /// A mapping whose keys are names that the writer chooses.
    case dictionary(ConfigValueKind)
    /// A mapping whose keys depend on the value of one of them, e.g. on `kind`.
    case variants(discriminator: String, [String: [ConfigKey]], common: [ConfigKey])
}
