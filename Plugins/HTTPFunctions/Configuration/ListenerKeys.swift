import ConfigFile
import NIOCore
import NIOHTTP2
import NIOSSL
import TLSFiles

/// The keys of a listener, and how they are read.
enum ListenerKeys {
    static let keys: [ConfigKey] = [
        ConfigKey(
            "listen", .address, required: true,
            summary: "Address and port. Without `tls` only addresses of this machine itself are taken."),
        ConfigKey("tls", .mapping(ServerTLS.keys), summary: "HTTPS, with HTTP/2 and HTTP/1.1."),
        ConfigKey("max_connections", .integer(1...1_000_000), default: "10000", summary: "Connections at a time."),
        ConfigKey(
            "max_header_bytes", .byteSize, default: "32KiB",
            summary: "The largest header section; more is answered 431."),
        ConfigKey("max_target_bytes", .byteSize, default: "8KiB", summary: "The longest path and query; more is 414."),
        ConfigKey(
            "max_request_body", .byteSize, default: "1MiB",
            summary: "The largest request body, which is read whole before anything is decided; more is 413."),
        ConfigKey("header_timeout", .duration, default: "10s", summary: "How long a header section may take (408)."),
        ConfigKey("body_timeout", .duration, default: "30s", summary: "How long a request's body may pause (408)."),
        ConfigKey(
            "idle_timeout", .duration, default: "75s", summary: "How long a connection may be silent between requests."),
        ConfigKey(
            "write_timeout", .duration, default: "60s",
            summary: "How long a caller may leave its answer unread before the connection is closed."),
        ConfigKey(
            "max_wait", .duration, default: "5m",
            summary: "The longest that `Prefer: wait=N` holds a call for its approval."),
        ConfigKey(
            "drain_timeout", .duration, default: "30s", summary: "How long calls in flight have when the gateway stops."
        ),
    ]

    static func read(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> Listener {
        guard let address = section.address("listen") else { throw section.error("listen", "an address is needed") }
        var tls: NIOSSLContext?
        if section.has("tls") {
            tls = try tlsContext(section.section("tls"), baseDirectory: baseDirectory)
        } else if !address.isLoopback {
            throw section.error(
                "listen",
                "tokens must not travel unencrypted: add `tls`, or listen on 127.0.0.1 behind something that has it")
        }
        return Listener(address: address, options: options(section), tls: tls)
    }

    private static func options(_ section: ConfigSection) -> ListenerOptions {
        var options = ListenerOptions()
        options.maximumConnections = section.integer("max_connections") ?? options.maximumConnections
        options.headLimit = section.integer("max_header_bytes") ?? options.headLimit
        options.targetLimit = section.integer("max_target_bytes") ?? options.targetLimit
        options.bodyLimit = section.integer("max_request_body") ?? options.bodyLimit
        options.headTimeout = section.timeAmount("header_timeout") ?? options.headTimeout
        options.bodyTimeout = section.timeAmount("body_timeout") ?? options.bodyTimeout
        options.idleTimeout = section.timeAmount("idle_timeout") ?? options.idleTimeout
        options.writeTimeout = section.timeAmount("write_timeout") ?? options.writeTimeout
        options.holdLimit = section.duration("max_wait") ?? options.holdLimit
        options.drainTimeout = section.timeAmount("drain_timeout") ?? options.drainTimeout
        return options
    }

    private static func tlsContext(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> NIOSSLContext
    {
        var configuration = try ServerTLS.configuration(section, baseDirectory: baseDirectory)
        configuration.applicationProtocols = NIOHTTP2SupportedALPNProtocols
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw section.error("certificate", "TLS cannot be set up with it: \(error)")
        }
    }
}

extension ConfigSection {
    func timeAmount(_ key: String) -> TimeAmount? { duration(key).map(TimeAmount.init) }
}
