import NIOCore

/// The database's side of a session: tells the relay what arrives.
final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let relay: Relay
    private let peer: ChannelPeer
    private var failure: (any Error)?

    init(relay: Relay, peer: ChannelPeer) {
        self.relay = relay
        self.peer = peer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        relay.receiveFromUpstream(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) { relay.regulate() }

    func channelWritabilityChanged(context: ChannelHandlerContext) { relay.regulate() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { relay.upstreamClosed(failure) }
}
