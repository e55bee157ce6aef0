import ConfigFile
import GatewayCore
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// The HTTP adapter: callers reach functions through it with any HTTP client.
///
/// - A request is signed in, read whole, understood, decided and recorded before a byte of it leaves (`Exchange/`).
/// - What two receivers could read differently is refused (`HTTP1/`, `Listener/`).
/// - A request leaves by giving a permit away, and in no other way (`Upstream/`).
/// - An answer reaches a caller as `MaskedBytes`, and in no other form.
public final class HTTPFunctionsAdapter: ProtocolAdapter {
    public static let declaration = AdapterDeclaration(
        kind: "http",
        summary: "HTTP functions: plain, JSON-RPC, MCP, OpenAI-style function calls and CloudEvents.",
        listenerKeys: ListenerKeys.keys, targetKeys: TargetKeys.keys(CallReader.self, CredentialFactory.self),
        actions: CallReader.actions, resourceTypes: CallReader.resourceTypes, facts: CallReader.facts)

    private let environment: AdapterEnvironment
    private let listeners: [Listener]
    private let routes: RouteTable
    private let bound = Mutex<[SocketAddress]>([])

    public init(_ environment: AdapterEnvironment) throws {
        self.environment = environment
        listeners = try environment.listeners.map {
            try ListenerKeys.read($0, baseDirectory: environment.baseDirectory)
        }
        var targets: [FunctionTarget] = []
        var places: [String: String] = [:]
        for (index, target) in environment.targets.enumerated() {
            let function = try TargetKeys.read(
                target, index: index, baseDirectory: environment.baseDirectory, eventLoops: environment.eventLoops,
                reader: CallReader.self, factory: CredentialFactory.self)
            let place = "\(function.host ?? "") \(function.prefix)"
            if let taken = places.updateValue(target.name, forKey: place) {
                throw target.section.error(
                    nil, "the targets \"\(taken)\" and \"\(target.name)\" have the same host and prefix")
            }
            targets.append(function)
        }
        routes = RouteTable(targets)
    }

    /// Where it listens, once it does.
    public var addresses: [SocketAddress] { bound.withLock { $0 } }

    /// Serves until shutdown is asked for; then takes no new requests, lets those in flight end, and returns.
    public func run() async throws {
        let loops = try await LoopTable(
            environment.eventLoops, sessions: environment.sessions, routes: routes, logger: environment.logger)
        var channels: [any Channel] = []
        do {
            for listener in listeners {
                let channel = try await listener.bind(environment.eventLoops, loops)
                channels.append(channel)
                if let address = channel.localAddress { bound.withLock { $0.append(address) } }
                environment.logger.notice(
                    "HTTP listens", metadata: ["address": "\(listener.address)", "tls": "\(listener.isSecure)"])
            }
            try? await gracefulShutdown()
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        for channel in channels { try? await channel.close() }
        // Draining must also end when the task that runs this is cancelled, so it runs on its own.
        let limit = listeners.map(\.drainTimeout).max() ?? .zero
        await Task { await Self.drain(loops, within: limit) }.value
    }

    private static func drain(_ loops: LoopTable, within limit: Duration) async {
        let clock = ContinuousClock()
        let end = clock.now + limit
        func open(_ body: @escaping @Sendable (LoopServices) -> Void) async -> Int {
            (try? await loops.sum { services in
                body(services)
                return services.connectionCount
            }) ?? 0
        }
        var remaining = await open { $0.drain() }
        while remaining > 0, clock.now < end {
            try? await clock.sleep(for: .milliseconds(50))
            remaining = await open { _ in }
        }
        if remaining > 0 { _ = await open { $0.closeAll() } }
    }
}
