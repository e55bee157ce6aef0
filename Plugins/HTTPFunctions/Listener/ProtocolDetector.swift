import NIOCore

/// Tells HTTP/1.1 from HTTP/2 with prior knowledge on a plain port, by the first bytes (RFC 9113 section 3.4).
final class ProtocolDetector: ChannelInboundHandler, RemovableChannelHandler, Sweepable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Detected {
        case http1
        case http2
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let services: LoopServices
    private let configure: (Detected, any Channel) throws -> Void
    private var buffer = ByteBuffer()
    private var deadline: NIODeadline
    private var context: ChannelHandlerContext?

    /// - Parameter configure: Adds the handlers of the protocol behind this one.
    init(
        services: LoopServices, idleTimeout: TimeAmount, configure: @escaping (Detected, any Channel) throws -> Void
    ) {
        self.services = services
        self.configure = configure
        deadline = .now() + idleTimeout
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        services.sweeper.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        services.sweeper.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        buffer.writeBuffer(&incoming)
        guard let detected = detect() else { return }
        do {
            try configure(detected, context.channel)
        } catch {
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(wrapInboundOut(buffer))
        context.fireChannelReadComplete()
        buffer = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// `nil` while the bytes are the start of the preface only.
    private func detect() -> Detected? {
        let bytes = buffer.readableBytesView
        guard zip(bytes, Self.preface).allSatisfy(==) else { return .http1 }
        return bytes.count >= Self.preface.count ? .http2 : nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func sweep(at now: NIODeadline) {
        if deadline < now { context?.close(promise: nil) }
    }
}
