import AsyncHTTPClient
import Audit
import AuditExport
import AuditSinks
import ConfigFile
import Logging
import NIOSSL

extension GatewayConfiguration {
    /// Where sinks keep how far they have come.
    var sinkDirectory: String { "\(stateDirectory)/sinks" }
}

/// The sinks of a gateway, as services.
struct SinkServices: Sendable {
    let followers: [SinkFollower]

    /// - Throws: `CommandFailure` when a file that a sink needs cannot be used.
    init(_ configuration: GatewayConfiguration, logger: Logger) throws {
        let reader = AuditReader(directory: configuration.auditDirectory)
        followers = try configuration.audit.sinks.map { settings in
            SinkFollower(
                name: settings.name, sink: try Self.sink(settings, configuration, logger), reader: reader,
                cursorFolder: configuration.sinkDirectory, logger: logger)
        }
    }

    /// In the text format of Prometheus.
    var metrics: String { followers.map(\.status.current).metrics }

    private static func sink(
        _ settings: SinkSettings, _ configuration: GatewayConfiguration, _ logger: Logger
    ) throws -> any AuditSink {
        let base = configuration.baseDirectory
        func lines(
            _ transport: any LineTransport, _ format: ExportFormat, entries: Int = 1000, bytes: Int = 1 << 20
        ) -> LineSink {
            LineSink(
                transport, encoder: format.encoder(version: Gateway.version), batchEntries: entries, batchBytes: bytes)
        }
        @Sendable func secret(_ reference: SecretReference) throws -> String {
            let text = try reference.resolve(relativeTo: base).reveal()
            // No client could send it, and the error of one would show it.
            guard !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
                throw SinkError.local("\(reference) holds a line break or another control character")
            }
            return text
        }
        switch settings.destination {
        case .file(let path, let format): return lines(FileTransport(path: path), format)
        case .syslog(let options, let format):
            do {
                // What is known to have arrived moves on once a second at most, so a batch is large.
                return lines(try SyslogTransport(options), format, entries: 10_000, bytes: 16 << 20)
            } catch {
                throw CommandFailure(
                    "the sink \(settings.name): certificate and key cannot be used together: \(error)",
                    status: .configuration)
            }
        case .collector(let collector):
            let options = CollectorTransport.Options(
                url: collector.url, body: collector.body, isJSON: collector.format != .cef,
                origin: configuration.audit.origin
            ) {
                try collector.header.map { [($0.name, try secret($0.value))] } ?? []
            }
            let client = try client(trusting: collector.authorities, for: settings.name)
            return lines(
                CollectorTransport(options, client: client), collector.format, entries: collector.batchEntries)
        case .objectStore(let bucket):
            let options = ObjectStore.Options(
                endpoint: bucket.endpoint, bucket: bucket.bucket, region: bucket.region, prefix: bucket.prefix,
                retention: bucket.retention, partSize: bucket.partSize
            ) {
                (
                    try secret(bucket.accessKeyID), try secret(bucket.secretAccessKey),
                    try bucket.sessionToken.map(secret)
                )
            }
            return ObjectStoreSink(
                ObjectStore(options, client: try client(trusting: bucket.authorities, for: settings.name)),
                auditDirectory: configuration.auditDirectory,
                stateDirectory: bucket.withRecordings ? configuration.stateDirectory : nil,
                interval: bucket.interval, logger: logger)
        }
    }

    private static func client(trusting authorities: String?, for sink: String) throws -> HTTPClient {
        guard let authorities else { return IssuerClients.usual }
        do {
            return IssuerClients.client(trusting: try NIOSSLCertificate.fromPEMFile(authorities))
        } catch {
            throw CommandFailure(
                "\(authorities), the ca of the sink \(sink), holds no certificates in PEM: \(error)",
                status: .configuration)
        }
    }
}
