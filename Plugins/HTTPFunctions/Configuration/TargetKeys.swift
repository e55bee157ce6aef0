import ConfigFile
import GatewayCore
import NIOCore
import NIOSSL
import TLSFiles

/// The keys of a target, and how they are read.
enum TargetKeys {
    static func keys<Reader: RequestReader, Factory: CredentialSourceFactory>(
        _ reader: Reader.Type, _ factory: Factory.Type
    ) -> [ConfigKey] {
        own + Reader.targetKeys + [
            ConfigKey(
                "credential", .mapping(Factory.keys),
                summary: "What the gateway puts into requests so that the function accepts them.")
        ]
    }

    private static let own: [ConfigKey] = [
        ConfigKey(
            "url", .url, required: true, disclosure: .shown,
            summary: "Where the function is; a path stands before every path sent."),
        ConfigKey("host", .string, disclosure: .shown, summary: "The `Host` by which callers mean this target."),
        ConfigKey(
            "prefix", .string, disclosure: .shown,
            summary: "The path under which callers reach this target, e.g. `/payments`."),
        ConfigKey("tls", .mapping(tlsKeys), summary: "For `https` URLs: whom to trust, and who the gateway is."),
        ConfigKey("connect_timeout", .duration, default: "5s", summary: "How long connecting may take (502)."),
        ConfigKey(
            "response_timeout", .duration, default: "60s",
            summary: "How long the function may take to begin its answer (504)."),
        ConfigKey("stall_timeout", .duration, default: "5m", summary: "How long an answer may pause."),
        ConfigKey("idle_timeout", .duration, default: "30s", summary: "How long an unused connection is kept."),
        ConfigKey(
            "max_connections", .integer(1...65_536), default: "128",
            summary: "Connections for each event loop of the gateway."),
        ConfigKey(
            "max_request_body", .byteSize, summary: "The largest request body; the listener's limit when absent."),
        ConfigKey(
            "cookies", .choice(["drop", "pass"]), default: "drop",
            summary: "Whether callers' cookies reach the function."),
        ConfigKey(
            "set_cookie", .choice(["pass", "drop"]), default: "pass",
            summary: "Whether the function's cookies reach callers."),
        ConfigKey(
            "caller_authorization", .choice(["drop", "pass"]), default: "drop",
            summary:
                "Whether `Authorization` reaches the function when the caller signs in with `Sallyport-Authorization`."),
    ]

    private static let tlsKeys: [ConfigKey] = [
        ConfigKey("ca", .file, summary: "PEM file of the authorities to trust instead of the system's."),
        ConfigKey("certificate", .file, summary: "PEM file of the gateway's own certificate, for mutual TLS."),
        ConfigKey("key", .secret, summary: "The private key of `certificate`, in PEM."),
        ConfigKey(
            "server_name", .string, disclosure: .shown,
            summary: "The name in the function's certificate, where it is not the URL's host."),
    ]

    static func read<Reader: RequestReader, Factory: CredentialSourceFactory>(
        _ target: Target, index: Int, baseDirectory: String, eventLoops: any EventLoopGroup, reader: Reader.Type,
        factory: Factory.Type
    ) throws(ConfigError) -> FunctionTarget {
        let section = target.section
        let host = section.string("host").map(HostField.name)
        let prefix = try prefix(section)
        guard host != nil || section.has("prefix") else {
            throw section.error(nil, "the target \"\(target.name)\" needs a `host` or a `prefix` to be reached by")
        }
        return FunctionTarget(
            index: index, target: target, host: host, prefix: prefix,
            upstream: try upstream(section, baseDirectory: baseDirectory),
            reader: try Reader(target: target.name, section: section),
            credential: try Factory.source(
                for: section.has("credential") ? section.section("credential") : nil,
                url: section.string("url") ?? "", baseDirectory: baseDirectory, eventLoops: eventLoops),
            cookies: passing(section, "cookies"), setCookie: passing(section, "set_cookie"),
            authorization: passing(section, "caller_authorization"), bodyLimit: section.integer("max_request_body"))
    }

    private static func passing(_ section: ConfigSection, _ key: String) -> FunctionTarget.Passing {
        section.string(key).flatMap(FunctionTarget.Passing.init) ?? .drop
    }

    private static func prefix(_ section: ConfigSection) throws(ConfigError) -> String {
        guard var prefix = section.string("prefix") else { return "" }
        while prefix.hasSuffix("/") { prefix.removeLast() }
        if prefix.isEmpty { return "" }
        guard prefix.hasPrefix("/"), !prefix.hasPrefix("//"), !prefix.hasPrefix("/.sallyport"),
            prefix.utf8.allSatisfy({ $0.isPathCharacter && $0 != UInt8(ascii: "%") })
        else {
            throw section.error("prefix", "a prefix is a path such as /payments, without percent-escapes")
        }
        return prefix
    }

    private static func upstream(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> UpstreamOptions
    {
        guard let url = section.string("url").flatMap(UpstreamURL.init) else {
            throw section.error("url", "a URL with a host, and without user, query or fragment is needed")
        }
        var tls: NIOSSLContext?
        let own = section.section("tls")
        if url.isSecure {
            tls = try tlsContext(own, baseDirectory: baseDirectory)
        } else if section.has("tls") {
            throw section.error("tls", "`tls` has no meaning for an http URL")
        }
        if let name = own.string("server_name"), UpstreamURL.isAddress(name) {
            throw own.error("server_name", "a host name is needed; the URL's address is checked without it")
        }
        var options = UpstreamOptions(
            host: url.host, port: url.port, authority: url.authority, tls: tls,
            serverName: own.string("server_name") ?? (url.isAddress ? nil : url.host), basePath: url.path)
        options.connectTimeout = section.timeAmount("connect_timeout") ?? options.connectTimeout
        options.responseTimeout = section.timeAmount("response_timeout") ?? options.responseTimeout
        options.stallTimeout = section.timeAmount("stall_timeout") ?? options.stallTimeout
        options.idleTimeout = section.timeAmount("idle_timeout") ?? options.idleTimeout
        options.maximumConnections = section.integer("max_connections") ?? options.maximumConnections
        return options
    }

    private static func tlsContext(_ section: ConfigSection, baseDirectory: String) throws(ConfigError) -> NIOSSLContext
    {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if section.has("ca") {
            configuration.trustRoots = .certificates(
                try TLSFiles.certificates(section, "ca", baseDirectory: baseDirectory))
        }
        guard section.has("certificate") == section.has("key") else {
            throw section.error(nil, "`certificate` and `key` go together")
        }
        if section.has("certificate") {
            configuration.certificateChain = try TLSFiles.certificates(
                section, "certificate", baseDirectory: baseDirectory
            ).map { .certificate($0) }
            configuration.privateKey = .privateKey(
                try TLSFiles.privateKey(section, "key", baseDirectory: baseDirectory))
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw section.error(nil, "TLS cannot be set up like this: \(error)")
        }
    }
}
