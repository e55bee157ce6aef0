import ConfigFile
import GatewayCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// The SSH adapter: callers reach hosts through it with `ssh`, `scp`, `sftp`, `rsync`, `git` and whatever builds on them.
///
/// - Both sides speak the gateway's own SSH (`Transport/`, `Authentication/`, `Connection/`): state machines without
///   I/O, over the cryptography of swift-crypto.
/// - Callers sign in with a registered key, a certificate, a token or in a browser (`Listener/`); the gateway signs in
///   to the host with the host's credential (`Host/`).
/// - A command line is read as the shell reads it (`Shell/`), SFTP packet by packet (`SFTP/`); each command is judged
///   and recorded before the host hears of it, and its output is masked (`Channels/`).
public final class SSHExecAdapter: ProtocolAdapter {
    public static let declaration = AdapterDeclaration(
        kind: "ssh", summary: "SSH: commands, shells, files and forwarded connections.",
        listenerKeys: ListenerKeys.keys, targetKeys: TargetKeys.keys, actions: SSHDeclarations.actions,
        resourceTypes: SSHDeclarations.resourceTypes, facts: SSHDeclarations.facts)

    private let environment: AdapterEnvironment
    private let listeners: [ListenerPlan]
    private let targets: [SSHTarget]
    private let bound = Mutex<[SocketAddress]>([])

    public init(_ environment: AdapterEnvironment) throws {
        self.environment = environment
        listeners = try environment.listeners.map {
            try ListenerKeys.read($0, baseDirectory: environment.baseDirectory)
        }
        targets = try environment.targets.map { try TargetKeys.read($0, baseDirectory: environment.baseDirectory) }
    }

    public static func examine(_ listeners: [ConfigSection], baseDirectory: String) -> [AdapterFinding] {
        listeners.flatMap { section -> [AdapterFinding] in
            guard let plan = try? ListenerKeys.read(section, baseDirectory: baseDirectory) else { return [] }
            return GatewayHostKeys.examine(plan.hostKeyFolder)
        }
    }

    /// Where it listens, once it does.
    public var addresses: [SocketAddress] { bound.withLock { $0 } }

    /// Serves until shutdown is asked for; then takes no new connections, lets what runs end, and returns.
    public func run() async throws {
        guard !listeners.isEmpty else {
            try? await gracefulShutdown()
            return
        }
        let services = SSHServices(targets: targets)
        let loops = try await LoopTable(
            environment.eventLoops, sessions: environment.sessions, logger: environment.logger)
        var channels: [any Channel] = []
        do {
            for plan in listeners {
                let hostKeys = try GatewayHostKeys.load(from: plan.hostKeyFolder)
                let channel = try await SSHListener(plan, hostKeys.map(\.key), services, loops).bind(
                    environment.eventLoops)
                channels.append(channel)
                if let address = channel.localAddress { bound.withLock { $0.append(address) } }
                environment.logger.notice(
                    "SSH listens",
                    metadata: [
                        "address": "\(plan.address)",
                        "host_keys": "\(hostKeys.map(\.fingerprint).joined(separator: " "))",
                    ])
            }
            try? await gracefulShutdown()
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        for channel in channels { try? await channel.close() }
        // Draining must also end when the task that runs this is cancelled, so it runs on its own.
        let limit = listeners.map(\.options.drainTimeout).max() ?? .zero
        await Task { await Self.drain(loops, within: limit) }.value
    }

    private static func drain(_ loops: LoopTable, within limit: Duration) async {
        let clock = ContinuousClock()
        let end = clock.now + limit
        func open(_ body: @escaping @Sendable (SSHLoop) -> Void) async -> Int {
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
        try? await clock.sleep(for: .milliseconds(600))
    }
}
