import ConfigFile
import GatewayCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The PostgreSQL adapter: callers reach databases through it with any client.
///
/// - Whoever connects is signed in before anything else is said (`SignIn/`, `Listener/`).
/// - Statements are read with PostgreSQL's own parser (`Understanding/`), judged with their parameters and recorded
///   before they are sent (`Relay/`).
/// - libpq dials and signs in (`Upstream/`); rows are relayed without being looked into, except where a masking rule
///   applies (`Masking/`, by what the database's own catalog says of their columns: `Catalog/`) or they are recorded.
public final class PostgresWireAdapter: ProtocolAdapter {
    public static let declaration = AdapterDeclaration(
        kind: "postgres", summary: "PostgreSQL: any client, every statement.",
        listenerKeys: ListenerKeys.keys, targetKeys: TargetKeys.keys, actions: SQLDeclarations.actions,
        resourceTypes: SQLDeclarations.resourceTypes, facts: SQLDeclarations.facts)

    private let environment: AdapterEnvironment
    private let listeners: [ListenerPlan]
    private let targets: [PostgresTarget]
    private let bound = Mutex<[SocketAddress]>([])

    public init(_ environment: AdapterEnvironment) throws {
        self.environment = environment
        listeners = try environment.listeners.map {
            try ListenerKeys.read($0, baseDirectory: environment.baseDirectory)
        }
        targets = try environment.targets.map { try TargetKeys.read($0, baseDirectory: environment.baseDirectory) }
    }

    /// Where it listens, once it does.
    public var addresses: [SocketAddress] { bound.withLock { $0 } }

    /// Serves until shutdown is asked for; then takes no new sessions, lets open transactions end, and returns.
    public func run() async throws {
        guard !listeners.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        let dialer = UpstreamDialer(threads: 8)
        let services = PostgresServices(
            targets: targets, dialer: dialer,
            oauthMetadata: OAuthBearer.Metadata(
                issuer: environment.sessions.issuers.first ?? "", scope: "openid email groups"))
        let loops = try await LoopTable(
            environment.eventLoops, sessions: environment.sessions, targets: targets,
            spools: SpoolSpace(
                directory: environment.scratchDirectory, limit: listeners.map(\.options.spooledLimit).max() ?? 0),
            logger: environment.logger)
        var channels: [any Channel] = []
        do {
            for plan in listeners {
                let channel = try await PostgresListener(plan, services, loops).bind(environment.eventLoops)
                channels.append(channel)
                if let address = channel.localAddress { bound.withLock { $0.append(address) } }
                environment.logger.notice(
                    "PostgreSQL listens", metadata: ["address": "\(plan.address)", "tls": "\(plan.tls != nil)"])
            }
            try? await gracefulShutdown()
        } catch {
            for channel in channels { try? await channel.close() }
            try? await dialer.shutDown()
            throw error
        }
        for channel in channels { try? await channel.close() }
        // Draining must also end when the task that runs this is cancelled, so it runs on its own.
        let limit = listeners.map(\.options.drainTimeout).max() ?? .zero
        await Task { await Self.drain(loops, within: limit) }.value
        try? await dialer.shutDown()
    }

    private static func drain(_ loops: LoopTable, within limit: Duration) async {
        let clock = ContinuousClock()
        let end = clock.now + limit
        func open(_ body: @escaping @Sendable (PostgresLoop) -> Void) async -> Int {
            (try? await loops.sum { loop in
                body(loop)
                return loop.connectionCount
            }) ?? 0
        }
        var remaining = await open { $0.drain() }
        while remaining > 0, clock.now < end {
            try? await clock.sleep(for: .milliseconds(50))
            remaining = await open { _ in }
        }
        guard remaining > 0 else { return }
        _ = await open { $0.closeAll() }
        // The goodbye still has to leave.
        try? await clock.sleep(for: .milliseconds(200))
    }
}
