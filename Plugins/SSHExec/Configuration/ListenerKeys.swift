import ConfigFile
import Identity
import NIOCore

/// What all connections of one listener are told.
struct ListenerOptions: Sendable {
    var maximumConnections = 2000
    /// From the first byte to signing in; a person who signs in in a browser has `deviceSignInTimeout`.
    var signInTimeout = TimeAmount.seconds(60)
    var deviceSignInTimeout = TimeAmount.minutes(5)
    /// How often a client may try on one connection.
    var maximumAttempts = 6
    /// How many failures of one address a minute are answered; then it has to wait.
    var maximumFailures = 30
    /// How many sign-ins in a browser of one address may be under way.
    var maximumBrowserSignIns = 4
    /// How long what a side does not read may wait.
    var writeTimeout = TimeAmount.seconds(60)
    /// How long a connection without channels, or with silent ones, may last; `nil` for ever.
    var idleTimeout: TimeAmount?
    /// How long a command waits for its approval.
    var approvalWait = Duration.seconds(300)
    /// How long what runs has when the gateway stops.
    var drainTimeout = Duration.seconds(30)
}

/// A listener as configured.
struct ListenerPlan: Sendable {
    let address: ConfigAddress
    let hostKeyFolder: String
    let options: ListenerOptions
    /// Whose certificates sign users in.
    let userAuthorities: [UserCertificateAuthority]
}

/// The keys of a listener, and how they are read.
enum ListenerKeys {
    static let keys: [ConfigKey] = [
        ConfigKey("listen", .address, required: true, summary: "Address and port."),
        ConfigKey(
            "host_keys", .string, default: "ssh_host_keys",
            disclosure: .shown,
            summary: "Folder of the gateway's own host keys, Ed25519 and ECDSA, which are made on the first start."),
        ConfigKey("max_connections", .integer(1...1_000_000), default: "2000", summary: "Connections at a time."),
        ConfigKey("sign_in_timeout", .duration, default: "60s", summary: "How long signing in may take."),
        ConfigKey(
            "device_sign_in_timeout", .duration, default: "5m",
            summary: "How long somebody may take who signs in in a browser."),
        ConfigKey("max_attempts", .integer(1...100), default: "6", summary: "Failed attempts to sign in a connection."),
        ConfigKey(
            "max_failures_per_minute", .integer(1...100_000), default: "30",
            summary: "Failed attempts of one address in a minute, over all connections."),
        ConfigKey(
            "max_browser_sign_ins", .integer(1...64), default: "4",
            summary: "Sign-ins in a browser of one address at a time, over all connections."),
        ConfigKey(
            "user_ca", .list(.mapping(UserAuthorityKeys.keys)), summary: "Authorities whose certificates sign users in."
        ),
        ConfigKey(
            "idle_timeout", .duration,
            summary: "How long nothing may come or go on a session's channels; for ever when absent."),
        ConfigKey(
            "write_timeout", .duration, default: "60s",
            summary: "How long a side may leave what is sent to it unread before the connection is closed."),
        ConfigKey("max_wait", .duration, default: "5m", summary: "The longest that a command waits for its approval."),
        ConfigKey(
            "drain_timeout", .duration, default: "30s", summary: "How long what runs has when the gateway stops."),
    ]

    static func read(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> ListenerPlan {
        guard let address = section.address("listen") else { throw section.error("listen", "an address is needed") }
        let folder = section.string("host_keys") ?? "ssh_host_keys"
        return ListenerPlan(
            address: address, hostKeyFolder: folder.hasPrefix("/") ? folder : "\(baseDirectory)/\(folder)",
            options: options(section),
            userAuthorities: try UserAuthorityKeys.read(section, baseDirectory: baseDirectory))
    }

    private static func options(_ section: ConfigSection) -> ListenerOptions {
        var options = ListenerOptions()
        options.maximumConnections = section.integer("max_connections") ?? options.maximumConnections
        options.signInTimeout = section.duration("sign_in_timeout").map(TimeAmount.init) ?? options.signInTimeout
        options.deviceSignInTimeout =
            section.duration("device_sign_in_timeout").map(TimeAmount.init) ?? options.deviceSignInTimeout
        options.maximumAttempts = section.integer("max_attempts") ?? options.maximumAttempts
        options.maximumFailures = section.integer("max_failures_per_minute") ?? options.maximumFailures
        options.maximumBrowserSignIns = section.integer("max_browser_sign_ins") ?? options.maximumBrowserSignIns
        options.idleTimeout = section.duration("idle_timeout").map(TimeAmount.init)
        options.writeTimeout = section.duration("write_timeout").map(TimeAmount.init) ?? options.writeTimeout
        options.approvalWait = section.duration("max_wait") ?? options.approvalWait
        options.drainTimeout = section.duration("drain_timeout") ?? options.drainTimeout
        return options
    }
}
