import NIOCore

/// What happens on a connection, for whoever it belongs to.
protocol SSHPeerDelegate: AnyObject {
    /// The first keys are in use; a client looks at the host's key now.
    func peer(_ peer: SSHPeer, exchangedKeys hostKey: OfferedHostKey?)
    /// A message of signing in, or one that must not come before it is over.
    func peer(_ peer: SSHPeer, received message: ByteBuffer)
    func peer(_ peer: SSHPeer, received event: SSHConnection.Event)
    /// What was written is on its way: more may be sent.
    func peerBecameWritable(_ peer: SSHPeer)
    /// Once, whatever the cause.
    func peer(_ peer: SSHPeer, ended reason: String)
}

/// One side of the gateway: the transport and the channels of a connection, on its event loop.
final class SSHPeer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// What is written is given up when the other side takes nothing for this long after the end.
    private static let farewell = TimeAmount.seconds(5)

    let channel: any Channel
    private(set) var transport: SSHTransport
    var connection = SSHConnection()
    weak var delegate: (any SSHPeerDelegate)?
    /// Whether channels may be spoken of.
    var isAuthenticated = false
    /// When the other side last sent something.
    private(set) var lastHeard = NIODeadline.now()
    private let writeTimeout: TimeAmount
    private var stalled: Scheduled<Void>?
    private var isFlushScheduled = false
    private var isReading = true
    private var isClosing = false
    private var hasEnded = false
    /// Whoever pauses it has to let it go on; meanwhile nothing is taken out of what has come.
    private var isPaused = false

    init(_ channel: any Channel, _ transport: SSHTransport, writeTimeout: TimeAmount) {
        self.channel = channel
        self.transport = transport
        self.writeTimeout = writeTimeout
    }

    var eventLoop: any EventLoop { channel.eventLoop }
    var isWritable: Bool { channel.isWritable && !transport.isExchangingKeys }
    var isEnded: Bool { hasEnded || isClosing }

    // MARK: The channel

    func channelActive(context: ChannelHandlerContext) {
        flush()
        context.fireChannelActive()
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { flush() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastHeard = .now()
        transport.append(unwrapInboundIn(data))
        process()
    }

    func channelReadComplete(context: ChannelHandlerContext) { flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if channel.isWritable {
            stalled?.cancel()
            stalled = nil
            delegate?.peerBecameWritable(self)
        } else if stalled == nil {
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            stalled = eventLoop.scheduleTask(in: writeTimeout) {
                bound.value.end("the other side takes nothing any more")
                bound.value.channel.close(mode: .all, promise: nil)
            }
        }
        regulate()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        stalled?.cancel()
        end("the connection was closed")
    }

    /// Whoever does not read what is written is not read from either: its requests would pile up answers.
    private func regulate() {
        let wants = channel.isWritable && !isPaused
        guard wants != isReading, !isClosing else { return }
        isReading = wants
        try? channel.syncOptions?.setOption(.autoRead, value: wants)
    }

    /// Stops taking messages, e.g. while a token is verified.
    func pause() {
        isPaused = true
        regulate()
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        regulate()
        process()
        flush()
    }

    private func process() {
        let wasExchangingKeys = transport.isExchangingKeys
        do throws(TransportError) {
            while !isPaused, !isEnded, let event = try transport.next() { try handle(event) }
        } catch {
            fail(error)
        }
        // What waited for new keys may go on.
        if wasExchangingKeys, isWritable, !isEnded { delegate?.peerBecameWritable(self) }
    }

    private func handle(_ event: SSHTransport.Event) throws(TransportError) {
        switch event {
        case .keysExchanged(let hostKey, _): delegate?.peer(self, exchangedKeys: hostKey)
        case .disconnected(_, let message):
            end(message.isEmpty ? "the other side disconnected" : "the other side disconnected: \(message)")
            channel.close(promise: nil)
        case .message(let message):
            let number = message.getInteger(at: message.readerIndex, as: UInt8.self) ?? 0
            guard isAuthenticated, number >= MessageNumber.firstOfConnectionProtocol else {
                delegate?.peer(self, received: message)
                return
            }
            if try !connection.receive(message) { try transport.sendUnimplemented() }
            while let event = connection.nextEvent() { delegate?.peer(self, received: event) }
        }
    }

    // MARK: Sending

    /// Sends a message that belongs to no channel.
    func send(_ message: ByteBuffer) {
        guard !isEnded else { return }
        do throws(TransportError) {
            try transport.send(message)
            setNeedsFlush()
        } catch {
            fail(error)
        }
    }

    func sendUnimplemented() {
        try? transport.sendUnimplemented()
        setNeedsFlush()
    }

    /// Writes soon, together with whatever else happens until then.
    func setNeedsFlush() {
        guard !isFlushScheduled, !hasEnded else { return }
        isFlushScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.flush() }
    }

    func flush() {
        isFlushScheduled = false
        guard !hasEnded || isClosing else { return }
        do throws(TransportError) {
            for message in connection.takeOutbound() { try transport.send(message) }
        } catch {
            return fail(error)
        }
        if let bytes = transport.takeOutbound() { channel.writeAndFlush(bytes, promise: nil) }
    }

    // MARK: Ending

    private func fail(_ error: TransportError) {
        disconnect(error.reason, error.message)
    }

    /// Says goodbye with a reason, and closes once it has left.
    func disconnect(_ reason: DisconnectReason, _ text: String) {
        guard !isClosing else { return }
        for message in connection.takeOutbound() { try? transport.send(message) }
        transport.disconnect(reason, text)
        if let bytes = transport.takeOutbound() { channel.write(bytes, promise: nil) }
        isClosing = true
        let channel = channel
        let impatience = eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
        channel.writeAndFlush(ByteBuffer()).whenComplete { _ in
            impatience.cancel()
            channel.close(promise: nil)
        }
        end(text)
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        stalled?.cancel()
        delegate?.peer(self, ended: reason)
    }
}
