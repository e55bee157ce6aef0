import Approvals
import Audit
import Console
import Crypto
import Foundation
import GatewayCore
import Identifiers
import Identity
import Logging
import Masking
import NIOPosix
import Originals
import Policy
import Recording
import Retention
import ServiceLifecycle
import Store

/// The whole gateway, put together: configuration, identity, policy, masking, audit, approvals, adapters, console.
struct Gateway {
    static let version = "0.1.0"

    let configuration: GatewayConfiguration
    let sessions: SessionManager
    let recovery: RecoveryReport
    private let services: [any Service]
    private let auditLog: AuditLog
    private let reloader: PolicyReloader
    private let logger: Logger

    init(_ configuration: GatewayConfiguration, registry: AdapterRegistry, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        let state = configuration.stateDirectory
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let eventLoops = MultiThreadedEventLoopGroup.singleton

        // Audit comes first: whatever starts after it can be recorded.
        let auditLog = try AuditLog(configuration.auditOptions(logger))
        self.auditLog = auditLog
        recovery = auditLog.recovery

        let issuerClients = try IssuerClients(configuration.issuers)
        let authenticator = Authenticator(
            issuers: configuration.issuers, fetcher: { HTTPDocumentFetcher(client: issuerClients.client(for: $0)) },
            forms: { HTTPFormPoster(client: issuerClients.client(for: $0)) }, logger: logger)
        let pseudonymKey = try PseudonymKey.load(
            configuration.pseudonymKey, baseDirectory: configuration.baseDirectory, stateDirectory: state)
        let redactor = SensitiveTextRedactor(key: pseudonymKey.key)
        let loader = RuleLoader(configuration: configuration, registry: registry, pseudonymKey: pseudonymKey.key)
        let rules = try loader.load()
        let inForce = InForce(
            rules: rules,
            configuration: RecordedConfiguration(
                configuration.root, relativeTo: configuration.baseDirectory, redactor: redactor, key: pseudonymKey.key),
            pseudonymKey: InForce.id(ofPseudonymKey: pseudonymKey.key))
        let recorder = InForceRecorder(
            inForce, stateDirectory: state, auditLog: auditLog, redactor: redactor, logger: logger)

        let webhook = try configuration.webhook.map { webhook in
            let base = configuration.baseDirectory
            var options = WebhookNotifier.Options(url: webhook.url, consoleURL: configuration.console.url) {
                SymmetricKey(data: Data(try webhook.secret.resolve(relativeTo: base).reveal().utf8))
            }
            options.text = { redactor.redact($0) ?? $0 }
            return try WebhookNotifier(options, logger: logger)
        }
        let approvals = ApprovalDesk(
            store: try Store(path: "\(state)/store.sqlite", schemas: [ApprovalDesk.schema]), logger: logger,
            notifier: webhook
        ) { event in
            try auditLog.append(ControlEntry.approval(event, redactedBy: redactor).bytes)
        }
        let auditReader = AuditReader(directory: "\(state)/audit")
        let keeper = try EvidenceKeeper(configuration, auditLog, auditReader)
        // What an entry names is on the disk before the entry is.
        let isOnDisk = configuration.audit.durability == .disk
        sessions = SessionManager(
            .init(
                authenticator: authenticator, auditLog: auditLog, approvals: approvals, redactor: redactor,
                commandDigests: CommandDigest.Key(pseudonymKey: pseudonymKey.key),
                payloads: PayloadStore(directory: "\(state)/payloads", synchronizes: isOnDisk),
                recordingsDirectory: "\(state)/recordings", consoleURL: configuration.console.url,
                synchronizesRecordings: isOnDisk,
                originals: configuration.audit.auditorKey.map {
                    OriginalsStore(
                        directory: "\(state)/originals", key: $0, log: configuration.audit.origin,
                        synchronizes: isOnDisk)
                }, evidenceClosed: { keeper.closed($0) }, logger: logger),
            rules: rules)
        reloader = PolicyReloader(loader: loader, sessions: sessions, recorder: recorder, logger: logger)

        let index = try AuditIndex.kept(at: configuration.indexPath) {
            logger.warning("the index of the audit log is made anew", metadata: ["because": "\($0)"])
        }
        let sessions = sessions
        let adapters = try registry.declarations.compactMap { declaration in
            try registry.adapter(ofKind: declaration.kind)?.init(
                AdapterEnvironment(
                    listeners: configuration.listeners.filter { $0.kind == declaration.kind }.map(\.section),
                    targets: configuration.targets.filter { $0.kind == declaration.kind }, sessions: sessions,
                    baseDirectory: configuration.baseDirectory, scratchDirectory: state, eventLoops: eventLoops,
                    consoleURL: configuration.console.url, logger: logger))
        }
        let witnessing = try configuration.audit.witnessing.map {
            try Witnessing(
                $0, log: auditLog, directory: "\(state)/audit", client: IssuerClients.usual, logger: logger)
        }
        let timestamping = try configuration.audit.timestamping.map { settings in
            Timestamping(
                settings, directory: configuration.auditDirectory,
                client: try settings.authorities.map { try CommandHTTP.client(authorities: $0) } ?? IssuerClients.usual,
                logger: logger
            ) { witnessing.map(\.witnessed) ?? auditLog.checkpoint() }
        }
        let stamping: [any Service] = timestamping.map { [$0] } ?? []
        let sinks = try SinkServices(configuration, logger: logger)
        let console = try Console(
            Self.consoleOptions(configuration, clients: issuerClients),
            backend: GatewayConsole(
                sessions: sessions, authenticator: authenticator, approvals: approvals, auditLog: auditLog,
                witnessing: witnessing, sinks: sinks, index: SessionIndex(index),
                reloader: reloader,
                evidence: GatewayRetention(
                    keeper: keeper, state: state, redactor: redactor,
                    sessions: LoggedSessions(log: auditReader, index: index)),
                stateDirectory: state,
                signInFailures: ConsoleSignInFailures { try auditLog.append($0) }),
            logger: logger)

        if recovery.treeSizeAfter == 0 { try auditLog.append(auditLog.keyCreation()) }
        try auditLog.append(
            ControlEntry.start(
                version: Self.version, inForce: inForce, recovery: recovery.isClean ? nil : "\(recovery)",
                auditorKey: configuration.audit.auditorKey?.id, at: .now
            ).bytes)
        try recorder.recordStart(after: recovery.treeSizeAfter, key: pseudonymKey)
        // Started in this order and stopped in the reverse: the log outlives everything that writes to it.
        services =
            [
                auditLog,
                RetentionService(
                    keeper: keeper, interval: configuration.retention?.interval ?? .seconds(3600), reader: auditReader,
                    logger: logger),
            ] + [SessionIndexer(index: index, reader: AuditReader(directory: "\(state)/audit"), logger: logger)]
            + (sinks.followers as [any Service]) + [approvals, IdentityWarmUp(authenticator: authenticator), reloader]
            + (webhook.map { [$0] } ?? []) + (witnessing.map { [$0] } ?? []) + stamping + [console] + adapters
    }

    private static func consoleOptions(_ configuration: GatewayConfiguration, clients: IssuerClients) -> ConsoleOptions
    {
        let address = configuration.console.address
        var options = ConsoleOptions(host: address.host, port: address.port)
        options.url = configuration.console.url
        options.tls = configuration.console.tls
        options.isBehindTLSProxy = !address.isLoopback && options.tls == nil
        options.issuers = configuration.issuers.compactMap { issuer in
            issuer.clientID.map { clientID in
                let client = clients.client(for: issuer)
                return ConsoleOptions.Issuer(
                    name: issuer.issuer, issuer: issuer.issuer, clientID: clientID,
                    clientSecret: issuer.clientSecret.map { secret in { @Sendable in secret } }, scopes: issuer.scopes,
                    fetcher: HTTPDocumentFetcher(client: client), client: client)
            }
        }
        return options
    }

    /// Serves until SIGTERM or SIGINT, then drains.
    func run() async throws {
        if !recovery.isClean { logger.warning("the audit log was repaired", metadata: ["found": "\(recovery)"]) }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        do {
            try await group.run()
        } catch {
            try? await end(reason: "failed: \(error)")
            throw error
        }
        try await end(reason: "asked to stop")
    }

    private func end(reason: String) async throws {
        let log = auditLog
        // Journals that are taken in together stand in the order of their names; the end comes after all of them.
        _ = try? await NIOThreadPool.singleton.runIfActive { try log.integrateNow() }
        try? auditLog.append(ControlEntry.stop(reason: reason, at: .now).bytes)
        _ = try? await NIOThreadPool.singleton.runIfActive { try log.integrateNow() }
    }
}

/// Fetches the issuers' keys ahead of the first caller; an issuer that is down does not hinder the start.
private struct IdentityWarmUp: Service {
    let authenticator: Authenticator

    func run() async throws {
        await authenticator.warmUp()
        try await gracefulShutdown()
    }
}
