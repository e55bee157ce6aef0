import ConfigFile
import Logging
import NIOCore
import ServiceLifecycle

/// A protocol that the gateway speaks: decodes traffic into commands, forwards the permitted ones, masks replies.
///
/// An adapter is one folder under `Plugins/` and one line in the executable's list of adapters. It declares what it
/// is, is made once at start from its share of the configuration, and then runs as a service until it is asked to
/// stop: it then takes no new connections, lets what is in flight end, and returns.
public protocol ProtocolAdapter: Service {
    static var declaration: AdapterDeclaration { get }

    /// Reads and checks its listeners and targets, opens nothing yet.
    ///
    /// - Throws: `ConfigError` with the position of what is wrong.
    init(_ environment: AdapterEnvironment) throws

    /// What `sallyport doctor` says about the adapter's listeners beyond their configuration, e.g. the keys that they
    /// show. Nothing is changed, and nothing is connected to.
    static func examine(_ listeners: [ConfigSection], baseDirectory: String) -> [AdapterFinding]
}

extension ProtocolAdapter {
    public static func examine(_ listeners: [ConfigSection], baseDirectory: String) -> [AdapterFinding] { [] }
}

/// One thing that an adapter's examination found.
public struct AdapterFinding: Sendable, Hashable {
    public let text: String
    /// What to do about it; `nil` where all is well.
    public let advice: String?

    public init(_ text: String, advice: String? = nil) {
        self.text = text
        self.advice = advice
    }
}

/// What an adapter gets of the gateway.
public struct AdapterEnvironment: Sendable {
    /// The listeners that the configuration gives to this adapter, validated against its `listenerKeys`.
    public let listeners: [ConfigSection]
    /// The targets of this adapter's kind.
    public let targets: [Target]
    public let sessions: SessionManager
    /// The folder that relative paths in the configuration start from.
    public let baseDirectory: String
    /// A folder on the disk of the gateway's state, for files that have no name.
    public let scratchDirectory: String
    public let eventLoops: any EventLoopGroup
    /// Where people decide approvals, without a trailing slash, e.g. `https://gateway.example:7080`.
    public let consoleURL: String
    public let logger: Logger

    public init(
        listeners: [ConfigSection], targets: [Target], sessions: SessionManager, baseDirectory: String,
        scratchDirectory: String, eventLoops: any EventLoopGroup, consoleURL: String, logger: Logger
    ) {
        self.listeners = listeners
        self.targets = targets
        self.sessions = sessions
        self.baseDirectory = baseDirectory
        self.scratchDirectory = scratchDirectory
        self.eventLoops = eventLoops
        self.consoleURL = consoleURL
        self.logger = logger
    }
}

/// One upstream as configured.
public struct Target: Sendable {
    public let name: String
    /// The kind of the adapter that reaches it.
    public let kind: String
    /// The target's own keys, validated against its adapter's `targetKeys`.
    public let section: ConfigSection

    public init(name: String, kind: String, section: ConfigSection) {
        self.name = name
        self.kind = kind
        self.section = section
    }
}
