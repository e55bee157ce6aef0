import NIOCore
import NIOSSL
import NIOTLS

/// One connection to a function: writes a request, parses the answer, and goes back to its pool.
final class UpstreamConnection: ChannelDuplexHandler, Sweepable {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum State {
        case connecting
        case idle
        case head(UpstreamCall)
        case body(UpstreamCall, BodyDecoder, keepsAlive: Bool)
        case closed
    }

    private let pool: UpstreamPool
    private let isTLS: Bool
    private var state = State.connecting
    private var parser = ResponseParser()
    private var buffer = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var deadline: NIODeadline?
    private var error: (any Error)?
    /// When the pool began to connect; `nil` while this channel is but one of those that are tried for one connection,
    /// to each address of a name: all but one are let go, and the pool counts one.
    private var begun: NIODeadline?
    private var isHandshakeDone = false
    private var isPaused = false
    private var readWaits = false
    /// Whether it has carried a whole exchange before: its peer may have closed it since.
    private(set) var isReused = false

    init(pool: UpstreamPool, isTLS: Bool) {
        self.pool = pool
        self.isTLS = isTLS
    }

    // MARK: For the pool and the call

    var isUsable: Bool {
        guard case .idle = state, let context else { return false }
        return context.channel.isActive
    }

    /// This is the channel that the pool's attempt came to.
    func choose(begun: NIODeadline) {
        self.begun = begun
        guard case .connecting = state else { return pool.failedToConnect(.connect("closed"), begun: begun) }
        if isTLS ? isHandshakeDone : context?.channel.isActive == true { becomeReady() }
    }

    func start(_ call: UpstreamCall) {
        guard let context else { return }
        state = .head(call)
        call.connection = self
        call.isSent = true
        deadline = .now() + pool.options.responseTimeout
        let request = call.request
        // A small body travels in the head's own packet.
        if request.body.readableBytes == 0 {
            context.writeAndFlush(wrapOutboundOut(request.head), promise: nil)
        } else if request.body.readableBytes <= 16_384 {
            var whole = request.head
            whole.writeImmutableBuffer(request.body)
            context.writeAndFlush(wrapOutboundOut(whole), promise: nil)
        } else {
            context.write(wrapOutboundOut(request.head), promise: nil)
            context.writeAndFlush(wrapOutboundOut(request.body), promise: nil)
        }
    }

    /// The call is of no interest any more; what it left on the connection cannot be told from the next answer.
    func giveUp(_ call: UpstreamCall) {
        switch state {
        case .head(let current) where current === call: close()
        case .body(let current, _, _) where current === call: close()
        default: break
        }
    }

    func close() {
        guard let context else { return }
        context.close(promise: nil)
    }

    func pauseReading() { isPaused = true }

    func resumeReading() {
        isPaused = false
        guard readWaits else { return }
        readWaits = false
        context?.read()
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        pool.sweeper.add(self)
        deadline = .now() + pool.options.connectTimeout + pool.options.connectTimeout
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        pool.sweeper.remove(self)
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isTLS { becomeReady() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { becomeTrusted(context) }
        context.fireUserInboundEventTriggered(event)
    }

    /// The chain is verified; nothing was sent yet. Without a name the library has checked the peer's address against
    /// the certificate's.
    private func becomeTrusted(_ context: ChannelHandlerContext) {
        do throws(UpstreamFailure) {
            if let name = pool.options.serverName {
                let certificate = try? context.pipeline.syncOperations.nioSSL_peerCertificate()
                try CertificateName.check(certificate, for: name)
            }
            isHandshakeDone = true
            becomeReady()
        } catch {
            fail(error)
        }
    }

    private func becomeReady() {
        guard case .connecting = state, begun != nil else { return }
        becomeIdle()
        pool.connected(self)
    }

    private func becomeIdle() {
        state = .idle
        deadline = .now() + pool.options.idleTimeout
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { readWaits = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        if buffer.readableBytes == 0 { buffer = incoming } else { buffer.writeBuffer(&incoming) }
        parse()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch state {
        case .head(let call), .body(let call, _, _): call.receiver?.receivePause()
        default: break
        }
    }

    private func parse() {
        do throws(MessageError) {
            while true {
                switch state {
                case .connecting, .closed: return
                case .idle:
                    // Bytes that nobody asked for: a late answer, or an attempt to answer the next call.
                    if buffer.readableBytes > 0 { close() }
                    return
                case .head(let call):
                    guard let head = try parser.next(&buffer, toMethod: call.request.method) else { return }
                    deadline = .now() + pool.options.stallTimeout
                    state = .body(call, BodyDecoder(head.framing), keepsAlive: head.keepsAlive)
                    call.receiver?.receive(head)
                case .body(let call, var decoder, let keepsAlive):
                    let event = try decoder.next(&buffer)
                    // The receiver may have given the call up meanwhile, so the state is set before it hears.
                    state = .body(call, decoder, keepsAlive: keepsAlive)
                    switch event {
                    case .needsMore: return
                    case .data(let chunk):
                        deadline = .now() + pool.options.stallTimeout
                        call.receiver?.receiveBody(chunk)
                    case .end: finish(call, keepsAlive: keepsAlive)
                    }
                }
            }
        } catch {
            fail(.malformed(error))
        }
    }

    private func finish(_ call: UpstreamCall, keepsAlive: Bool) {
        call.connection = nil
        isReused = true
        // Bytes beyond the answer's end mean that function and gateway disagree on where that is.
        let isClean = keepsAlive && buffer.readableBytes == 0 && context?.channel.isActive == true
        if isClean { becomeIdle() } else { state = .closed }
        let receiver = call.takeReceiver()
        receiver?.receiveEnd()
        if isClean {
            resumeReading()
            pool.release(self)
        } else {
            close()
        }
    }

    private func fail(_ failure: UpstreamFailure) {
        let ended = state
        state = .closed
        switch ended {
        case .connecting:
            if let begun { pool.failedToConnect(failure, begun: begun) }
        case .head(let call):
            call.connection = nil
            pool.failed(call, failure, wasReused: isReused)
        case .body(let call, _, _):
            call.connection = nil
            call.takeReceiver()?.receiveFailure(failure)
        case .idle, .closed: break
        }
        close()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An unclean TLS end matters only where the end of the body is the end of the connection: it may be cut.
        if case .uncleanShutdown? = error as? NIOSSLError {
            if case .body(_, let decoder, _) = state, !decoder.isDone { fail(.closed) }
        } else {
            self.error = error
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch state {
        case .connecting:
            fail(
                isTLS ? .tls(error.map { "\($0)" } ?? "the connection was closed in the handshake") : .connect("closed")
            )
        case .head: fail(.closed)
        case .body(let call, var decoder, _):
            do throws(MessageError) {
                try decoder.close()
                if error == nil { finish(call, keepsAlive: false) } else { fail(.closed) }
            } catch {
                fail(.closed)
            }
        case .idle, .closed: break
        }
        state = .closed
        pool.remove(self)
        context.fireChannelInactive()
    }

    func sweep(at now: NIODeadline) {
        guard let deadline, deadline < now else { return }
        switch state {
        case .idle: close()
        case .head: fail(.headTimeout)
        case .body where isPaused: self.deadline = now + pool.options.stallTimeout
        case .body: fail(.bodyTimeout)
        case .connecting: fail(isTLS ? .tls("the handshake took too long") : .connect("no connection in time"))
        case .closed: break
        }
    }
}
