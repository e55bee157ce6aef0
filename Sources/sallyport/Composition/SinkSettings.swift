import AuditExport
import AuditSinks
import ConfigFile
import Identity
import NIOSSL
import TLSFiles

/// One place that the log goes to, as the configuration has it.
struct SinkSettings: Sendable {
    let name: String
    let destination: Destination

    enum Destination: Sendable {
        case file(path: String, ExportFormat)
        case syslog(SyslogTransport.Options, ExportFormat)
        case collector(Collector)
        case objectStore(ObjectStoreBucket)
    }

    struct Collector: Sendable {
        let url: String
        let format: ExportFormat
        let body: CollectorTransport.Body
        let header: (name: String, value: SecretReference)?
        let batchEntries: Int
        let authorities: String?
    }

    struct ObjectStoreBucket: Sendable {
        let endpoint: StoreEndpoint
        let bucket: String
        let region: String
        let prefix: String
        let retention: Duration
        let partSize: UInt64
        let interval: Duration
        let withRecordings: Bool
        let accessKeyID: SecretReference
        let secretAccessKey: SecretReference
        let sessionToken: SecretReference?
        let authorities: String?
    }

    /// Every secret that it refers to, by its key.
    var secrets: [(key: String, reference: SecretReference)] {
        switch destination {
        case .file, .syslog: []
        case .collector(let collector): collector.header.map { [("header.value", $0.value)] } ?? []
        case .objectStore(let bucket):
            [("access_key_id", bucket.accessKeyID), ("secret_access_key", bucket.secretAccessKey)]
                + (bucket.sessionToken.map { [("session_token", $0)] } ?? [])
        }
    }
}

extension SinkSettings {
    static let key = ConfigKey(
        "sinks",
        .list(
            .variants(
                discriminator: "type",
                ["file": fileKeys, "syslog": syslogKeys, "https": collectorKeys, "s3": objectStoreKeys],
                common: [
                    ConfigKey(
                        "name", .string, required: true,
                        disclosure: .shown,
                        summary: "Its name in messages, metrics and its cursor file: a-z, 0-9 and `-`.")
                ])),
        summary: "Where the log goes as it grows: at least once, and without any command waiting for it.")

    /// A file that other programs read as it grows has no place for a header line.
    private static let format = ConfigKey(
        "format", .choice(["jsonl", "ocsf", "cef"]), default: "jsonl", summary: "How entries are written.")
    private static let authorities = ConfigKey(
        "ca", .file, summary: "PEM file of the certificate authorities of the other side, instead of the system's.")

    private static let fileKeys = [
        ConfigKey(
            "path", .path, required: true,
            summary: "Appended to, a line each; a new one is begun when it is moved away."),
        format,
    ]

    private static let syslogKeys = [
        ConfigKey(
            "address", .address, required: true, summary: "The receiver, e.g. syslog.example.com:6514; over TLS."),
        format, authorities,
        ConfigKey(
            "server_name", .string, disclosure: .shown,
            summary: "The name in the receiver's certificate, when not the host."),
        ConfigKey("certificate", .file, summary: "PEM file: the certificate that the gateway shows."),
        ConfigKey("key", .secret, summary: "The private key of that certificate in PEM."),
        ConfigKey(
            "facility", .choice(SyslogTransport.facilityNames), default: "audit", summary: "The messages' facility."),
        ConfigKey("app_name", .string, default: "sallyport", disclosure: .shown, summary: "The messages' APP-NAME."),
    ]

    private static let collectorKeys = [
        ConfigKey("url", .url, required: true, summary: "Where batches are posted; https, or http on this machine."),
        format,
        ConfigKey(
            "body", .choice(CollectorTransport.Body.allCases.map(\.rawValue)), default: "ndjson",
            summary: "Whether a batch is JSON lines or one JSON array."),
        ConfigKey(
            "header",
            .mapping([
                ConfigKey("name", .string, default: "Authorization", disclosure: .shown, summary: "The field's name."),
                ConfigKey("value", .secret, required: true, summary: "All of its value, e.g. `Bearer …`."),
            ]), summary: "The field that tells the collector who sends."),
        ConfigKey("batch", .integer(1...10_000), default: "1000", summary: "The most entries of a request."),
        authorities,
    ]

    private static let objectStoreKeys = [
        ConfigKey(
            "endpoint", .url, required: true, disclosure: .shown,
            summary: "The store, e.g. https://s3.eu-central-1.amazonaws.com."),
        ConfigKey(
            "bucket", .string, required: true, disclosure: .shown, summary: "A bucket that was made with Object Lock."),
        ConfigKey(
            "region", .string, default: "us-east-1", disclosure: .shown,
            summary: "The region that requests are signed for."),
        ConfigKey("prefix", .string, default: "", disclosure: .shown, summary: "Before each key, e.g. `gateway-1`."),
        ConfigKey(
            "retain", .duration, required: true,
            summary:
                "For how long nobody can delete what was put (Object Lock, mode COMPLIANCE), e.g. 7y; where recordings go too, no longer than `retention` keeps them."
        ),
        ConfigKey(
            "interval", .duration, default: "60s",
            summary: "How often the checkpoint is put while less than a whole bundle (256 entries) is new."),
        ConfigKey(
            "part_size", .byteSize, default: "512MiB",
            summary: "A recording that is larger is put in parts of this size: 5MiB to 5GiB."),
        ConfigKey("recordings", .boolean, default: "true", summary: "Whether finished recordings go too."),
        ConfigKey("access_key_id", .secret, required: true, summary: "The access key's id."),
        ConfigKey("secret_access_key", .secret, required: true, summary: "The access key."),
        ConfigKey("session_token", .secret, summary: "The session token of temporary keys."),
        authorities,
    ]
}

extension SinkSettings {
    /// - Throws: `ConfigError` at what cannot be used.
    static func all(_ sections: [ConfigSection], baseDirectory base: String) throws -> [SinkSettings] {
        var names: Set<String> = []
        return try sections.map { section in
            let name = section.string("name") ?? ""
            let isWord = name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == 0x2d
            }
            guard !name.isEmpty, name.utf8.count <= 64, isWord else {
                throw section.error("name", "a sink's name has 1 to 64 of a-z, 0-9 and `-`")
            }
            guard names.insert(name).inserted else { throw section.error("name", "two sinks are called \"\(name)\"") }
            return SinkSettings(name: name, destination: try destination(section, base: base))
        }
    }

    private static func destination(_ section: ConfigSection, base: String) throws -> Destination {
        switch section.string("type") {
        case "file": return .file(path: path("path", section, base) ?? "", format(section))
        case "syslog": return .syslog(try syslog(section, base: base), format(section))
        case "https":
            try requireSecure("url", section)
            let header = section.has("header") ? section.section("header") : nil
            return .collector(
                Collector(
                    url: section.string("url") ?? "", format: format(section),
                    body: section.string("body").flatMap(CollectorTransport.Body.init) ?? .ndjson,
                    header: try header.map { try Self.header($0) }, batchEntries: section.integer("batch") ?? 1000,
                    authorities: path("ca", section, base)))
        default: return .objectStore(try bucket(section, base: base))
        }
    }

    private static func syslog(_ section: ConfigSection, base: String) throws -> SyslogTransport.Options {
        guard let address = section.address("address") else {
            throw section.error("address", "a syslog sink needs the receiver's address")
        }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if section.has("ca") {
            tls.trustRoots = .certificates(try TLSFiles.certificates(section, "ca", baseDirectory: base))
        }
        guard section.has("certificate") == section.has("key") else {
            throw section.error(nil, "`certificate` and `key` go together")
        }
        if section.has("certificate") {
            tls.certificateChain = try TLSFiles.certificates(section, "certificate", baseDirectory: base)
                .map { .certificate($0) }
            tls.privateKey = .privateKey(try TLSFiles.privateKey(section, "key", baseDirectory: base))
        }
        return SyslogTransport.Options(
            host: address.host, port: address.port, tls: tls, serverName: section.string("server_name"),
            facility: section.string("facility") ?? "audit", application: section.string("app_name") ?? "sallyport",
            version: Gateway.version)
    }

    private static func header(_ section: ConfigSection) throws -> (name: String, value: SecretReference) {
        let name = section.string("name") ?? "Authorization"
        let isToken = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
        guard !name.isEmpty, isToken else { throw section.error("name", "\"\(name)\" is no name of an HTTP field") }
        guard let value = section.secret("value") else { throw section.error("value", "the field needs a value") }
        return (name, value)
    }

    private static func bucket(_ section: ConfigSection, base: String) throws -> ObjectStoreBucket {
        try requireSecure("endpoint", section)
        func isKey(_ text: String, slashes: Bool) -> Bool {
            text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                    || [0x2d, 0x2e, 0x5f].contains($0) || (slashes && $0 == 0x2f)
            }
        }
        let bucket = section.string("bucket") ?? ""
        guard !bucket.isEmpty, isKey(bucket, slashes: false) else {
            throw section.error("bucket", "a bucket's name has lower-case letters, digits, `-` and `.`")
        }
        let prefix = section.string("prefix") ?? ""
        guard isKey(prefix, slashes: true), !prefix.hasPrefix("/"), !prefix.hasSuffix("/") else {
            throw section.error("prefix", "a prefix has letters, digits, `-`, `_`, `.` and `/` between them")
        }
        guard let id = section.secret("access_key_id"), let key = section.secret("secret_access_key"),
            let retention = section.duration("retain"), retention > .zero
        else { throw section.error("retain", "for how long objects are kept: more than nothing") }
        // What S3 takes.
        guard let partSize = section.integer("part_size"), (5 << 20...5 << 30).contains(partSize) else {
            throw section.error("part_size", "a part has 5MiB to 5GiB")
        }
        return ObjectStoreBucket(
            endpoint: try endpoint(section), bucket: bucket,
            region: section.string("region") ?? "us-east-1", prefix: prefix, retention: retention,
            partSize: UInt64(partSize),
            interval: section.duration("interval") ?? .seconds(60),
            withRecordings: section.boolean("recordings") ?? true, accessKeyID: id, secretAccessKey: key,
            sessionToken: section.secret("session_token"), authorities: path("ca", section, base))
    }

    private static func endpoint(_ section: ConfigSection) throws -> StoreEndpoint {
        do throws(StoreEndpointError) {
            return try StoreEndpoint(section.string("endpoint") ?? "")
        } catch {
            throw section.error("endpoint", error.description)
        }
    }

    /// Entries and keys must not travel in clear.
    private static func requireSecure(_ key: String, _ section: ConfigSection) throws {
        guard HTTPDocumentFetcher.isAcceptable(section.string(key) ?? "") else {
            throw section.error(key, "the URL is https; http is for this machine itself")
        }
    }

    private static func format(_ section: ConfigSection) -> ExportFormat {
        section.string("format").flatMap(ExportFormat.init) ?? .jsonl
    }

    private static func path(_ key: String, _ section: ConfigSection, _ base: String) -> String? {
        section.string(key).map { GatewayConfiguration.resolve($0, from: base) }
    }
}
