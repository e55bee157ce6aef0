import Foundation
import Identifiers
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Synchronization

/// Sends lines as syslog messages over TLS (RFC 5424, RFC 5425) on one connection that stays open.
///
/// The protocol has no acknowledgement. A batch counts as taken when the connection has lived for a while after the
/// kernel took all of it; when the connection ends before, the whole batch is sent again on the next one.
public final class SyslogTransport: LineTransport {
    public struct Options: Sendable {
        public var host: String
        public var port: Int
        /// With `trustRoots`, and certificate and key where the receiver wants to know the sender.
        public var tls: TLSConfiguration
        /// The name that the receiver's certificate must have; the host without one.
        public var serverName: String?
        /// One of ``facilityNames``.
        public var facility: String
        public var application: String
        /// The gateway's.
        public var version: String
        /// How long a receiver may take to take a batch.
        public var patience = Duration.seconds(60)
        /// How long a connection must live after a batch.
        public var settling = Duration.seconds(1)

        public init(
            host: String, port: Int, tls: TLSConfiguration, serverName: String? = nil, facility: String = "audit",
            application: String = "sallyport", version: String
        ) {
            self.host = host
            self.port = port
            self.tls = tls
            self.serverName = serverName
            self.facility = facility
            self.application = application
            self.version = version
        }
    }

    public static let facilityNames = SyslogMessage.facilities.keys.sorted()

    private let options: Options
    private let context: NIOSSLContext
    private let origin: SyslogMessage.Origin
    private let connection = Mutex<(any Channel)?>(nil)

    /// - Throws: `NIOSSLError` when certificate and key do not go together.
    public init(_ options: Options) throws {
        self.options = options
        context = try NIOSSLContext(configuration: options.tls)
        origin = SyslogMessage.Origin(
            facility: SyslogMessage.facilities[options.facility] ?? 13, host: ProcessInfo.processInfo.hostName,
            application: options.application, process: ProcessInfo.processInfo.processIdentifier,
            version: options.version)
    }

    public var type: String { "syslog" }

    public func send(_ batch: LineBatch) async throws {
        let channel = try await connected()
        var bytes = channel.allocator.buffer(capacity: batch.lines.reduce(0) { $0 + $1.bytes.count + 256 })
        for line in batch.lines { bytes.writeBytes(SyslogMessage.frame(SyslogMessage.bytes(of: line, from: origin))) }
        do {
            let written = bytes
            try await within(options.patience) {
                // A receiver that reads nothing more is found out by time alone.
                try await withTaskCancellationHandler {
                    try await channel.writeAndFlush(written)
                } onCancel: {
                    channel.close(promise: nil)
                }
            }
            try await settle(channel)
        } catch {
            try? await channel.close()
            connection.withLock { $0 = nil }
            if error is CancellationError { throw error }
            throw SinkError.unreachable(
                "\(options.host):\(options.port) ended the connection: \(error); the batch is sent again")
        }
    }

    private func settle(_ channel: any Channel) async throws {
        let deadline = ContinuousClock.now + options.settling
        while ContinuousClock.now < deadline {
            guard channel.isActive else { throw ChannelError.eof }
            try await Task.sleep(for: .milliseconds(50))
        }
        guard channel.isActive else { throw ChannelError.eof }
    }

    private func connected() async throws -> any Channel {
        if let channel = connection.withLock({ $0 }), channel.isActive { return channel }
        let name = options.serverName ?? options.host
        // An address is held against the certificate's addresses, without a server name (RFC 6066 section 3).
        let isAddress = (try? SocketAddress(ipAddress: name, port: 0)) != nil
        let (context, handshake) = (context, MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self))
        do {
            let channel = try await ClientBootstrap(group: handshake.futureResult.eventLoop)
                .connectTimeout(.seconds(10))
                .channelOption(.socketOption(.so_keepalive), value: 1)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers([
                            NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : name),
                            HandshakeWatch(handshake),
                        ])
                    }
                }.connect(host: options.host, port: options.port).get()
            let timeout = channel.eventLoop.scheduleTask(in: .seconds(10)) {
                handshake.fail(SinkError.unreachable("no TLS handshake within 10 s"))
            }
            do {
                try await handshake.futureResult.get()
                timeout.cancel()
            } catch {
                timeout.cancel()
                try? await channel.close()
                throw error
            }
            connection.withLock { $0 = channel }
            return channel
        } catch {
            handshake.fail(error)
            throw SinkError.unreachable("\(options.host):\(options.port) cannot be reached over TLS: \(error)")
        }
    }
}

/// Tells when TLS is there, reads away what a receiver says, and closes with it.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let handshake: EventLoopPromise<Void>

    init(_ handshake: EventLoopPromise<Void>) { self.handshake = handshake }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { handshake.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func channelInactive(context: ChannelHandlerContext) {
        handshake.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        handshake.fail(error)
        context.close(promise: nil)
    }
}
