import NIOCore
import NIOPosix

// A relay that knows nothing: what SwiftNIO costs a statement when bytes are only passed on, so that it can be told what
// the gateway adds.
//
// usage: relay-benchmark PORT UPSTREAM_PORT

/// Passes on what one of two connections sends.
final class Passing: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { other.write(unwrapInboundIn(data), promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) { other.flush() }
    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        try? other.syncOptions?.setOption(.autoRead, value: context.channel.isWritable)
    }
}

let ports = CommandLine.arguments.dropFirst().compactMap { Int($0) }
guard ports.count == 2 else { fatalError("usage: relay-benchmark PORT UPSTREAM_PORT") }
let group = MultiThreadedEventLoopGroup.singleton

let listener = try await ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 1024)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.autoRead, value: false)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { client in
        ClientBootstrap(group: client.eventLoop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: ports[1])
            .flatMapThrowing { upstream in
                try client.pipeline.syncOperations.addHandler(Passing(to: upstream))
                try upstream.pipeline.syncOperations.addHandler(Passing(to: client))
                try client.syncOptions?.setOption(.autoRead, value: true)
                try upstream.syncOptions?.setOption(.autoRead, value: true)
            }
    }
    .bind(host: "127.0.0.1", port: ports[0]).get()
try await listener.closeFuture.get()
