import ConfigFile
import NIOCore
import NIOSSL
import TLSFiles

/// What all connections of one listener are told.
struct ListenerOptions: Sendable {
    var maximumConnections = 2000
    /// From the first byte to a session.
    var signInTimeout = TimeAmount.seconds(60)
    /// How long what a caller does not read may wait.
    var writeTimeout = TimeAmount.seconds(60)
    /// How long a session may be silent; `nil` for ever.
    var idleTimeout: TimeAmount?
    /// Bytes of one statement's text.
    var statementLimit = 16 << 20
    /// Bytes of one message's parameters that are held in memory.
    var messageLimit = 16 << 20
    /// Bytes of all longer messages that are on the disk at a time.
    var spooledLimit = 4 << 30
    /// Bytes of a caller's messages that are read on while one before them waits.
    var heldInputLimit = 1 << 20
    /// How long a statement waits for its approval.
    var approvalWait = Duration.seconds(300)
    /// How long transactions have when the gateway stops.
    var drainTimeout = Duration.seconds(30)
    var offeredSignIn = OfferedSignIn.automatic
    var plaintext = Plaintext.loopback
}

/// Whether callers may sign in without TLS.
enum Plaintext: String, Sendable, CaseIterable {
    /// Where the listener's address is this machine's own.
    case loopback
    case allow
    case refuse
}

/// How callers prove who they are.
enum OfferedSignIn: String, Sendable, CaseIterable {
    /// A token as the password; OAUTHBEARER for the user `oauth`.
    case automatic = "auto"
    case password
    case oauthBearer = "oauthbearer"
}

/// The keys of a listener, and how they are read.
enum ListenerKeys {
    static let keys: [ConfigKey] = [
        ConfigKey(
            "listen", .address, required: true,
            summary: "Address and port. Without `tls` only addresses of this machine itself are taken."),
        ConfigKey("tls", .mapping(ServerTLS.keys), summary: "TLS, after SSLRequest or from the first byte."),
        ConfigKey(
            "plaintext", .choice(Plaintext.allCases.map(\.rawValue)), default: "loopback",
            summary: "Whether callers may sign in without TLS; `allow` only behind something that encrypts."),
        ConfigKey("max_connections", .integer(1...1_000_000), default: "2000", summary: "Connections at a time."),
        ConfigKey(
            "sign_in", .choice(OfferedSignIn.allCases.map(\.rawValue)), default: "auto",
            summary:
                "What is asked of callers: a token as the password, or OAUTHBEARER; `auto` is a password, and OAUTHBEARER for the user `oauth`."
        ),
        ConfigKey("sign_in_timeout", .duration, default: "60s", summary: "How long signing in may take."),
        ConfigKey("idle_timeout", .duration, summary: "How long a session may be silent; for ever when absent."),
        ConfigKey(
            "write_timeout", .duration, default: "60s",
            summary: "How long a caller may leave its rows unread before the connection is closed."),
        ConfigKey("max_statement_bytes", .byteSize, default: "16MiB", summary: "The longest text of a statement."),
        ConfigKey(
            "max_message_bytes", .byteSize, default: "16MiB",
            summary:
                "The longest set of parameters that is held in memory; longer ones, up to 1 GiB, wait on the disk, encrypted. Copied data has no limit."
        ),
        ConfigKey(
            "max_spooled_bytes", .byteSize, default: "4GiB",
            summary: "What those on the disk may take together; with 0 they are refused."),
        ConfigKey(
            "max_wait", .duration, default: "5m", summary: "The longest that a statement waits for its approval."),
        ConfigKey(
            "drain_timeout", .duration, default: "30s",
            summary: "How long open transactions have when the gateway stops."),
    ]

    static func read(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> ListenerPlan {
        guard let address = section.address("listen") else { throw section.error("listen", "an address is needed") }
        var tls: NIOSSLContext?
        if section.has("tls") {
            tls = try tlsContext(section.section("tls"), baseDirectory: baseDirectory)
        } else if !address.isLoopback, section.string("plaintext") != Plaintext.allow.rawValue {
            throw section.error(
                "listen",
                "tokens and rows must not travel unencrypted: add `tls`, listen on 127.0.0.1 behind something that has it, or set `plaintext: allow`"
            )
        }
        return ListenerPlan(address: address, options: options(section), tls: tls)
    }

    private static func options(_ section: ConfigSection) -> ListenerOptions {
        var options = ListenerOptions()
        options.maximumConnections = section.integer("max_connections") ?? options.maximumConnections
        options.signInTimeout = section.duration("sign_in_timeout").map(TimeAmount.init) ?? options.signInTimeout
        options.idleTimeout = section.duration("idle_timeout").map(TimeAmount.init)
        options.writeTimeout = section.duration("write_timeout").map(TimeAmount.init) ?? options.writeTimeout
        options.statementLimit = section.integer("max_statement_bytes") ?? options.statementLimit
        options.messageLimit = section.integer("max_message_bytes") ?? options.messageLimit
        options.spooledLimit = section.integer("max_spooled_bytes") ?? options.spooledLimit
        options.approvalWait = section.duration("max_wait") ?? options.approvalWait
        options.drainTimeout = section.duration("drain_timeout") ?? options.drainTimeout
        options.offeredSignIn = section.string("sign_in").flatMap(OfferedSignIn.init) ?? options.offeredSignIn
        options.plaintext = section.string("plaintext").flatMap(Plaintext.init) ?? options.plaintext
        return options
    }

    private static func tlsContext(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> NIOSSLContext
    {
        var configuration = try ServerTLS.configuration(section, baseDirectory: baseDirectory)
        // Direct TLS needs it (PostgreSQL 17); after SSLRequest clients send none.
        configuration.applicationProtocols = ["postgresql"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw section.error("certificate", "TLS cannot be set up with it: \(error)")
        }
    }
}

/// A listener as configured.
struct ListenerPlan: Sendable {
    let address: ConfigAddress
    let options: ListenerOptions
    let tls: NIOSSLContext?

    var takesPlaintext: Bool {
        switch options.plaintext {
        case .loopback: address.isLoopback
        case .allow: true
        case .refuse: false
        }
    }
}
