import AdapterTestKit
import NIOCore
import NIOPosix

/// A function over HTTP/1.1 that does what the kit's commands ask for. It reads requests by their `Content-Length` and
/// nothing else: what it is sent comes from the gateway, whose framing has its own suites.
final class ConformanceUpstream: Sendable {
    let port: Int
    private let server: any Channel
    private let connections: OpenChannels

    init(_ eventLoops: any EventLoopGroup, _ witness: UpstreamWitness) async throws {
        let connections = OpenChannels()
        self.connections = connections
        server = try await ServerBootstrap(group: eventLoops)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FunctionHandler(witness, connections))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = server.localAddress?.port ?? 0
    }

    func hangUp() async { await connections.hangUp() }

    func stop() async throws {
        try await server.close()
        await hangUp()
    }
}

private final class FunctionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let witness: UpstreamWitness
    private let connections: OpenChannels
    private var received = ""

    init(_ witness: UpstreamWitness, _ connections: OpenChannels) {
        self.witness = witness
        self.connections = connections
    }

    func channelActive(context: ChannelHandlerContext) { connections.add(context.channel) }
    func channelInactive(context: ChannelHandlerContext) { connections.remove(context.channel) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard let head = received.range(of: "\r\n\r\n") else { return }
        let lines = received[..<head.lowerBound].lowercased().split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("content-length:") }.flatMap {
            Int($0.dropFirst("content-length:".count).filter { $0 != " " })
        }
        guard received[head.upperBound...].utf8.count >= length ?? 0 else { return }
        let request = received
        received = ""
        guard let command = witness.received(request), command.kind != .unanswered else { return }
        answer(command, on: context)
    }

    private func answer(_ command: ScriptedCommand, on context: ChannelHandlerContext) {
        let secret =
            command.kind == .masked
            ? ",\"ssn\":\"\(command.regulated)\",\"note\":\"SSN \(command.regulated) is on file\"" : ""
        let body = "{\"said\":\"\(command.marker)\"\(secret)}"
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        write(ByteBuffer(string: head + body), by: command.pieceBytes, to: context.channel)
    }

    /// The next piece once this one is out, each in a turn of the loop of its own, so that they arrive in pieces.
    private func write(_ bytes: ByteBuffer, by size: Int, to channel: any Channel) {
        var rest = bytes
        guard let piece = rest.readSlice(length: min(size, rest.readableBytes)), piece.readableBytes > 0 else { return }
        let left = rest
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        channel.writeAndFlush(piece).whenSuccess {
            channel.eventLoop.execute { bound.value.write(left, by: size, to: channel) }
        }
    }
}
